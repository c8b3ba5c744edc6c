using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.TestingHost;
using Waybill.Tests.Streaming;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Streaming;

/// <summary>Which silo reads which queue: one each, evenly, and the next only after the one before.</summary>
public sealed class QueueOwnership
{
    private readonly Log _log = new(queues: 8);

    [Fact]
    public async Task Queues_are_spread_evenly_over_the_silos_that_there_are()
    {
        await using var cluster = Silos.Compose(3, _log.AddTo).Build();
        await cluster.DeployAsync();

        await Spread(2, 3, 3);
        await cluster.StopSiloAsync(cluster.Silos[2]).Soon();
        await Spread(4, 4);
        await cluster.StartAdditionalSiloAsync().Soon();
        await Spread(2, 3, 3);
    }

    [Fact]
    public async Task Only_as_many_queues_move_as_must()
    {
        await using var cluster = Silos.Compose(2, _log.AddTo).Build();
        await cluster.DeployAsync();
        await Spread(4, 4);
        var before = Owners(_log.Events.Items);

        await cluster.StartAdditionalSiloAsync().Soon();
        await Spread(2, 3, 3);

        Owners(_log.Events.Items).Count(pair => before[pair.Key] != pair.Value).ShouldBe(2);
    }

    [Fact]
    public async Task The_next_owner_waits_until_the_receiver_has_shut_down()
    {
        await using var cluster = Silos.Compose(2, _log.AddTo).Build();
        await cluster.DeployAsync();
        await Spread(4, 4);
        var opened = Opened();
        var shuttingDown = new Inbox();
        var gate = new TaskCompletionSource();
        _log.BeforeShutdown = () =>
        {
            shuttingDown.Write("one more");
            return gate.Task;
        };

        var stop = cluster.StopSiloAsync(cluster.Silos[1]);
        await shuttingDown.Has(4);
        stop.IsCompleted.ShouldBeFalse();
        Opened().ShouldBe(opened);
        gate.SetResult();
        await stop.Soon();

        // Fails if any queue was opened while somebody had it open.
        await Spread(8);
    }

    [Fact]
    public async Task A_queue_moves_on_even_if_its_cache_cannot_take_note_of_its_progress()
    {
        var log = new Log(queues: 8) { Caches = new ForgetfulCaches() };
        await using var cluster = Silos.Compose(2, log.AddTo).Build();
        await cluster.DeployAsync();
        await Spread(log, 4, 4);

        await cluster.StartAdditionalSiloAsync().Soon();

        await Spread(log, 2, 3, 3);
    }

    [Fact]
    public async Task A_silo_that_was_killed_owns_nothing()
    {
        await using var cluster = Silos.Compose(2, _log.AddTo).Build();
        await cluster.DeployAsync();
        await Spread(4, 4);
        var dead = cluster.Silos[1].Name;

        await cluster.KillSiloAsync(cluster.Silos[1]).Soon();

        await _log.Events.Has(events => Owners(events, dead).Values.All(owner => owner == cluster.Silos[0].Name));
        _log.Events.Items.ShouldNotContain(line => line.StartsWith("shut") && line.EndsWith(dead));
    }

    private int Opened() => _log.Events.Items.Count(line => line.StartsWith("open", StringComparison.Ordinal));

    private Task Spread(params int[] counts) => Spread(_log, counts);

    private static async Task Spread(Log log, params int[] counts) => await log.Events.Has(
        events => Owners(events).Values.CountBy(owner => owner).Select(pair => pair.Value)
            .Order().SequenceEqual(counts));

    private static Dictionary<string, string> Owners(IEnumerable<string> events, string? dead = null)
    {
        Dictionary<string, string> owners = [];
        foreach (var line in events.Select(line => line.Split(' ')))
        {
            if (line[0] == "open")
            {
                var isHeld = owners.TryGetValue(line[1], out var owner) && owner != dead;
                isHeld.ShouldBeFalse($"Queue {line[1]} is read twice.");
                owners[line[1]] = line[2];
            }
            else if (line[0] == "shut")
            {
                owners.Remove(line[1]).ShouldBeTrue();
            }
        }

        return owners;
    }

    private sealed class ForgetfulCaches : IQueueAdapterCache
    {
        public IQueueCache CreateQueueCache(QueueId queueId) => new Cache();

        private sealed class Cache() : SimpleQueueCache(20, NullLogger.Instance), IQueueCache
        {
            void IQueueCache.UpdateDeliveryProgress(StreamSequenceToken? earliestSubscriptionToken, DateTime utcNow) =>
                throw new IOException("It is locked.");
        }
    }
}
