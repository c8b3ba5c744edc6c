namespace Waybill.EventStore.Streams;

/// <summary>
/// The newest events of one queue, between the tail, which reads them, and the queue's receiver, which takes them. It
/// holds all events of the queue in a range of positions that grows with the log. One that is not emptied in time is
/// closed when it is full: the receiver takes what is in it and goes on in a new one. Safe for concurrent use.
/// </summary>
internal sealed class TailWindow(LogQueue queue, int countMax, long bytesMax)
{
    private readonly Lock _lock = new();
    private readonly Queue<StoredEvent> _events = [];
    private TaskCompletionSource _changed = New();

    // It holds the events with _after < position <= _readTo. Without it, the range is not known yet.
    private long? _after;
    private long _readTo;
    private long _bytes;
    private bool _closed;

    public LogQueue Queue => queue;

    /// <summary>Whether all that it will ever hold has been taken.</summary>
    public bool IsSpent
    {
        get
        {
            lock (_lock)
                return _closed && _events.Count == 0;
        }
    }

    /// <summary>Completes when there is more to take, or it has come to be known from where on.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
                return _changed.Task;
        }
    }

    /// <summary>Whether the events from a position on are here.</summary>
    public bool ReachesBackTo(long position)
    {
        lock (_lock)
            return position >= _after;
    }

    /// <summary>
    /// Up to where there are no events of the queue after a position; the position itself where that is not known.
    /// </summary>
    public long QuietTo(long position)
    {
        lock (_lock)
            return position >= _after && _events.Count == 0 ? Math.Max(position, _readTo) : position;
    }

    /// <summary>Begins the range.</summary>
    public void Begin(long after)
    {
        lock (_lock)
        {
            (_after, _readTo) = (after, after);
            Signal();
        }
    }

    /// <summary>Adds the queue's events up to a position, as many as there is room for.</summary>
    /// <returns>False if it is full and takes no more.</returns>
    public bool Add(IReadOnlyList<StoredEvent> events, long readTo)
    {
        lock (_lock)
        {
            foreach (var stored in events)
            {
                if (_events.Count >= countMax || (_bytes >= bytesMax && _events.Count > 0))
                {
                    _closed = true;
                    Signal();
                    return false;
                }

                _events.Enqueue(stored);
                _bytes += EventSize.Of(stored);
                _readTo = stored.Position;
            }

            _readTo = readTo;
            if (events.Count > 0)
                Signal();
            return true;
        }
    }

    /// <summary>Takes the events after a position; null if some of them are no longer here, or not yet.</summary>
    public LogPage? Take(long after, int limit)
    {
        lock (_lock)
        {
            if (_after is null || after < _after)
                return null;
            var taken = new List<StoredEvent>(Math.Min(limit, _events.Count));
            while (taken.Count < limit && _events.TryDequeue(out var stored))
            {
                _bytes -= EventSize.Of(stored);
                if (stored.Position > after)
                    taken.Add(stored);
            }

            _after = _events.Count == 0 ? _readTo : _events.Peek().Position - 1;
            return new LogPage(taken, Math.Max(after, _after.Value));
        }
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = New();
    }

    // Whoever waits must not go on inside the lock, nor on the tail's time.
    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
