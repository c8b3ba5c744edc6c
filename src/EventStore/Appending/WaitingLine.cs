namespace Waybill.EventStore.Appending;

/// <summary>
/// What waits for the writer, in order. Whoever adds never waits. The writer sleeps until there is enough: a collection
/// of the framework would have it spin first, each time, which costs more than what it waits for.
/// </summary>
/// <param name="capacity">How many may wait.</param>
internal sealed class WaitingLine(int capacity)
{
    private readonly object _gate = new(); // Guards what follows. A Lock cannot be waited on.
    private readonly Queue<Pending> _waiting = [];
    private int _wanted;
    private bool _isClosed;

    /// <summary>How many wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <summary>Adds one at the end.</summary>
    /// <exception cref="StoreOverloadedException">Too many wait.</exception>
    /// <exception cref="StoreUnavailableException">It is closed.</exception>
    public void Add(Pending pending)
    {
        lock (_gate)
        {
            if (_isClosed)
                throw new StoreUnavailableException("The event store is closed.");
            if (_waiting.Count >= capacity)
                throw new StoreOverloadedException(capacity);
            _waiting.Enqueue(pending);
            if (_waiting.Count == _wanted)
                Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes no more; who waits already is still taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits until there is one, and then for some time until there are as many as wanted.</summary>
    /// <returns>False if it is closed, and nobody waits any more.</returns>
    public bool WaitFor(int wanted, TimeSpan linger)
    {
        lock (_gate)
        {
            _wanted = 1;
            while (_waiting.Count == 0 && !_isClosed)
                Monitor.Wait(_gate);
            _wanted = wanted;
            if (_waiting.Count < wanted && !_isClosed)
                Monitor.Wait(_gate, linger);
            return _waiting.Count > 0;
        }
    }

    /// <summary>Takes the first ones: at most so many, and no more once they have so many events.</summary>
    /// <param name="batch">To which they are added.</param>
    /// <param name="max">How many it may have.</param>
    /// <param name="eventsMax">The number of events with which it is full.</param>
    public void Take(List<Pending> batch, int max, int eventsMax)
    {
        lock (_gate)
            for (var events = 0; batch.Count < max && events < eventsMax && _waiting.TryDequeue(out var next);)
            {
                if (next.IsAbandoned)
                {
                    next.Abandon();
                    continue;
                }
                batch.Add(next);
                events += next.EventCount;
            }
    }
}
