using Waybill.EventStore;
using Waybill.EventStore.Streams;

namespace Waybill.Tests.EventStore.Streams;

/// <summary>What happens when consumers fail or are slow, and when the store is away.</summary>
public abstract partial class EventStreamsContract
{
    [Fact]
    public async Task A_consumer_that_always_fails_holds_up_its_own_stream_alone()
    {
        var failing = true;
        Consumers.BeforeEvent = (stream, stored) => failing && stream == "note/bad" && stored.Version == 1
            ? throw new InvalidOperationException("poison")
            : Task.CompletedTask;
        await using var cluster = await Deploy(Options with { QueueCount = 1, DeliveryLimit = TimeSpan.FromHours(1) });

        await Append("bad");
        await Append("bad");
        for (var version = 1; version <= 20; version++)
        {
            await Append("good");
            await Consumers.Until(() => Consumers.Versions("note/good").Count() == version);
        }

        Consumers.Events("note/bad").ShouldBeEmpty();
        failing = false;
        await Consumers.Until(() => Consumers.Versions("note/bad").SequenceEqual([1, 2]));
    }

    [Fact]
    public async Task What_is_given_up_comes_once_more_is_counted_and_named_and_holds_no_checkpoint_up_after_that()
    {
        Consumers.BeforeEvent = (stream, stored) => stream == "note/bad" && stored.Version == 1
            ? throw new InvalidOperationException("poison")
            : Task.CompletedTask;
        await using var cluster = await Deploy(
            Options with { QueueCount = 1, RedeliveryDelay = TimeSpan.FromMilliseconds(500) });

        await Append("bad");
        await Append("bad");

        await Consumers.Until(() => Consumers.Versions("note/bad").SequenceEqual([2]));
        await Consumers.Until(() => Store.SavedBy("events/0-of-1") == 2);
        var status = (await Status(cluster)).ShouldHaveSingleItem();
        (status.Delivered, status.GivenUp).ShouldBe((2, 2));
        (status.LastGivenUp!.Stream, status.LastGivenUp.Position).ShouldBe(("note/bad", 1));
    }

    [Fact]
    public async Task The_last_event_of_a_stream_comes_again_after_it_was_given_up()
    {
        var failing = true;
        Consumers.BeforeEvent = (stream, _) => failing && stream == "note/a"
            ? throw new InvalidOperationException("not yet")
            : Task.CompletedTask;
        // As long as its chunk is under way, it does not come again.
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Consumers.BeforeChunk = _ => gate.Task;
        await using var cluster = await Deploy(Options with { QueueCount = 1 });
        await Append("a");
        await UntilStatus(cluster, all => all is [{ GivenUp: 1 }]);

        failing = false;
        gate.SetResult();

        await Consumers.Until(() => Consumers.Versions("note/a").SequenceEqual([1]));
        await Consumers.Until(() => Store.SavedBy("events/0-of-1") == 1);
        (await Status(cluster)).ShouldHaveSingleItem().GivenUp.ShouldBe(1);
    }

    [Fact]
    public async Task What_was_given_up_comes_again_when_the_silo_starts_before_it_could()
    {
        var failing = true;
        Consumers.BeforeEvent = (stream, _) => failing && stream == "note/a"
            ? throw new InvalidOperationException("not yet")
            : Task.CompletedTask;
        var options = Options with { QueueCount = 1, RedeliveryDelay = TimeSpan.FromHours(1) };
        await using (var cluster = await Deploy(options))
        {
            await Append("a");
            await UntilStatus(cluster, all => all is [{ GivenUp: 1 }]);
            await Append("b");
            await Consumers.Until(() => Consumers.Positions().Contains(2));
        }

        failing = false;
        await using var next = await Deploy(options);

        await Consumers.Until(() => Consumers.Versions("note/a").SequenceEqual([1]));
    }

    [Fact]
    public async Task A_chunk_that_was_given_up_is_passed_by_the_next()
    {
        Consumers.BeforeChunk = chunk =>
            chunk.After == 0 ? throw new InvalidOperationException("poison") : Task.CompletedTask;
        await using var cluster = await Deploy(
            Options with { QueueCount = 1, RedeliveryDelay = TimeSpan.FromHours(1) });
        await Append("a");
        await Consumers.Until(() => Consumers.Versions("note/a").Any());

        await Append("a");

        await Consumers.Until(() => Store.SavedBy("events/0-of-1") == 2);
        Consumers.Chunks(0).ShouldHaveSingleItem().After.ShouldBe(1);
        (await Status(cluster))[0].LastGivenUp.ShouldNotBeNull().Stream.ShouldBe("log/0");
    }

