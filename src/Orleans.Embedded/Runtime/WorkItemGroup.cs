namespace Orleans.Runtime;

/// <summary>
/// A task scheduler that runs one item at a time: what makes an activation single-threaded. Code started on it stays
/// on it, because <c>await</c> comes back to <see cref="TaskScheduler.Current"/>.
/// Invariant: at most one thread is inside <see cref="IThreadPoolWorkItem.Execute"/>; the queue and the flag are
/// guarded by <c>this</c>.
/// </summary>
internal abstract class WorkItemGroup : TaskScheduler, IThreadPoolWorkItem
{
    // As genuine Orleans: long enough that a busy group is not requeued all the time, short enough to be fair to
    // others.
    private const long QuantumMilliseconds = 100;

    // Made when first needed and kept: an idle activation that was used has one small array here.
    private Queue<object>? _items;
    private bool _scheduled;

    // The task that Execute itself is starting; only its thread sets it, and to others it is never equal to theirs.
    private Task? _starting;

    public sealed override int MaximumConcurrencyLevel => 1;

    /// <summary>Once true, nothing more runs here: what was queued is dropped, as when a process dies.</summary>
    protected abstract bool IsDead { get; }

    void IThreadPoolWorkItem.Execute()
    {
        var started = Environment.TickCount64;
        while (true)
        {
            object? item;
            lock (this)
            {
                if (IsDead) _items?.Clear();
                if (_items is null || !_items.TryDequeue(out item))
                {
                    _scheduled = false;
                    return;
                }
            }

            if (item is Task task)
            {
                TryExecuteTask(task);
            }
            else
            {
                // Made into a task only here, so that the sender's execution context does not flow into it.
                _starting = new Task(RunItem, item, CancellationToken.None, TaskCreationOptions.DenyChildAttach);
                _starting.RunSynchronously(this);

                // Not kept: an idle activation would hold its last call, and all that this refers to.
                _starting = null;
            }

            if (Environment.TickCount64 - started > QuantumMilliseconds)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
    }

    /// <summary>Runs one item that is not a task, as a task of this scheduler.</summary>
    protected abstract void RunItem(object? item);

    /// <summary>Adds a task, or something for <see cref="RunItem"/>. May be called from anywhere.</summary>
    protected void Enqueue(object item)
    {
        lock (this)
        {
            (_items ??= new Queue<object>(1)).Enqueue(item);
            if (_scheduled) return;
            _scheduled = true;
        }

        // Not to the thread's own queue, which is last in, first out: with every thread busy, whoever stands at its
        // bottom would not be served at all.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    protected sealed override void QueueTask(Task task) => Enqueue(task);

    protected sealed override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && (task == _starting || Current == this) && TryExecuteTask(task);

    protected sealed override IEnumerable<Task> GetScheduledTasks()
    {
        lock (this) return _items?.OfType<Task>().ToArray() ?? [];
    }
}
