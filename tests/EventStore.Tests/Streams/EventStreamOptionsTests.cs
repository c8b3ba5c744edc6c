using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Waybill.EventStore;
using Waybill.EventStore.Streams;

namespace Waybill.Tests.EventStore.Streams;

public sealed class EventStreamOptionsTests
{
    private static readonly EventStreamOptions Fit = new();

    public static TheoryData<EventStreamOptions> Unfit =>
    [
        Fit with { QueueCount = 0 },
        Fit with { QueueCount = Slot.Count + 1 },
        Fit with { ReadWait = TimeSpan.Zero },
        Fit with { PollPeriod = TimeSpan.Zero },
        Fit with { CheckpointPeriod = TimeSpan.FromTicks(-1) },
        Fit with { DeliveryLimit = TimeSpan.Zero },
        Fit with { RedeliveryDelay = TimeSpan.Zero },
        Fit with { CacheSize = 29 },
        Fit with { CacheBytesMax = 0 },
        Fit with { PageSize = 0 },
        Fit with { WindowMax = 0 },
        Fit with { WindowBytesMax = 0 },
    ];

    [Theory, MemberData(nameof(Unfit))]
    public void One_with_which_nothing_would_be_delivered_is_refused(EventStreamOptions options) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new Silo().AddEventStreams(options));

    private sealed class Silo : ISiloBuilder
    {
        public IServiceCollection Services { get; } = new ServiceCollection();

        public IConfiguration Configuration { get; } = new ConfigurationBuilder().Build();
    }
}