    [Fact]
    public async Task Chunks_that_were_given_up_come_again_when_none_comes_after_them()
    {
        var failing = true;
        Consumers.BeforeChunk = _ => failing ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        await using var cluster = await Deploy(Options with { QueueCount = 1 });
        await Append("a");
        await UntilStatus(cluster, all => all is [{ GivenUp: > 0 }]);
        (await Status(cluster))[0].Delivered.ShouldBe(0);

        failing = false;

        await Consumers.Until(() => Store.SavedBy("events/0-of-1") == 1);
        Consumers.Positions().ShouldBe([1]);
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_reaches_its_consumer_and_stops_no_other_stream()
    {
        await Append("bad");
        await Append("good");
        Execute("UPDATE events SET type = 'note.lost' WHERE position = 1");
        var unreadable = new List<UnreadableEventException>();
        Consumers.BeforeEvent = (_, stored) =>
        {
            try
            {
                Make.Types.Read(stored);
                return Task.CompletedTask;
            }
            catch (UnreadableEventException error)
            {
                lock (unreadable)
                    unreadable.Add(error);
                throw;
            }
        };

        await using var cluster = await Deploy(Options with { QueueCount = 1, DeliveryLimit = TimeSpan.FromHours(1) });

        await Consumers.Until(() => Consumers.Versions("note/good").Any());
        await Consumers.Until(() => Consumers.Positions().SequenceEqual([1, 2]));
        lock (unreadable)
            unreadable.ShouldAllBe(error => error.Stored.Stream.Id == "bad" && error.Stored.Type == "note.lost");
        Consumers.Events("note/bad").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stuck_consumer_holds_back_its_queue_in_bounded_memory_and_no_other_queue()
    {
        var stuck = LogQueue.Of(new StreamName("note", "s0"), Options.QueueCount).Number;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Consumers.BeforeChunk = chunk => chunk.Queue == stuck ? gate.Task : Task.CompletedTask;
        var small = Options with { CacheSize = 40, WindowMax = 10, DeliveryLimit = TimeSpan.FromHours(1) };
        await using var cluster = await Deploy(small);

        await AppendToStreams(16, eachVersions: 40);
        var others = Enumerable.Range(0, 16).Count(id => QueueOf(id) != stuck) * 40;
        await Consumers.Until(() => Consumers.Positions().Count() == others);

        var status = (await Status(cluster)).Single(queue => queue.Queue.Number == stuck);
        var read = await CountBetween(status);
        read.ShouldBeLessThanOrEqualTo(small.CacheSize);
        status.Lag.ShouldNotBeNull().Events.ShouldBe(640 - others);
        status.Lag.Oldest.ShouldNotBeNull();

        gate.SetResult();
        await Consumers.Until(() => Consumers.Positions().Distinct().Count() == 640);
        await UntilStatus(cluster, all => all.All(queue => queue.Lag == new Lag(0, false, null)));
    }

    [Fact]
    public async Task With_the_store_away_the_status_says_so_and_delivery_goes_on_when_it_is_back()
    {
        await using var cluster = await Deploy();
        await AppendToStreams(4, eachVersions: 1);
        await Consumers.Until(() => Consumers.Positions().Count() == 4);
        var before = (await Status(cluster)).Max(queue => queue.LastRead);

        Store.IsAway = true;
        await UntilStatus(cluster, all => all.All(queue => queue.Error is not null));
        (await Status(cluster)).ShouldAllBe(queue => queue.Lag == null);
        Store.IsAway = false;
        await AppendToStreams(4, eachVersions: 1);

        await Consumers.Until(() => Consumers.Positions().Distinct().Count() == 8);
        await UntilStatus(cluster, all => all.All(queue => queue.Error is null && queue.LastRead > before));
    }

    [Fact]
    public async Task A_cluster_that_starts_while_the_store_is_away_begins_when_it_is_back()
    {
        await AppendToStreams(4, eachVersions: 1);
        Store.IsAway = true;
        await using var cluster = await Deploy();
        await UntilStatus(cluster, all => all.Count == 4 && all.All(queue => queue.Error is not null));
        (await Status(cluster)).ShouldAllBe(queue => queue.Delivered == null && queue.ReadTo == null);

        Store.IsAway = false;

        await Consumers.Until(() => Consumers.Positions().Distinct().Count() == 4);
    }
}
