using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Streaming;

/// <summary>Grains and clients that subscribe by themselves, to memory streams.</summary>
public sealed class ExplicitSubscriptions(MemoryStreamSilos silos) : IClassFixture<MemoryStreamSilos>
{
    private readonly string _name = $"{Guid.NewGuid()}";

    private IAsyncStream<string> News =>
        silos.Client.GetStreamProvider(MemoryStreamSilos.Provider).GetStream<string>("news", _name);

    private ISubscriber Grain => silos.Client.GetGrain<ISubscriber>(_name);

    private Inbox Got => Inbox.Of(_name);

    private Inbox Witness => Inbox.Of($"{_name} witness");

    [Fact]
    public async Task A_client_gets_what_is_published_while_it_is_subscribed()
    {
        await Watch();
        var handle = await News.SubscribeAsync((item, _) => Got.Take(item));
        await News.OnNextAsync("a");
        await News.OnNextAsync("b");
        await Got.Has("b");
        await handle.UnsubscribeAsync();
        await Publish("c");
        await News.SubscribeAsync((item, _) => Got.Take(item));
        await Publish("d");

        (await Got.Has("d")).ShouldBe(["a", "b", "d"]);
    }

    [Fact]
    public async Task A_grain_gets_what_is_published_after_it_has_subscribed()
    {
        await Watch();
        await Publish("before");
        await Grain.Subscribe(MemoryStreamSilos.Provider, _name);
        await Publish("a");

        (await Got.Has("a")).ShouldBe(["a"]);
    }

    [Fact]
    public async Task Each_subscription_of_a_grain_gets_every_event()
    {
        await Watch();
        await Grain.Subscribe(MemoryStreamSilos.Provider, _name);
        await Grain.Subscribe(MemoryStreamSilos.Provider, _name);
        await Publish("a");
        await Got.Has(2);

        (await Grain.Handles(MemoryStreamSilos.Provider, _name)).ShouldBe(2);
        await Grain.UnsubscribeAll(MemoryStreamSilos.Provider, _name);
        (await Grain.Handles(MemoryStreamSilos.Provider, _name)).ShouldBe(0);
        await Publish("b");
        await Grain.Subscribe(MemoryStreamSilos.Provider, _name);
        await Publish("c");
        (await Got.Has("c")).ShouldBe(["a", "a", "c"]);
    }

    [Fact]
    public async Task Subscriptions_of_one_stream_do_not_wait_for_each_other()
    {
        var gate = new TaskCompletionSource();
        Got.Before = _ => gate.Task;
        await Grain.Subscribe(MemoryStreamSilos.Provider, _name);
        await Watch();

        for (var i = 0; i < 10; i++) await Publish($"{i}");
        Got.Items.ShouldBeEmpty();
        gate.SetResult();

        (await Got.Has("9")).ShouldBe(Enumerable.Range(0, 10).Select(i => $"{i}"));
    }

