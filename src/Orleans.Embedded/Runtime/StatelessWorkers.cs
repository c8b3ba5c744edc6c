namespace Orleans.Runtime;

/// <summary>
/// The activations of one stateless worker on one silo. They are not in the directory. When the last has ended the set
/// is closed and forgotten, so that keys that were used once leave nothing behind.
/// </summary>
internal sealed class StatelessWorkers(Silo silo, GrainId grainId, GrainClass grainClass)
{
    private readonly List<Activation> _workers = [];
    private bool _closed;

    /// <summary>
    /// One that is free; else a new one, if there may be more; else the one with the least to do. Null if this set, or
    /// its silo, takes nothing more.
    /// </summary>
    internal Activation? Pick(Message? cause)
    {
        Activation made;
        lock (_workers)
        {
            if (_closed) return null;
            if (_workers.Find(worker => worker.IsFree) is { } free) return free;
            if (_workers.Count >= grainClass.MaxLocalWorkers) return _workers.MinBy(worker => worker.Load)!;
            made = new Activation(grainId, grainClass, silo.Runtime);
            _workers.Add(made);
        }

        // As in Cluster.Locate: listed first, looked at second, so that a silo that leaves finds it or is noticed here.
        if (silo.Status is SiloStatus.Active)
        {
            made.Start(cause);
            return made;
        }

        Remove(made);
        made.Abandon();
        return null;
    }

    internal void Remove(Activation worker)
    {
        lock (_workers)
        {
            _workers.Remove(worker);
            if (_workers.Count > 0) return;
            _closed = true;
        }

        silo.Forget(grainId, this);
    }

    internal Activation[] ToArray()
    {
        lock (_workers) return [.. _workers];
    }
}
