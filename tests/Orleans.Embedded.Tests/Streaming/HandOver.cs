using Orleans.Runtime;
using Orleans.Streams;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Streaming;

/// <summary>Queues that change their silo. Every event comes at least once, first in its stream's order.</summary>
public sealed class HandOver
{
    private const int Streams = 12;

    private readonly string _key = $"{Guid.NewGuid()}";
    private readonly Log _log = new(queues: 4);

    [Theory]
    [InlineData(Change.Stop)]
    [InlineData(Change.Kill)]
    [InlineData(Change.Join)]
    public async Task Nothing_is_lost_when_a_silo(Change change)
    {
        await using var cluster = Silos.Compose(change is Change.Join ? (short)1 : (short)2, _log.AddTo).Build();
        await cluster.DeployAsync();

        Append(0, 40);
        await AllHave("39");
        Append(40, 60);
        switch (change)
        {
            case Change.Stop:
                await cluster.StopSiloAsync(cluster.Silos[1]).Soon();
                break;
            case Change.Kill:
                await cluster.KillSiloAsync(cluster.Silos[1]).Soon();
                break;
            default:
                await cluster.StartAdditionalSiloAsync().Soon();
                break;
        }

        Append(60, 100);
        await AllHave("99");

        foreach (var inbox in Inboxes)
        {
            inbox.Items.Distinct().ShouldBe(Enumerable.Range(0, 100).Select(i => $"{i}"));
        }
    }

    [Fact]
    public async Task A_silo_that_stops_takes_no_event_with_it_that_waits_or_fails()
    {
        await using var cluster = Silos.Compose(2, _log.AddTo).Build();
        await cluster.DeployAsync();
        var stopped = false;
        foreach (var inbox in Inboxes)
        {
            inbox.Before = item =>
                item == "1" && !stopped ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        }

        Append(0, 3);
        await AllHave("0");
        await cluster.StopSiloAsync(cluster.Silos[1]).Soon();
        stopped = true;

        await AllHave("2");

        // Genuine Orleans tells a failing consumer that the event is given up, though the next owner brings it again.
        foreach (var inbox in Inboxes)
        {
            inbox.Items.Except([nameof(StreamEventDeliveryFailureException)]).Distinct().ShouldBe(["0", "1", "2"]);
        }
    }

    [Fact]
    public async Task A_consumer_that_lives_on_is_not_given_again_what_it_has()
    {
        await using var cluster = Silos.Compose(2, _log.AddTo).Build();
        await cluster.DeployAsync();
        var stays = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => KeyOn(cluster, cluster.Silos[0])));
        var stopped = false;

        // One event that is not taken keeps the checkpoint where it is, in each queue.
        foreach (var queue in _log.Mapper.GetAllQueues())
        {
            var key = await KeyOn(cluster, cluster.Silos[0], queue);
            Inbox.Of(key).Before =
                _ => stopped ? Task.CompletedTask : throw new InvalidOperationException("not yet");
            _log.Append(StreamId.Create("orders", key), "held");
        }

        foreach (var key in stays)
        {
            for (var i = 0; i < 5; i++) _log.Append(StreamId.Create("orders", key), $"{i}");
        }

        foreach (var key in stays) await Inbox.Of(key).Has("4");
        await cluster.StopSiloAsync(cluster.Silos[1]).Soon();
        stopped = true;
        foreach (var key in stays) _log.Append(StreamId.Create("orders", key), "5");

        foreach (var key in stays) (await Inbox.Of(key).Has("5")).ShouldBe(["0", "1", "2", "3", "4", "5"]);
    }

    [Fact]
    public async Task A_silo_that_stops_waits_for_the_events_that_are_being_taken()
    {
        await using var cluster = Silos.Compose(2, _log.AddTo).Build();
        await cluster.DeployAsync();
        // Genuine Orleans may give every queue to one of two silos: the one that stops is the one that has more.
        await _log.Events.Has(events => cluster.Silos.Sum(silo => Held(events, silo.Name)) == 4);
        var (stops, stays) = Held(_log.Events.Items, cluster.Silos[1].Name) > 1
            ? (cluster.Silos[1], cluster.Silos[0])
            : (cluster.Silos[0], cluster.Silos[1]);
        var gate = new TaskCompletionSource();
        foreach (var queue in _log.Mapper.GetAllQueues())
        {
            var key = await KeyOn(cluster, stays, queue);
            Inbox.Of(key).Before = async _ =>
            {
                _log.Events.Write($"begun {queue.GetNumericId()}");
                await gate.Task;
                _log.Events.Write($"taken {queue.GetNumericId()}");
            };
            _log.Append(StreamId.Create("orders", key), "a");
            await _log.Events.Has($"begun {queue.GetNumericId()}");
        }

        // Queues may have changed their silo before that; a silo that did not wait would have stopped in this time.
        var before = _log.Events.Items.Length;
        var stop = cluster.StopSiloAsync(stops);
        await Should.ThrowAsync<TimeoutException>(
            () => stop.WaitAsync(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken));
        gate.SetResult();
        await stop.Soon();

        var events = _log.Events.Items.ToList();
        var ends = events.Skip(before).Where(line => IsOf(line, "shut", stops.Name)).ToList();
        ends.ShouldNotBeEmpty();
        foreach (var end in ends)
        {
            events.IndexOf($"taken {end.Split(' ')[1]}").ShouldBeInRange(0, events.LastIndexOf(end));
        }

        int Held(IReadOnlyList<string> events, string silo) =>
            events.Count(line => IsOf(line, "open", silo)) - events.Count(line => IsOf(line, "shut", silo));

        bool IsOf(string line, string what, string silo) =>
            line.StartsWith(what, StringComparison.Ordinal) && line.EndsWith(silo, StringComparison.Ordinal);
    }

    private IEnumerable<Inbox> Inboxes => Enumerable.Range(0, Streams).Select(i => Inbox.Of($"{_key}-{i}"));

    private async Task AllHave(string item)
    {
        foreach (var inbox in Inboxes) await inbox.Has(item);
    }

    private void Append(int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            for (var j = 0; j < Streams; j++) _log.Append(StreamId.Create("orders", $"{_key}-{j}"), $"{i}");
        }
    }

    // A stream whose follower lives on this silo and which is in this queue, or in any.
    private async Task<string> KeyOn(InProcessTestCluster cluster, InProcessSiloHandle silo, QueueId? queue = null)
    {
        while (true)
        {
            var key = (await cluster.GrainOn<IOrderFollower>(silo, cluster.Client)).GetPrimaryKeyString();
            if (queue is null || _log.Mapper.GetQueueForStream(StreamId.Create("orders", key)) == queue) return key;
        }
    }

    public enum Change
    {
        Stop,
        Kill,
        Join,
    }
}
