namespace Orleans.Streams;

/// <summary>
/// Who reads which queue of one provider, among the silos of the process. A queue is assigned to one silo and held by
/// one: when it is assigned to another, that one takes it only after its holder has given it back or died, so no two
/// read it at once. Assignments move no more than evenness needs: the most and the least loaded differ by at most one.
/// </summary>
internal sealed class QueueOwners
{
    private readonly Lock _lock = new();
    private readonly List<PullingAgents> _silos = [];
    private readonly Dictionary<QueueId, PullingAgents?> _assigned = [];
    private readonly Dictionary<QueueId, PullingAgents> _held = [];

    internal void Enter(PullingAgents silo, IEnumerable<QueueId> queues)
    {
        lock (_lock)
        {
            foreach (var queue in queues) _assigned.TryAdd(queue, null);
            _silos.Add(silo);
        }

        Balance();
    }

    /// <summary>The silo gets no more queues; those it holds it still has to give back.</summary>
    internal void Leave(PullingAgents silo)
    {
        lock (_lock) _silos.Remove(silo);
        Balance();
    }

    /// <summary>Assigns the queues to those silos that live, and has every one look at what it got.</summary>
    internal void Balance()
    {
        PullingAgents[] living;
        lock (_lock)
        {
            _silos.RemoveAll(silo => silo.HasDied);
            living = [.. _silos];
            Assign();
        }

        foreach (var silo in living) silo.LookAgain();
    }

    internal List<QueueId> AssignedTo(PullingAgents silo)
    {
        lock (_lock) return [.. _assigned.Where(pair => pair.Value == silo).Select(pair => pair.Key)];
    }

    /// <summary>Makes the silo the queue's holder, if it is still assigned to it and no living silo holds it.</summary>
    internal bool TryTake(QueueId queue, PullingAgents silo)
    {
        lock (_lock)
        {
            if (_assigned[queue] != silo) return false;
            if (_held.TryGetValue(queue, out var holder) && holder != silo && !holder.HasDied) return false;
            _held[queue] = silo;
            return true;
        }
    }

    internal void GiveBack(QueueId queue, PullingAgents silo)
    {
        PullingAgents? next;
        lock (_lock)
        {
            if (_held.GetValueOrDefault(queue) == silo) _held.Remove(queue);
            next = _assigned[queue];
        }

        next?.LookAgain();
    }

    private void Assign()
    {
        var queuesOf = _silos.ToDictionary(silo => silo, _ => new List<QueueId>());
        List<QueueId> free = [];
        foreach (var (queue, silo) in _assigned.OrderBy(pair => pair.Key))
        {
            (silo is not null && queuesOf.TryGetValue(silo, out var queues) ? queues : free).Add(queue);
        }

        if (_silos.Count > 0)
        {
            foreach (var queue in free) Least().Value.Add(queue);
            while (Most().Value is { } most && Least().Value is { } least && most.Count - least.Count > 1)
            {
                least.Add(most[^1]);
                most.RemoveAt(most.Count - 1);
            }
        }

        foreach (var queue in free) _assigned[queue] = null;
        foreach (var (silo, queues) in queuesOf)
        {
            foreach (var queue in queues) _assigned[queue] = silo;
        }

        KeyValuePair<PullingAgents, List<QueueId>> Least() => queuesOf.MinBy(pair => pair.Value.Count);
        KeyValuePair<PullingAgents, List<QueueId>> Most() => queuesOf.MaxBy(pair => pair.Value.Count);
    }
}
