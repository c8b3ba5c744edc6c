using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Streaming;

/// <summary>A provider over queues, on one silo.</summary>
public sealed class PersistentStreams
{
    private readonly string _key = $"{Guid.NewGuid()}";

    private StreamId Orders => StreamId.Create("orders", _key);

    private Inbox Got => Inbox.Of(_key);

    [Fact]
    public async Task Events_arrive_in_order_and_once()
    {
        var log = new Log();
        await using var cluster = await Start(log);

        for (var i = 0; i < 100; i++) log.Append(Orders, $"{i}");

        (await Got.Has("99")).ShouldBe(Enumerable.Range(0, 100).Select(i => $"{i}"));
    }

    [Fact]
    public async Task A_grain_publishes_and_another_takes_it_in_the_same_request_context()
    {
        var log = new Log();
        await using var cluster = await Start(log);
        var provider = cluster.GetSiloServiceProvider().GetRequiredKeyedService<IStreamProvider>(Log.Provider);

        RequestContext.Set("who", "ann");
        await provider.GetStream<string>("orders", _key).OnNextAsync("placed");
        RequestContext.Clear();
        await provider.GetStream<string>("orders", _key).OnNextAsync("paid");
        RequestContext.Set("who", "bob");
        await provider.GetStream<string>("orders", _key).OnNextBatchAsync(["packed", "sent"]);

        (await Got.Has("sent")).ShouldBe(["placed", "paid", "packed", "sent"]);
        (await Inbox.Of($"{_key} who").Has(3)).ShouldBe(["ann", "bob", "bob"]);
    }

    [Fact]
    public async Task A_grain_may_attach_its_observer_when_it_is_activated()
    {
        var log = new Log();
        await using var cluster = await Start(log);

        log.Append(StreamId.Create("rides", _key), "requested");
        log.Append(StreamId.Create("rides", _key), "started");

        (await Got.Has("started")).ShouldBe(["requested", "started"]);
    }

    [Fact]
    public async Task An_event_that_nobody_observes_counts_as_delivered()
    {
        var log = new Log();
        await using var cluster = await Start(log);

        log.Append(StreamId.Create("unheard", _key), "a");
        log.Append(StreamId.Create("nobody's", _key), "b");

        await log.Events.Has("checkpoint 0 2");
        (await Got.Has(1)).ShouldBe(["activated"]);
    }

    [Fact]
    public async Task A_stream_s_key_is_its_grain_s_key_of_whatever_kind()
    {
        var log = new Log();
        await using var cluster = await Start(log);
        var guid = Guid.NewGuid();
        var number = Random.Shared.NextInt64();

        log.Append(StreamId.Create("guids", guid), "a");
        log.Append(StreamId.Create("others", guid), "b");
        log.Append(StreamId.Create("numbers", number), "c");
        log.Append(StreamId.Create("numbers", -number), "d");

        (await Inbox.Of($"{guid}").Has(2)).ShouldBe(["guids a", "others b"], ignoreOrder: true);
        await Inbox.Of($"number {number}").Has("c");
        await Inbox.Of($"number {-number}").Has("d");
    }

