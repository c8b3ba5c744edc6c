using System.Threading.Channels;
using Waybill.Tests.Support;

namespace Waybill.Tests.Reminders;

/// <summary>A clock that stands still, and tells a test that somebody has begun to wait for it.</summary>
public sealed class WatchedClock : TimeProvider
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Watched(this, _clock.CreateTimer(callback, state, dueTime, period));
        Tell(dueTime, period);
        return timer;
    }

    /// <summary>
    /// Moves the clock on at once, and then fires what is due by then. Genuine Orleans asks for whole milliseconds, and
    /// if a part of one is still missing, asks again until the clock has moved, which one that stands still never does.
    /// </summary>
    public void Advance(TimeSpan by)
    {
        _clock.Set(_clock.GetUtcNow() + by);
        _clock.Advance(TimeSpan.Zero);
    }

    /// <summary>Waits until somebody waits, once, for as long as is asked for. Each such wait is told once.</summary>
    public async Task<TimeSpan> Wait(Predicate<TimeSpan> wanted)
    {
        while (true)
        {
            var wait = await _waits.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Soon();
            if (wanted(wait)) return wait;
        }
    }

    /// <inheritdoc cref="Wait(Predicate{TimeSpan})"/>
    public Task Wait(TimeSpan wanted) => Wait(wait => wait == wanted);

    /// <summary>Forgets the waits that nobody has waited for.</summary>
    public void Forget()
    {
        while (_waits.Reader.TryRead(out _))
        {
        }
    }

    private void Tell(TimeSpan dueTime, TimeSpan period)
    {
        if (period == Timeout.InfiniteTimeSpan) _waits.Writer.TryWrite(dueTime);
    }

    private sealed class Watched(WatchedClock clock, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = timer.Change(dueTime, period);
            clock.Tell(dueTime, period);
            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
