using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;

namespace Waybill.EventStore.Streams;

/// <summary>
/// The parts of the stream provider whose queues are the log. There is no second write: it is read only.
/// </summary>
internal sealed class LogAdapter(IServiceProvider services) : IQueueAdapterFactory, IQueueAdapter, IQueueAdapterCache
{
    private readonly EventStreamOptions _options = services.GetRequiredService<EventStreamOptions>();
    private readonly EventStreams _streams = services.GetRequiredService<EventStreams>();
    private readonly TimeProvider _time = services.GetRequiredService<TimeProvider>();
    private readonly ILoggerFactory _loggers = services.GetRequiredService<ILoggerFactory>();
    private readonly ConcurrentDictionary<QueueId, LogCache> _caches = [];

    public string Name => EventStreams.Provider;

    // A saga gets events from several queues, whose tokens are in no order to each other; where a provider can go back,
    // Orleans takes the lower of two for one that was delivered. The way back is the store.
    public bool IsRewindable => false;

    public StreamProviderDirection Direction => StreamProviderDirection.ReadOnly;

    public Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(this);

    public IQueueAdapterCache GetQueueAdapterCache() => this;

    public IStreamQueueMapper GetStreamQueueMapper() => new LogQueues(_options.QueueCount);

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) =>
        Task.FromResult<IStreamFailureHandler>(
            new GivenUpHandler(_streams.GivenUpOf(Of(queueId)), _time, _loggers.CreateLogger<GivenUpHandler>()));

    // Orleans makes a queue's cache before its receiver.
    public IQueueCache CreateQueueCache(QueueId queueId) => _caches[queueId] =
        new LogCache(_options.CacheSize, _options.CacheBytesMax, _loggers.CreateLogger<LogCache>());

    public IQueueAdapterReceiver CreateReceiver(QueueId queueId)
    {
        var cache = _caches[queueId];
        var receiver = new LogReceiver(
            Of(queueId),
            services.GetRequiredService<IEventStore>(),
            services.GetRequiredService<ICheckpointStore>(),
            services.GetRequiredService<LogTail>(),
            _options,
            _time,
            _loggers.CreateLogger<LogReceiver>(),
            () => cache.Size == 0,
            _streams.Remove);
        _streams.Add(receiver);
        return receiver;
    }

    public Task QueueMessageBatchAsync<T>(
        StreamId streamId,
        IEnumerable<T> events,
        StreamSequenceToken? token,
        Dictionary<string, object>? requestContext) =>
        throw new NotSupportedException(
            $"The streams of '{Name}' carry what is in the log. Append to the event store instead of writing to them.");

    private LogQueue Of(QueueId queue) => new((int)queue.GetNumericId(), _options.QueueCount);
}