    [Fact]
    public async Task Events_go_on_after_the_grain_was_deactivated()
    {
        var log = new Log();
        await using var cluster = await Start(log);

        log.Append(Orders, "a");
        await Got.Has("a");
        await cluster.Client.GetGrain<IOrderFollower>(_key).End();
        log.Append(Orders, "b");

        (await Got.Has("b")).ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task An_event_that_fails_comes_again_before_the_next()
    {
        var log = new Log();
        await using var cluster = await Start(log);
        var failures = 2;
        Got.Before = item =>
            item == "b" && failures-- > 0 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;

        log.Append(Orders, "a");
        log.Append(Orders, "b");
        log.Append(Orders, "c");

        (await Got.Has("c")).ShouldBe(["a", "b", "c"]);
        failures.ShouldBe(-1);
    }

    [Fact]
    public async Task An_event_that_goes_on_failing_is_given_up_and_the_next_comes()
    {
        var log = new Log { MaxEventDeliveryTime = TimeSpan.FromMilliseconds(50) };
        await using var cluster = await Start(log);
        var attempts = 0;
        Got.Before = item =>
            item == "b" && ++attempts > 0 ? throw new InvalidOperationException("never") : Task.CompletedTask;

        log.Append(Orders, "a");
        log.Append(Orders, "b");
        log.Append(Orders, "c");
        log.Append(Orders, "d");

        (await Got.Has("d")).ShouldBe(["a", nameof(StreamEventDeliveryFailureException), "c", "d"]);
        attempts.ShouldBeGreaterThan(1);
        (await log.Events.Has("checkpoint 0 4")).ShouldContain($"given up 2 of {_key}");
        Delivered(log).ShouldBe([1, 3, 4]);
    }

    [Fact]
    public async Task A_consumer_that_fails_or_waits_holds_up_its_own_stream_alone()
    {
        var log = new Log();
        await using var cluster = await Start(log);
        var gate = new TaskCompletionSource();
        var failed = new TaskCompletionSource();
        Inbox.Of($"{_key} slow").Before = _ => gate.Task;
        Inbox.Of($"{_key} bad").Before = _ =>
        {
            failed.TrySetResult();
            return gate.Task.IsCompleted ? Task.CompletedTask : throw new InvalidOperationException("not yet");
        };

        log.Append(StreamId.Create("orders", $"{_key} slow"), "a");
        log.Append(StreamId.Create("orders", $"{_key} bad"), "a");
        await failed.Task.Soon();
        for (var i = 0; i < 50; i++) log.Append(Orders, $"{i}");
        log.Append(StreamId.Create("orders", $"{_key} slow"), "b");
        log.Append(StreamId.Create("orders", $"{_key} bad"), "b");
        await Got.Has("49");

        log.CheckpointOf(Orders).ShouldBe(0);
        gate.SetResult();
        (await Inbox.Of($"{_key} slow").Has("b")).ShouldBe(["a", "b"]);
        (await Inbox.Of($"{_key} bad").Has("b")).ShouldBe(["a", "b"]);
        await log.Events.Has("checkpoint 0 54");
    }

    [Fact]
    public async Task The_checkpoint_moves_when_the_slowest_consumer_has_what_was_read()
    {
        var log = new Log();
        await using var cluster = await Start(log);
        var gate = new TaskCompletionSource();
        Got.Before = item => item == "b" ? gate.Task : Task.CompletedTask;

        log.Append(Orders, "a");
        await log.Events.Has("checkpoint 0 1");
        log.Append(Orders, "b");
        log.Append(StreamId.Create("orders", $"{_key} other"), "c");
        await Inbox.Of($"{_key} other").Has("c");

        log.CheckpointOf(Orders).ShouldBe(1);
        gate.SetResult();
        await log.Events.Has("checkpoint 0 3");
        Delivered(log).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_slow_consumer_stops_the_reading_when_the_cache_is_full()
    {
        var log = new Log { CacheSize = 20 };
        await using var cluster = await Start(log);
        var gate = new TaskCompletionSource();
        Got.Before = _ => gate.Task;

        for (var i = 0; i < 100; i++)
        {
            log.Append(Orders, $"{i}");
            log.Append(StreamId.Create("orders", $"{_key} other"), $"{i}");
        }

        await Inbox.Of($"{_key} other").Has("8");
        gate.SetResult();

        (await Got.Has("99")).ShouldBe(Enumerable.Range(0, 100).Select(i => $"{i}"));
        (await Inbox.Of($"{_key} other").Has("99")).ShouldBe(Enumerable.Range(0, 100).Select(i => $"{i}"));
        log.OutstandingMax.ShouldBeInRange(18, 20);
    }

    [Fact]
    public async Task A_consumer_may_take_the_events_of_a_batch_at_once()
    {
        var log = new Log();
        await using var cluster = await Start(log);

        log.Append(StreamId.Create("chunks", _key), "a", "b", "c");
        log.Append(StreamId.Create("chunks", _key), "d");

        (await Got.Has("d")).ShouldBe(["a b c", "d"]);
    }

    [Fact]
    public async Task Several_batches_may_be_delivered_by_one_call()
    {
        var log = new Log { BatchSize = 10, MaxEventDeliveryTime = TimeSpan.FromMilliseconds(50) };
        await using var cluster = await Start(log);
        var gate = new TaskCompletionSource();
        var stream = StreamId.Create("chunks", _key);
        Got.Before = item => item switch
        {
            "a" => gate.Task,
            "b c" => throw new InvalidOperationException("never"),
            _ => Task.CompletedTask,
        };

        log.Append(stream, "a");
        log.Append(StreamId.Create("orders", $"{_key} other"), "-");
        await Inbox.Of($"{_key} other").Has("-");
        log.Append(stream, "b");
        log.Append(stream, "c");
        log.Append(StreamId.Create("orders", $"{_key} other"), "=");
        await Inbox.Of($"{_key} other").Has("=");
        gate.SetResult();
        await log.Events.Has("checkpoint 0 5");
        log.Append(stream, "d");

        (await Got.Has("d")).ShouldBe(["a", "d"]);
        await log.Events.Has("checkpoint 0 6");
        Delivered(log).ShouldBe([1, 2, 5, 6]);
    }

    private static async Task<InProcessTestCluster> Start(Log log)
    {
        var cluster = Silos.Compose(1, log.AddTo).Build();
        await cluster.DeployAsync();
        return cluster;
    }

    private static IEnumerable<int> Delivered(Log log) =>
        from line in log.Events.Items
        where line.StartsWith("delivered", StringComparison.Ordinal)
        from position in line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(2)
        select int.Parse(position);
}
