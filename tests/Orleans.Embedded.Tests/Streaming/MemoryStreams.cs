using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Streaming;

/// <summary>Two silos with memory streams, and a client that has them too.</summary>
public sealed class MemoryStreamSilos : IAsyncLifetime
{
    public const string Provider = "memory";

    public InProcessTestCluster Cluster { get; } = Silos.Compose(2, silo =>
    {
        silo.AddMemoryGrainStorage("PubSubStore");
        silo.AddMemoryStreams(Provider, stream => stream.ConfigurePullingAgent(
            options => options.Configure(agent => agent.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(20))));
    }).ConfigureClient(client => client.AddMemoryStreams(Provider)).Build();

    public IClusterClient Client => Cluster.Client;

    public async ValueTask InitializeAsync() => await Cluster.DeployAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}

public sealed class MemoryStreams(MemoryStreamSilos silos) : IClassFixture<MemoryStreamSilos>
{
    private readonly string _key = $"{Guid.NewGuid()}";

    [Fact]
    public async Task A_client_publishes_and_a_grain_takes_it_in_order_and_in_its_request_context()
    {
        var stream = silos.Client.GetStreamProvider(MemoryStreamSilos.Provider).GetStream<string>("orders", _key);

        RequestContext.Set("who", "ann");
        for (var i = 0; i < 100; i++) await stream.OnNextAsync($"{i}");

        (await Inbox.Of(_key).Has("99")).ShouldBe(Enumerable.Range(0, 100).Select(i => $"{i}"));
        (await Inbox.Of($"{_key} who").Has(100)).ShouldAllBe(who => who == "ann");
    }

    [Fact]
    public async Task A_provider_that_does_not_exist_is_named()
    {
        Should.Throw<KeyNotFoundException>(() => silos.Client.GetStreamProvider("none")).Message.ShouldContain("none");
        await Should.ThrowAsync<KeyNotFoundException>(
            () => silos.Client.GetGrain<ISubscriber>(_key).Subscribe("none", _key));
    }

    [Fact]
    public async Task Streams_with_one_name_are_equal()
    {
        var provider = silos.Client.GetStreamProvider(MemoryStreamSilos.Provider);
        var stream = provider.GetStream<string>("orders", _key);

        stream.Equals(provider.GetStream<string>(StreamId.Create("orders", _key))).ShouldBeTrue();
        stream.Equals(provider.GetStream<string>("rides", _key)).ShouldBeFalse();
        stream.StreamId.GetNamespace().ShouldBe("orders");
        stream.StreamId.GetKeyAsString().ShouldBe(_key);
        stream.StreamId.ToString().ShouldBe($"orders/{_key}");
        stream.ProviderName.ShouldBe(MemoryStreamSilos.Provider);
        stream.IsRewindable.ShouldBeTrue();
        await Should.ThrowAsync<NotImplementedException>(() => stream.OnCompletedAsync());
    }

    [Fact]
    public async Task Publishing_fails_when_the_queue_is_full()
    {
        // Nothing is read on this day.
        await using var cluster = Silos.Compose(1, silo =>
        {
            silo.AddMemoryGrainStorage("PubSubStore");
            silo.AddMemoryStreams("full", stream =>
            {
                stream.ConfigurePartitioning(1);
                stream.ConfigurePullingAgent(
                    options => options.Configure(agent => agent.GetQueueMsgsTimerPeriod = TimeSpan.FromDays(40)));
            });
        }).Build();
        await cluster.DeployAsync();
        var provider = cluster.GetSiloServiceProvider().GetRequiredKeyedService<IStreamProvider>("full");
        var stream = provider.GetStream<string>("orders", _key);

        for (var i = 0; i < 16_384; i++) await stream.OnNextAsync("x");

        var failure = await Should.ThrowAsync<InvalidOperationException>(() => stream.OnNextAsync("x"));
        failure.Message.ShouldContain("16384");
    }

    [Fact]
    public async Task A_silo_does_not_start_without_a_store_for_the_subscriptions_of_its_grains()
    {
        await using var cluster = Silos.Compose(1, silo => silo.AddMemoryStreams("homeless")).Build();

        var failure = await Should.ThrowAsync<OrleansConfigurationException>(() => cluster.DeployAsync());
        failure.Message.ShouldContain("PubSubStore");
    }
}
