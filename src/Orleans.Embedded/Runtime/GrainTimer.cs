using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// A timer whose ticks are turns of its activation. The next tick is set only when the one before has ended, so ticks
/// of one timer never overlap or pile up.
/// </summary>
internal sealed class GrainTimer : IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly CancellationTokenSource _disposed = new();
    private readonly ITimer _timer;
    private TimeSpan _period;
    private int _changes;
    private bool _ticking;

    internal GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(callback);
        Check(options.DueTime, options.Period);
        (_activation, _callback, _period) = (activation, callback, options.Period);
        Options = options;
        activation.AddTimer(this);
        _timer = activation.Runtime.TimeProvider.CreateTimer(
            static timer => ((GrainTimer)timer!).Fire(), this, options.DueTime, Timeout.InfiniteTimeSpan);
    }

    internal GrainTimerCreationOptions Options { get; }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, period);
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        _period = period;
        _changes++;
        _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        if (_disposed.IsCancellationRequested) return;
        _disposed.Cancel();
        _timer.Dispose();
        _activation.RemoveTimer(this);
    }

    internal async Task TickAsync(Activation activation, TimerTick tick)
    {
        var changes = _changes;
        if (!_disposed.IsCancellationRequested && !_ticking)
        {
            _ticking = true;
            try
            {
                await _callback(_disposed.Token);
            }
            catch (Exception exception)
            {
                if (!_disposed.IsCancellationRequested) activation.Logger.LogWarning(exception, "A timer of {Grain} failed; it goes on.", activation.GrainId);
            }

            _ticking = false;
        }

        // A change made by the callback itself has set the next tick already.
        if (!_disposed.IsCancellationRequested && changes == _changes) _timer.Change(_period, Timeout.InfiniteTimeSpan);
        activation.Completed(tick, failed: false);
    }

    private static void Check(TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.Zero && dueTime != Timeout.InfiniteTimeSpan) throw new ArgumentOutOfRangeException(nameof(dueTime), dueTime, "Must not be negative.");
        if (period < TimeSpan.Zero && period != Timeout.InfiniteTimeSpan) throw new ArgumentOutOfRangeException(nameof(period), period, "Must not be negative.");
    }

    private void Fire() => _activation.TryReceive(new TimerTick(this, _activation.Runtime));
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
