using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.TestingHost;
using Waybill.Tests.Streaming;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Streaming;

/// <summary>When queues are read and events delivered again, on a clock that the test moves.</summary>
public sealed class StreamTimes
{
    private readonly string _key = $"{Guid.NewGuid()}";
    private readonly DelayClock _clock = new();

    private StreamId Orders => StreamId.Create("orders", _key);

    private Inbox Got => Inbox.Of(_key);

    [Fact]
    public async Task A_queue_is_read_when_its_period_has_passed()
    {
        var log = new Log { ReadPeriod = TimeSpan.FromMilliseconds(100) };
        await using var cluster = await Start(log);
        log.Append(Orders, "a");

        _clock.Advance(TimeSpan.FromMilliseconds(99));
        log.Events.Items.ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        await Got.Has("a");
    }

    [Fact]
    public async Task An_event_is_given_up_when_it_has_failed_for_as_long_as_it_may()
    {
        var backoff = TimeSpan.FromSeconds(25);
        var log = new Log { MaxEventDeliveryTime = TimeSpan.FromMinutes(1), DeliveryBackoff = backoff };
        await using var cluster = await Start(log);
        List<double> attempts = [];
        var start = _clock.GetUtcNow();
        Got.Before = item =>
        {
            if (item != "a") return Task.CompletedTask;
            attempts.Add((_clock.GetUtcNow() - start).TotalSeconds);
            throw new InvalidOperationException("never");
        };

        log.Append(Orders, "a");
        log.Append(Orders, "b");
        _clock.Advance(log.ReadPeriod);
        for (var i = 1; i <= 3; i++)
        {
            await _clock.Delays.Has(delays => delays.Count(delay => delay == $"{backoff}") == i);
            _clock.Advance(backoff);
        }

        (await Got.Has("b")).ShouldBe([nameof(StreamEventDeliveryFailureException), "b"]);
        attempts.Select(Math.Floor).ShouldBe([0, 25, 50]);
    }

    [Fact]
    public async Task A_stream_that_was_idle_is_forgotten_and_taken_up_again()
    {
        var caches = new WatchedCaches();
        var log = new Log { Caches = caches };
        var clock = new LeapingClock();
        await using var cluster = await Start(log, clock);

        log.Append(Orders, "a");
        await log.Events.Has("checkpoint 0 1");
        clock.Ahead = TimeSpan.FromMinutes(30);
        log.Append(Orders, "b");

        (await Got.Has("b")).ShouldBe(["a", "b"]);

        // One that is known keeps its cursor.
        caches.Cursors.ShouldBeGreaterThan(1);
    }

    [Fact]
    public void Delays_grow_up_to_their_limit()
    {
        var second = TimeSpan.FromSeconds(1);
        var backoff = new Orleans.Internal.ExponentialBackoff(second, 30 * second, second);

        for (var attempt = 0; attempt < 100; attempt++)
        {
            backoff.Next(attempt).TotalSeconds.ShouldBeInRange(1, Math.Min(30, 1 + Math.Pow(2, attempt)));
        }
    }

    private async Task<InProcessTestCluster> Start(Log log, TimeProvider? clock = null)
    {
        var cluster = Silos.Compose(1, silo =>
        {
            silo.Services.AddSingleton(clock ?? _clock);
            log.AddTo(silo);
        }).Build();
        await cluster.DeployAsync();
        return cluster;
    }

    private sealed class WatchedCaches : IQueueAdapterCache
    {
        private int _cursors;

        public int Cursors => Volatile.Read(ref _cursors);

        public IQueueCache CreateQueueCache(QueueId queueId) => new Cache(this);

        private sealed class Cache(WatchedCaches caches) : SimpleQueueCache(20, NullLogger.Instance)
        {
            public override IQueueCacheCursor GetCacheCursor(StreamId streamId, StreamSequenceToken? token)
            {
                Interlocked.Increment(ref caches._cursors);
                return base.GetCacheCursor(streamId, token);
            }
        }
    }

    /// <summary>A clock that can be put ahead, and runs by itself.</summary>
    private sealed class LeapingClock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
    }

    /// <summary>A clock that tells when somebody begins to wait.</summary>
    private sealed class DelayClock : TimeProvider
    {
        private readonly FakeTimeProvider _clock = new();

        public Inbox Delays { get; } = new();

        public override long TimestampFrequency => _clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

        public override long GetTimestamp() => _clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = _clock.CreateTimer(callback, state, dueTime, period);
            if (period == Timeout.InfiniteTimeSpan) Delays.Write($"{dueTime}");
            return timer;
        }

        public void Advance(TimeSpan by) => _clock.Advance(by);
    }
}
