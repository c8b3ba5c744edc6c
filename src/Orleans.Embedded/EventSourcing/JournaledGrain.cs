using Orleans.Runtime;

namespace Orleans.EventSourcing;

/// <summary>A grain whose state follows from a log that a log consistency provider keeps.</summary>
public abstract class LogConsistentGrain<TView> : Grain, ILifecycleParticipant<IGrainLifecycle>
{
    private protected LogConsistentGrain()
    {
    }

    /// <summary>Connects the grain with its log when it is activated.</summary>
    public virtual void Participate(IGrainLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(LogConsistentGrain<TView>), GrainLifecycleStage.Activate + 1, Connect());

    private protected abstract ILifecycleObserver Connect();
}

/// <summary>A grain that records what happens to it as events, of any class.</summary>
public abstract class JournaledGrain<TGrainState> : JournaledGrain<TGrainState, object>
    where TGrainState : class, new();

/// <summary>
/// A grain that records what happens to it as events. Raised events are pending until storage has them, then confirmed.
/// Everything here may be used from interleaving turns. How storage is used, and what happens when it fails, is said in
/// the README of this folder.
/// </summary>
public abstract class JournaledGrain<TGrainState, TEventBase> : LogConsistentGrain<TGrainState>
    where TGrainState : class, new()
    where TEventBase : class
{
    private LogViewAdaptor<TGrainState, TEventBase>? _adaptor;

    /// <summary>The state after the confirmed events.</summary>
    protected TGrainState State => Log.ConfirmedView;

    /// <summary>How many events are confirmed.</summary>
    protected int Version => Log.ConfirmedVersion;

    /// <summary>
    /// The state after the confirmed and the pending events; a copy, so the state must be serializable.
    /// </summary>
    protected TGrainState TentativeState => Log.TentativeView;

    /// <summary>The pending events, the oldest first.</summary>
    public IEnumerable<TEventBase> UnconfirmedEvents => Log.Pending;

    private LogViewAdaptor<TGrainState, TEventBase> Log =>
        _adaptor ?? throw new InvalidOperationException($"{GetType().Name} has no log before it is activated.");

    /// <summary>
    /// Reads the state. A grain that overrides this without calling it starts with whatever has been read by then.
    /// </summary>
    public override Task OnActivateAsync(CancellationToken cancellationToken) => Log.Synchronize();

    /// <summary>Raises an event. It is never dropped: if somebody else was first, it comes after theirs.</summary>
    protected virtual void RaiseEvent<TEvent>(TEvent @event)
        where TEvent : TEventBase
    {
        ArgumentNullException.ThrowIfNull(@event);
        Log.Submit([@event]);
    }

    /// <summary>Raises events that are stored together.</summary>
    protected virtual void RaiseEvents<TEvent>(IEnumerable<TEvent> events)
        where TEvent : TEventBase
    {
        ArgumentNullException.ThrowIfNull(events);
        Log.Submit([.. events]);
    }

    /// <summary>
    /// Raises an event if it is the next after those known here. False, and nothing is stored, if somebody else was
    /// first.
    /// </summary>
    protected virtual Task<bool> RaiseConditionalEvent<TEvent>(TEvent @event)
        where TEvent : TEventBase
    {
        ArgumentNullException.ThrowIfNull(@event);
        return Log.TryAppend([@event]);
    }

    /// <summary>Raises events, all or none, if they are the next after those known here.</summary>
    protected virtual Task<bool> RaiseConditionalEvents<TEvent>(IEnumerable<TEvent> events)
        where TEvent : TEventBase
    {
        ArgumentNullException.ThrowIfNull(events);
        return Log.TryAppend([.. events]);
    }

    /// <summary>Waits until what has been raised is confirmed. It does not fail when storage does: it waits.</summary>
    protected Task ConfirmEvents() => Log.ConfirmSubmitted();

    /// <summary>Reads the latest state, and confirms what has been raised.</summary>
    protected Task RefreshNow() => Log.Synchronize();

    /// <summary>
    /// The confirmed events from one version to another, where the provider can tell: custom storage cannot.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such range.</exception>
    /// <exception cref="NotSupportedException">The provider cannot tell.</exception>
    protected Task<IReadOnlyList<TEventBase>> RetrieveConfirmedEvents(int fromVersion, int toVersion)
    {
        if (fromVersion < 0) throw new ArgumentException("The range starts too early.", nameof(fromVersion));
        if (toVersion < fromVersion || toVersion > Version)
        {
            throw new ArgumentException("The range ends too early or too late.", nameof(toVersion));
        }

        throw new NotSupportedException("Custom storage does not tell events: read them where they are stored.");
    }

    /// <summary>
    /// Takes an event into the state; by default by the state's own method <c>Apply(event)</c>. An exception is logged
    /// and the state read from storage again: the event stays stored.
    /// </summary>
    protected virtual void TransitionState(TGrainState state, TEventBase @event) =>
        ((dynamic)state).Apply((dynamic)@event);

    /// <summary>Called after <see cref="State"/> has changed. Exceptions are logged and do no harm.</summary>
    protected virtual void OnStateChanged()
    {
    }

    /// <summary>Called after <see cref="TentativeState"/> has changed. Exceptions are logged and do no harm.</summary>
    protected virtual void OnTentativeStateChanged()
    {
    }

    /// <summary>Called when storage fails; may set the issue's <see cref="ConnectionIssue.RetryDelay"/>.</summary>
    protected virtual void OnConnectionIssue(ConnectionIssue issue)
    {
    }

    /// <summary>Called when storage works again.</summary>
    protected virtual void OnConnectionIssueResolved(ConnectionIssue issue)
    {
    }

    internal void Apply(TGrainState state, TEventBase @event) => TransitionState(state, @event);

    internal void Changed(bool tentative, bool confirmed)
    {
        if (tentative) OnTentativeStateChanged();
        if (confirmed) OnStateChanged();
    }

    internal void Failed(ConnectionIssue issue) => OnConnectionIssue(issue);

    internal void Recovered(ConnectionIssue issue) => OnConnectionIssueResolved(issue);

    private protected sealed override ILifecycleObserver Connect() => _adaptor = CustomStorageProvider.Connect(this);
}
