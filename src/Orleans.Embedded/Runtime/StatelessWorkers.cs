namespace Orleans.Runtime;

/// <summary>The activations of one stateless worker on one silo. They are not in the directory.</summary>
internal sealed class StatelessWorkers(GrainId grainId, GrainClass grainClass, RuntimeClient runtime)
{
    private readonly List<Activation> _workers = [];

    /// <summary>One that is free; else a new one, if there may be more; else the one with the least to do.</summary>
    internal Activation Pick(Message? cause)
    {
        Activation made;
        lock (_workers)
        {
            if (_workers.Find(worker => worker.IsFree) is { } free) return free;
            if (_workers.Count >= grainClass.MaxLocalWorkers) return _workers.MinBy(worker => worker.Load)!;
            made = new Activation(grainId, grainClass, runtime);
            _workers.Add(made);
        }

        made.Start(cause);
        return made;
    }

    internal void Remove(Activation worker)
    {
        lock (_workers) _workers.Remove(worker);
    }

    internal Activation[] ToArray()
    {
        lock (_workers) return [.. _workers];
    }
}
