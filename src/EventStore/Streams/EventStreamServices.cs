using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Orleans.Runtime.Providers;
using Orleans.Streams;

namespace Waybill.EventStore.Streams;

/// <summary>Registers the streams of the log with a silo.</summary>
public static class EventStreamServices
{
    // How soon a queue is read again after a read that found nothing, or that Orleans put off to ask a new stream's
    // consumers first: this is part of the latency, while a read that waits costs nothing.
    private static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(10);

    // Every stream that had an event lately is remembered, and looked at with every read. A stream that comes back
    // costs its consumers one more question.
    private static readonly TimeSpan StreamInactivityPeriod = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Adds the stream provider <see cref="EventStreams.Provider"/>, and <see cref="EventStreams"/> to ask how it goes.
    /// It needs an <see cref="IEventStore"/> and an <see cref="ICheckpointStore"/> beside this. Consumers subscribe
    /// implicitly: a subscription that somebody has to make could come after its events.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static ISiloBuilder AddEventStreams(this ISiloBuilder silo, EventStreamOptions? options = null)
    {
        options = (options ?? new()).Checked();
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton(options);
        silo.Services.AddSingleton<LogTail>();
        silo.Services.AddSingleton(services => new EventStreams(services.GetRequiredService<IEventStore>()));
        return silo.AddPersistentStreams(EventStreams.Provider, (services, _) => new LogAdapter(services), stream =>
        {
            stream.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
            stream.ConfigurePullingAgent(agent => agent.Configure(pulling =>
            {
                pulling.GetQueueMsgsTimerPeriod = TickPeriod;
                pulling.StreamInactivityPeriod = StreamInactivityPeriod;
                pulling.MaxEventDeliveryTime = options.DeliveryLimit;
            }));
            stream.ConfigureBackoffProvider((_, _) => (IMessageDeliveryBackoffProvider)new Retry());
            stream.ConfigureBackoffProvider((_, _) => (IQueueReaderBackoffProvider)new Retry());
        });
    }
}
