using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// A timer whose ticks are turns of its activation. The next tick is set only when the one before has ended, so ticks
/// of one timer never overlap or pile up; a change made meanwhile counts from that end too.
/// Guarded by <c>this</c>, because a timer may be changed or disposed from outside its activation.
/// </summary>
internal sealed class GrainTimer : IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly CancellationTokenSource _disposed = new();
    private readonly ITimer _timer;
    private TimeSpan _next;
    private TimeSpan _period;
    private bool _ticking;
    private bool _ended;

    internal GrainTimer(
        Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(callback);
        Check(options.DueTime, options.Period);
        if (Activation.Current != activation)
        {
            throw new InvalidOperationException(
                "A grain registers its timers in its own turns, and not in what it starts with Task.Run.");
        }

        (_activation, _callback, _period) = (activation, callback, options.Period);
        Options = options;
        activation.AddTimer(this);

        // Set only once it is in its field, since it may fire at once; and free of the context of the call at hand.
        using (AsyncFlowControl? flow = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow())
        {
            _timer = activation.Runtime.TimeProvider.CreateTimer(
                static timer => ((GrainTimer)timer!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        _timer.Change(options.DueTime, Timeout.InfiniteTimeSpan);
    }

    internal GrainTimerCreationOptions Options { get; }

    // The longest that .NET's timers take: 49.7 days.
    private static TimeSpan Longest { get; } = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, period);
        lock (this)
        {
            (_next, _period) = (dueTime, period);
            if (!_ticking && !_ended) _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (this)
        {
            if (_ended) return;
            _ended = true;
            _timer.Dispose();
        }

        _activation.RemoveTimer(this);
        try
        {
            _disposed.Cancel();
        }
        catch (Exception exception)
        {
            _activation.Logger.LogWarning(
                exception, "What a timer of {Grain} does when it is cancelled failed.", _activation.GrainId);
        }
    }

    /// <summary>Ticks no more, and tells nobody: its silo is dead.</summary>
    internal void Stop()
    {
        lock (this)
        {
            _ended = true;
            _timer.Dispose();
        }
    }

    internal async Task TickAsync(Activation activation, TimerTick tick)
    {
        if (!_disposed.IsCancellationRequested)
        {
            try
            {
                await _callback(_disposed.Token);
            }
            catch (Exception exception)
            {
                if (!_disposed.IsCancellationRequested)
                {
                    activation.Logger.LogWarning(
                        exception, "A timer of {Grain} failed; it goes on.", activation.GrainId);
                }
            }
        }

        lock (this)
        {
            _ticking = false;
            if (!_ended) _timer.Change(_next, Timeout.InfiniteTimeSpan);
        }

        activation.Completed(tick, failed: false);
    }

    private static void Check(TimeSpan dueTime, TimeSpan period)
    {
        CheckOne(dueTime, nameof(dueTime));
        CheckOne(period, nameof(period));

        static void CheckOne(TimeSpan time, string name)
        {
            if (time == Timeout.InfiniteTimeSpan || (time >= TimeSpan.Zero && time <= Longest)) return;
            throw new ArgumentOutOfRangeException(name, time, $"Must be infinite, or from zero to {Longest}.");
        }
    }

    private void Fire()
    {
        lock (this)
        {
            // One that was about to fire when the timer was changed comes too early, but is not one too many.
            if (_ticking) return;
            (_ticking, _next) = (true, _period);
        }

        _activation.TryReceive(new TimerTick(this, _activation.Runtime));
    }
}

/// <summary>One tick, as the activation sees it.</summary>
internal sealed class TimerTick : Message
{
    private readonly GrainTimer _timer;

    internal TimerTick(GrainTimer timer, RuntimeClient runtime)
    {
        _timer = timer;
        From(runtime, null);
    }

    internal override GrainId TargetId => Receiver!.GrainId;

    internal override bool AlwaysInterleave => _timer.Options.Interleave;

    internal bool KeepAlive => _timer.Options.KeepAlive;

    internal override void Run(Activation activation) => _ = _timer.TickAsync(activation, this);

    internal override void Fail(Exception exception)
    {
    }
}