    [Fact]
    public async Task A_grain_that_does_not_resume_loses_events_and_one_that_does_goes_on()
    {
        await Grain.Subscribe(MemoryStreamSilos.Provider, _name);
        await Watch();
        await Publish("a");
        await Got.Has("a");
        await Grain.End();
        await silos.Cluster.WaitForDeactivationAsync(Grain);

        await Publish("lost");
        await Inbox.Of($"{_name} lives").Has(2);
        await Grain.ResumeWhenActivated(MemoryStreamSilos.Provider, _name);
        await Grain.End();
        await silos.Cluster.WaitForDeactivationAsync(Grain);
        await Publish("b");

        (await Got.Has("b")).ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task A_handle_is_spent_when_it_has_been_used()
    {
        var first = await News.SubscribeAsync((_, _) => Task.CompletedTask);
        var second = await first.ResumeAsync((item, _) => Got.Take(item));
        await News.OnNextAsync("a");
        await Got.Has("a");

        second.HandleId.ShouldBe(first.HandleId);
        await Should.ThrowAsync<InvalidOperationException>(() => first.UnsubscribeAsync());
        await second.UnsubscribeAsync();
        await Should.ThrowAsync<InvalidOperationException>(() => second.ResumeAsync((_, _) => Task.CompletedTask));
        (await News.GetAllSubscriptionHandles()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_provider_of_implicit_subscriptions_alone_refuses_explicit_ones()
    {
        var log = new Log();
        await using var cluster = await Start(log);

        await Should.ThrowAsync<ArgumentOutOfRangeException>(
            () => cluster.Client.GetGrain<ISubscriber>(_name).Subscribe(Log.Provider, _name));
    }

    [Fact]
    public async Task A_subscription_ends_with_an_event_that_is_given_up_if_the_provider_says_so()
    {
        var log = new Log
        {
            Subscriptions = StreamPubSubType.ExplicitGrainBasedAndImplicit,
            FaultsSubscriptions = true,
            MaxEventDeliveryTime = TimeSpan.FromMilliseconds(50),
        };
        await using var cluster = await Start(log);
        var grain = cluster.Client.GetGrain<ISubscriber>(_name);
        await grain.Subscribe(Log.Provider, _name);
        Got.Before = _ => throw new InvalidOperationException("never");

        log.Append(StreamId.Create("news", _name), "a");
        await log.Events.Has($"given up 1 of {_name}");
        log.Append(StreamId.Create("news", _name), "b");
        await log.Events.Has("checkpoint 0 2");

        (await grain.Handles(Log.Provider, _name)).ShouldBe(0);
    }

    [Fact]
    public async Task A_subscription_may_begin_at_a_place_that_is_still_in_the_cache()
    {
        var log = new Log { Subscriptions = StreamPubSubType.ExplicitGrainBasedAndImplicit };
        await using var cluster = await Start(log);
        var grain = cluster.Client.GetGrain<ISubscriber>(_name);
        var gate = new TaskCompletionSource();
        Inbox.Of($"{_name} slow").Before = _ => gate.Task;
        var news = StreamId.Create("news", _name);

        log.Append(StreamId.Create("orders", $"{_name} slow"), "keeps what follows");
        for (var i = 2; i <= 5; i++) log.Append(news, $"{i}");
        log.Append(StreamId.Create("orders", $"{_name} other"), "all has been read");
        await Inbox.Of($"{_name} other").Has(1);
        await grain.SubscribeFrom(Log.Provider, _name, 3);
        log.Append(news, "7");

        (await Got.Has("7")).ShouldBe(["3", "4", "5", "7"]);
        gate.SetResult();
        await log.Events.Has("checkpoint 0 7");
    }

    [Fact]
    public async Task A_subscription_that_begins_at_a_place_that_is_gone_is_told_so_and_goes_on()
    {
        var log = new Log { Subscriptions = StreamPubSubType.ExplicitGrainBasedAndImplicit };
        await using var cluster = await Start(log);
        var gate = new TaskCompletionSource();
        Inbox.Of($"{_name} slow").Before = _ => gate.Task;

        log.Append(StreamId.Create("news", _name), "1");
        await log.Events.Has("checkpoint 0 1");
        log.Append(StreamId.Create("orders", $"{_name} slow"), "2");
        log.Append(StreamId.Create("orders", $"{_name} other"), "all has been read");
        await Inbox.Of($"{_name} other").Has(1);
        await cluster.Client.GetGrain<ISubscriber>(_name).SubscribeFrom(Log.Provider, _name, 1);
        log.Append(StreamId.Create("news", _name), "4");
        log.Append(StreamId.Create("news", _name), "5");

        // The first event comes upon a subscription that asks for that place still, and is given up.
        (await Got.Has("5")).ShouldBe(
            [nameof(QueueCacheMissException), nameof(StreamEventDeliveryFailureException), "5"]);
        gate.SetResult();
        await log.Events.Has("checkpoint 0 5");
    }

    [Fact]
    public async Task A_provider_that_cannot_go_back_refuses_a_place()
    {
        var log = new Log { Subscriptions = StreamPubSubType.ExplicitGrainBasedAndImplicit, IsRewindable = false };
        await using var cluster = await Start(log);

        await Should.ThrowAsync<ArgumentException>(
            () => cluster.Client.GetGrain<ISubscriber>(_name).SubscribeFrom(Log.Provider, _name, 1));
    }

    private static async Task<InProcessTestCluster> Start(Log log)
    {
        var cluster = Silos.Compose(1, silo =>
        {
            silo.AddMemoryGrainStorage("PubSubStore");
            log.AddTo(silo);
        }).Build();
        await cluster.DeployAsync();
        return cluster;
    }

    private async Task Watch() => await News.SubscribeAsync((item, _) => Witness.Take(item));

    // What has not been read yet is as good as published later, so a test waits until somebody has it.
    private async Task Publish(string item)
    {
        await News.OnNextAsync(item);
        await Witness.Has(item);
    }
}
