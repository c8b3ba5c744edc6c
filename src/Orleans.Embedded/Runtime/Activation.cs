using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

internal enum ActivationState : byte
{
    /// <summary>Made or starting; calls wait.</summary>
    Activating,

    /// <summary>Serving.</summary>
    Valid,

    /// <summary>Ending: calls under way go on, new ones wait for the next activation.</summary>
    Deactivating,

    /// <summary>Ended, or its silo is dead; nothing runs here again.</summary>
    Invalid,
}

/// <summary>
/// One activation: the grain object, the line of calls that wait for it, and the scheduler its turns run on.
/// Which call may start is decided here; how activations start and end, in the other half of the class.
/// Everything that is not read-only is guarded by <c>this</c>, or touched only by the activation's own turns.
/// </summary>
internal sealed partial class Activation : WorkItemGroup, IGrainContext
{
    private readonly GrainClass _class;
    private ActivationState _state;
    private WaitingLine _waiting;
    private int _running;

    // The running call that others must not interleave with; null while only interleaving ones run.
    private Message? _blocking;
    private long _lastUsed;

    internal Activation(GrainId grainId, GrainClass grainClass, RuntimeClient runtime)
    {
        GrainId = grainId;
        _class = grainClass;
        Runtime = runtime;
        _lastUsed = runtime.TimeProvider.GetTimestamp();
    }

    /// <summary>The activation whose turn the calling code is, or null outside of any.</summary>
    internal static new Activation? Current => TaskScheduler.Current as Activation;

    public GrainId GrainId { get; }

    public object? GrainInstance { get; private set; }

    internal RuntimeClient Runtime { get; }

    internal GrainClass Class => _class;

    internal ILogger Logger => _class.Logger;

    internal bool HasIncomingFilters => Runtime.IncomingFilters.Length > 0 || GrainInstance is IIncomingGrainCallFilter;

    /// <summary>Whether a call given to it now would start at once.</summary>
    internal bool IsFree
    {
        get
        {
            lock (this) return _running == 0 && _waiting.Count == 0 && _state is ActivationState.Valid;
        }
    }

    /// <summary>How many calls run or wait.</summary>
    internal int Load
    {
        get
        {
            lock (this) return _running + _waiting.Count;
        }
    }

    protected override bool IsDead => Runtime.IsDead;

    private bool IsOverloaded
    {
        get
        {
            if (_running + _waiting.Count <= _class.MaxEnqueued) return false;
            _waiting.SweepIfStale();
            return _running + _waiting.Count > _class.MaxEnqueued;
        }
    }

    /// <summary>
    /// Takes a message, to run it when its turn comes. False if this activation has ended: the directory then names
    /// another or none. A call too many is refused here.
    /// </summary>
    internal bool TryReceive(Message message)
    {
        // Named first, looked at second: a silo that dies marks itself dead first and looks for its calls second, so
        // one of the two sees the other.
        message.DeliverTo(this);
        if (Runtime.IsDead) return false;

        lock (this)
        {
            if (_state is ActivationState.Invalid) return FailUnborn(message);
            if (IsOverloaded && message is not TimerTick)
            {
                message.Fail(new LimitExceededException(
                    "MaxEnqueuedRequests", _running + _waiting.Count, _class.MaxEnqueued, GrainId));
                return true;
            }

            if (_state is not ActivationState.Valid || !MayStart(message))
            {
                _waiting.Add(message);
                return true;
            }

            Begin(message);
        }

        Enqueue(message);
        return true;
    }

    // Whoever made an activation may come to it after it has failed already, and is told why as those before him are.
    private bool FailUnborn(Message message)
    {
        if (_reason is not { ReasonCode: DeactivationReasonCode.ActivationFailed, Exception: { } cause }) return false;
        message.FailFromReceiver(cause);
        return true;
    }

    /// <summary>Called when a message has been run to its end: lets the next ones start.</summary>
    internal void Completed(Message message, bool failed)
    {
        var now = Runtime.TimeProvider.GetTimestamp();
        if (message is not TimerTick) _class.Record(now - message.SentAt, failed);
        lock (this)
        {
            _running--;
            if (_blocking == message) _blocking = null;
            if (message is not TimerTick { KeepAlive: false }) _lastUsed = now;
            if (_state is ActivationState.Valid) _waiting.Offer(this);
            else if (_running == 0 && _state is ActivationState.Deactivating) BeginEnding();
        }
    }

    /// <summary>Starts a message that has waited, if it may start now. Called with the activation locked.</summary>
    internal bool TryBegin(Message message)
    {
        if (!MayStart(message)) return false;
        Begin(message);
        Enqueue(message);
        return true;
    }

    internal object TargetOf(GrainMethod method) => method.IsExtension ? Extension(method.Interface) : GrainInstance!;

    protected override void RunItem(object? item)
    {
        if (item is Message message) message.Run(this);
        else _ = ((Func<Task>)item!)();
    }

    // As in genuine Orleans: what blocks is the first call that is not always-interleaving.
    private bool MayStart(Message message) =>
        _running == 0 || message.AlwaysInterleave || _blocking is null || _class.Reentrant
        || (_blocking.ReadOnly && message.ReadOnly);

    private void Begin(Message message)
    {
        _running++;
        if (!message.AlwaysInterleave) _blocking ??= message;
    }
}
