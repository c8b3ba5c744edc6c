using Microsoft.Extensions.Logging;
using Orleans.EventSourcing.Common;
using Orleans.EventSourcing.CustomStorage;
using Orleans.Runtime;

namespace Orleans.EventSourcing;

/// <summary>
/// What stands between a journaled grain and its storage: the confirmed state, the pending events, and a worker that
/// reads and writes. Everything runs on the activation's scheduler, so there are no locks; the worker's turns
/// interleave with the grain's at every await. Invariants: storage is called once at a time; the pending events come
/// after the confirmed ones in the order raised; the conditional ones among them are all in place or all stale.
/// </summary>
internal sealed class LogViewAdaptor<TState, TEvent>(
    JournaledGrain<TState, TEvent> grain, ICustomStorageInterface<TState, TEvent> storage) : ILifecycleObserver
    where TState : class, new()
    where TEvent : class
{
    private readonly List<Entry> _pending = [];

    // The state with the pending events; made when asked for, thrown away when it may have become wrong.
    private TState? _tentative;

    // The cycle of work under way, and the one that will do what has been asked for since it began. Idle: neither.
    private TaskCompletionSource? _running;
    private TaskCompletionSource? _queued;

    private PrimaryOperationFailed? _issue;
    private bool _loaded;
    private bool _stale;
    private bool _writing;
    private bool _ended;

    internal TState ConfirmedView { get; private set; } = new();

    internal int ConfirmedVersion { get; private set; }

    internal TState TentativeView => _tentative ??= CopyTentative();

    internal IEnumerable<TEvent> Pending => _pending.Select(entry => entry.Event);

    private Activation Activation => (Activation)grain.GrainContext;

    private Task? Work => (_queued ?? _running)?.Task;

    /// <summary>
    /// The last stage of activating: genuine Orleans too reads the state now, whether or not the grain waits for it.
    /// </summary>
    Task ILifecycleObserver.OnStart(CancellationToken cancellationToken)
    {
        _ = Wake();
        return Task.CompletedTask;
    }

    /// <summary>Waits until what was raised is stored. A read is not worth waiting for if it fails.</summary>
    async Task ILifecycleObserver.OnStop(CancellationToken cancellationToken)
    {
        try
        {
            while (Work is { } work && (_pending.Count > 0 || _issue is null)) await work.WaitAsync(cancellationToken);
        }
        finally
        {
            _ended = true;
            if (_pending.Count > 0)
            {
                Activation.Logger.LogError(
                    "{Grain} ended before storage had its last {Count} events.", Activation.GrainId, _pending.Count);
            }
        }
    }

    internal Task Synchronize()
    {
        _stale = true;
        return Wake();
    }

    internal Task ConfirmSubmitted() => (_pending.Count > 0 || _writing ? Work : null) ?? Task.CompletedTask;

    internal void Submit(TEvent[] events)
    {
        foreach (var @event in events) Add(new(@event, null, null));
        _ = Wake();
    }

    internal Task<bool> TryAppend(TEvent[] events)
    {
        // Genuine Orleans never answers then.
        if (events.Length == 0) return Task.FromResult(true);
        var result = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = result;
        foreach (var @event in events)
        {
            Add(new(@event, ConfirmedVersion + _pending.Count, first));
            first = null;
        }

        _ = Wake();
        return result.Task;
    }

    private void Add(Entry entry)
    {
        _pending.Add(entry);
        if (_tentative is not null) TryApply(_tentative, entry.Event);
        Tell(tentative: true, confirmed: false);
    }

    // The cycle that will do what is asked for now. It starts after the turn that asks: what that raises is one batch.
    private Task Wake()
    {
        if (_queued is not null) return _queued.Task;
        _queued = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var cycle = _queued.Task;
        if (_running is null)
        {
            _ = Task.Factory.StartNew(
                RunAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Activation);
        }

        return cycle;
    }

    private async Task RunAsync()
    {
        while (_queued is not null)
        {
            (_running, _queued) = (_queued, null);
            var write = _pending.Count > 0;
            var read = !_loaded || (_stale && !write);
            _stale = false;
            if (read) await ReadAsync();
            if (write) await WriteAsync();
            _running.SetResult();
        }

        _running = null;
    }

    private async Task ReadAsync()
    {
        while (!_ended)
        {
            try
            {
                var (version, state) = await storage.ReadStateFromStorage();
                var changed = version != ConfirmedVersion;
                (ConfirmedVersion, ConfirmedView, _loaded) = (version, state, true);
                Resolve();
                if (!changed) return;
                _tentative = null;
                Tell(tentative: true, confirmed: true);
                return;
            }
            catch (Exception exception)
            {
                Record(new ReadFromPrimaryFailed { Exception = exception });
            }

            await PauseAsync();
        }
    }

    // Tries until storage has taken a batch, or no event is left because all were conditional and stale.
    private async Task WriteAsync()
    {
        _writing = true;
        for (DropStale(); _pending.Count > 0 && !_ended; DropStale())
        {
            var batch = _pending.ToArray();
            if (await TryWriteAsync(batch))
            {
                await ConfirmAsync(batch);
                break;
            }

            // Without a failure, or after the first one, this does not wait: storage itself has to.
            await PauseAsync();
            await ReadAsync();
        }

        _writing = false;
    }

    private async Task<bool> TryWriteAsync(Entry[] batch)
    {
        try
        {
            var events = Array.ConvertAll(batch, entry => entry.Event);
            var stored = await storage.ApplyUpdatesToStorage(events, ConfirmedVersion);
            Resolve();
            return stored;
        }
        catch (Exception exception)
        {
            Record(new UpdatePrimaryFailed { Exception = exception });
            return false;
        }
    }

    private async Task ConfirmAsync(Entry[] batch)
    {
        // Before the grain is told, so that no event is seen as both confirmed and pending.
        _pending.RemoveRange(0, batch.Length);
        if (_pending.Count == 0) _pending.TrimExcess();
        _tentative = null;
        var version = ConfirmedVersion + batch.Length;
        var folded = Array.TrueForAll(batch, entry =>
        {
            ConfirmedVersion++;
            return TryApply(ConfirmedView, entry.Event);
        });
        ConfirmedVersion = version;
        if (!folded) await ReadAsync();
        Tell(tentative: !folded, confirmed: true);
        foreach (var entry in batch) entry.Result?.SetResult(true);
    }

    // If one is stale, all are: each was raised as the next after all that were known and pending then.
    private void DropStale()
    {
        var first = _pending.FindIndex(entry => entry.Position is not null);
        if (first < 0 || _pending[first].Position == ConfirmedVersion + first) return;
        foreach (var entry in _pending) entry.Result?.SetResult(false);
        _pending.RemoveAll(entry => entry.Position is not null);
        _tentative = null;
        Tell(tentative: true, confirmed: false);
    }

    private TState CopyTentative()
    {
        var runtime = Activation.Runtime;
        var copy = (TState)runtime.Receive(runtime.Serializer.Serialize(ConfirmedView))!;
        foreach (var entry in _pending) TryApply(copy, entry.Event);
        return copy;
    }

    // Other turns get to run also without a delay: storage that always fails must not keep the grain for itself.
    private async Task PauseAsync()
    {
        var delay = _issue?.RetryDelay ?? TimeSpan.Zero;
        if (delay > TimeSpan.Zero) await Task.Delay(delay, Activation.Runtime.TimeProvider);
        else await Task.Yield();
    }

    private void Record(PrimaryOperationFailed issue)
    {
        issue.TimeStamp = Activation.Runtime.TimeProvider.GetUtcNow().UtcDateTime;
        issue.TimeOfFirstFailure = _issue?.TimeOfFirstFailure ?? issue.TimeStamp;
        issue.NumberOfConsecutiveFailures = (_issue?.NumberOfConsecutiveFailures ?? 0) + 1;
        issue.RetryDelay = issue.ComputeRetryDelay(_issue?.RetryDelay);
        _issue = issue;
        Try("OnConnectionIssue", () => grain.Failed(issue));
    }

    private void Resolve()
    {
        if (_issue is not { } issue) return;
        _issue = null;
        Try("OnConnectionIssueResolved", () => grain.Recovered(issue));
    }

    private void Tell(bool tentative, bool confirmed) =>
        Try(confirmed ? "OnStateChanged" : "OnTentativeStateChanged", () => grain.Changed(tentative, confirmed));

    private bool TryApply(TState state, TEvent @event) => Try("TransitionState", () => grain.Apply(state, @event));

    // What the grain does with what it is told is no part of storing events, so its failure is not one of theirs.
    private bool Try(string callback, Action call)
    {
        try
        {
            call();
            return true;
        }
        catch (Exception exception)
        {
            Activation.Logger.LogWarning(exception, "{Callback} of {Grain} failed.", callback, Activation.GrainId);
            return false;
        }
    }

    /// <summary>
    /// A pending event. A conditional one says which event of the log it is to be, and its batch's first one who waits.
    /// </summary>
    private readonly record struct Entry(TEvent Event, int? Position, TaskCompletionSource<bool>? Result);
}
