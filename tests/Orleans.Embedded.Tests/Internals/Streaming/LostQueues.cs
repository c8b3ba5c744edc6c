using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Streams;
using Waybill.Tests.Streaming;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Streaming;

public sealed class LostQueues
{
    [Fact]
    public async Task A_memory_queue_that_begins_anew_repeats_no_place_even_if_the_clock_stands_still()
    {
        await using var cluster = Silos.Compose(1, silo =>
        {
            silo.Services.AddSingleton<TimeProvider>(new StandingClock());
            silo.AddMemoryGrainStorage("PubSubStore");
            silo.AddMemoryStreams("memory", stream => stream.ConfigurePartitioning(1));
        }).Build();
        await cluster.DeployAsync();
        var key = $"{Guid.NewGuid()}";
        var provider = cluster.GetSiloServiceProvider().GetRequiredKeyedService<IStreamProvider>("memory");
        var stream = provider.GetStream<string>("orders", key);
        await stream.OnNextAsync("a");
        await Inbox.Of(key).Has("a");

        await cluster.DeactivateAsync(cluster.Client.GetGrain<IMemoryStreamQueue>("memory/0"));
        await stream.OnNextAsync("b");
        await stream.OnNextAsync("c");

        (await Inbox.Of(key).Has("c")).ShouldBe(["a", "b", "c"]);
    }

    // Timers run, so that queues are read.
    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
