namespace Waybill.EventStore.Relational;

/// <summary>
/// Wakes those who wait for the log to grow. It knows of the head what it has been told, never more; what a reader then
/// does not find, it forgets again.
/// </summary>
internal sealed class HeadSignal
{
    private readonly Lock _gate = new(); // Guards both fields.
    private long _head;
    private TaskCompletionSource _grows = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Tells that the position has been committed.</summary>
    public void Advance(long head)
    {
        TaskCompletionSource grew;
        lock (_gate)
        {
            if (head <= _head)
                return;
            _head = head;
            grew = _grows;
            _grows = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        grew.SetResult();
    }

    /// <summary>The position that was last told.</summary>
    public long Told
    {
        get
        {
            lock (_gate)
                return _head;
        }
    }

    /// <summary>
    /// Tells that a reader, who began after a position was told, has found that the log ends before it. A notification
    /// can be forged, and a failover can lose commits: whoever waits would then be woken for ever, and find nothing.
    /// </summary>
    public void Retract(long told, long head)
    {
        lock (_gate)
            if (_head == told && head < told)
                _head = head;
    }

    /// <summary>Lets nobody wait any more: who reads then is told that the store is closed.</summary>
    public void Close() => Advance(long.MaxValue);

    /// <inheritdoc cref="IEventStore.WaitBeyondAsync"/>
    public Task WaitBeyondAsync(long position, CancellationToken cancellation)
    {
        lock (_gate)
            return _head > position ? Task.CompletedTask : _grows.Task.WaitAsync(cancellation);
    }
}
