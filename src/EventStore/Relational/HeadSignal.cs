namespace Waybill.EventStore.Relational;

/// <summary>Wakes those who wait for the log to grow. It knows of the head what it has been told, never more.</summary>
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

    /// <summary>Lets nobody wait any more: who reads then is told that the store is closed.</summary>
    public void Close() => Advance(long.MaxValue);

    /// <inheritdoc cref="IEventStore.WaitBeyondAsync"/>
    public Task WaitBeyondAsync(long position, CancellationToken cancellation)
    {
        lock (_gate)
            return _head > position ? Task.CompletedTask : _grows.Task.WaitAsync(cancellation);
    }
}
