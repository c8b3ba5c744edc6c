using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>How an activation starts and ends.</summary>
internal sealed partial class Activation
{
    private const int ForwardsMax = 2;

    private IServiceScope? _scope;
    private LifecycleSubject? _lifecycle;
    private List<GrainTimer>? _timers;
    private Dictionary<Type, object>? _extensions;
    private TaskCompletionSource? _deactivated;
    private DeactivationReason _reason;
    private DateTimeOffset _keepUntil;

    public IServiceProvider ActivationServices => _scope?.ServiceProvider ?? Runtime.Services;

    public IGrainLifecycle ObservableLifecycle => _lifecycle ??= new LifecycleSubject();

    public Task Deactivated
    {
        get
        {
            lock (this)
            {
                _deactivated ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_state is ActivationState.Invalid) _deactivated.TrySetResult();
                return _deactivated.Task;
            }
        }
    }

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (this)
        {
            if (_state is ActivationState.Deactivating or ActivationState.Invalid) return;
            var starting = _state is ActivationState.Activating;
            _reason = deactivationReason;
            _state = ActivationState.Deactivating;

            // One that is still starting ends when it has started.
            if (!starting && _running == 0) BeginEnding();
        }
    }

    /// <summary>
    /// What it knows of its state is out of date: its next activation reads anew; its callers' ones live on.
    /// </summary>
    internal void EndStale(InconsistentStateException exception)
    {
        exception.IsSourceActivation = false;
        Deactivate(new(DeactivationReasonCode.ApplicationError, exception, "Somebody else has written its state."));
    }

    internal void DelayDeactivation(TimeSpan timeSpan)
    {
        lock (this)
        {
            _keepUntil = timeSpan == Timeout.InfiniteTimeSpan || timeSpan == TimeSpan.MaxValue ? DateTimeOffset.MaxValue
                : timeSpan <= TimeSpan.Zero ? default
                : Runtime.TimeProvider.GetUtcNow() + timeSpan;
        }
    }

    /// <summary>
    /// Deactivates if it has been idle for its class's age, or for <paramref name="age"/> if one is given;
    /// says whether.
    /// </summary>
    internal bool CollectIfIdle(TimeSpan? age = null)
    {
        lock (this)
        {
            if (_state is not ActivationState.Valid || _running + _waiting.Count > 0) return false;
            if (_class.CollectionAge is not { } ofClass) return false;
            if (Runtime.TimeProvider.GetElapsedTime(_lastUsed) < (age ?? ofClass)) return false;
            if (Runtime.TimeProvider.GetUtcNow() < _keepUntil) return false;
        }

        Deactivate(new(DeactivationReasonCode.ActivationIdle, "It was idle."));
        return true;
    }

    /// <summary>Begins to activate; called once, by whoever put it into the directory.</summary>
    internal void Start(Message? cause)
    {
        Interlocked.Increment(ref _class.ActivationCount);
        var context = cause?.RequestContext;
        Enqueue(async Task () =>
        {
            RequestContext.Current = context;
            await ActivateAsync();
        });
    }

    /// <summary>Makes an object that exists already the target of calls: an observer that a client offers.</summary>
    internal void StartWith(object instance)
    {
        GrainInstance = instance;
        _state = ActivationState.Valid;
    }

    /// <summary>
    /// Ends it without a goodbye: its silo is dead, or it is an observer taken back. Returns what waited for it.
    /// </summary>
    internal List<Message> Drop()
    {
        foreach (var timer in TakeTimers()) timer.Stop();
        return BecomeInvalid();
    }

    /// <summary>
    /// Takes back an activation that was never started; calls that have found it meanwhile go to another.
    /// </summary>
    internal void Abandon()
    {
        foreach (var message in BecomeInvalid()) Forward(message);
    }

    internal void AddTimer(GrainTimer timer)
    {
        lock (this) (_timers ??= []).Add(timer);
    }

    internal void RemoveTimer(GrainTimer timer)
    {
        lock (this) _timers?.Remove(timer);
    }

    /// <summary>What answers an extension's calls here; made when first called, from the silo's services.</summary>
    internal object Extension(Type extensionInterface)
    {
        if (_extensions is not null && _extensions.TryGetValue(extensionInterface, out var extension)) return extension;
        extension = ActivationServices.GetRequiredKeyedService(typeof(IGrainExtension), extensionInterface);
        (_extensions ??= [])[extensionInterface] = extension;
        return extension;
    }

    private async Task ActivateAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(_class.ActivationTimeout, Runtime.TimeProvider);
            _scope = Runtime.Services.CreateScope();
            GrainInstance = _class.Create(this);
            if (GrainInstance is ILifecycleParticipant<IGrainLifecycle> participant)
                participant.Participate(ObservableLifecycle);
            if (_lifecycle is not null) await _lifecycle.StartAsync(limit.Token).WaitAsync(limit.Token);
            if (GrainInstance is IGrainBase grain) await grain.OnActivateAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception exception)
        {
            Logger.LogWarning(exception, "{Grain} could not be activated.", GrainId);
            await EndAsync(activated: false, exception);
            return;
        }

        lock (this)
        {
            if (_state is ActivationState.Activating)
            {
                _state = ActivationState.Valid;
                _waiting.Offer(this);
                return;
            }

            BeginEnding();
        }
    }

    // On the way out no turn of the grain runs, so this has the activation for itself.
    private void BeginEnding() => Enqueue(() => EndAsync(activated: true, null));

    private async Task EndAsync(bool activated, Exception? failure)
    {
        using var limit = new CancellationTokenSource(_class.DeactivationTimeout, Runtime.TimeProvider);
        foreach (var timer in TakeTimers()) timer.Dispose();
        if (activated && GrainInstance is IGrainBase grain)
            await TryAsync("deactivate", () => grain.OnDeactivateAsync(_reason, limit.Token).WaitAsync(limit.Token));
        if (_lifecycle is not null)
            await TryAsync("stop its lifecycle", () => _lifecycle.StopAsync(limit.Token).WaitAsync(limit.Token));
        await TryAsync("dispose its grain", () => DisposeAsync(GrainInstance).AsTask());
        await TryAsync("dispose its services", () => DisposeAsync(_scope).AsTask());

        // Out of the directory first: whoever is turned away by the state must find another activation, or none.
        Runtime.Cluster.Remove(this);
        Interlocked.Decrement(ref _class.ActivationCount);
        if (failure is not null) _reason = new(DeactivationReasonCode.ActivationFailed, failure, "It did not begin.");
        foreach (var message in BecomeInvalid())
        {
            if (failure is not null) message.FailFromReceiver(failure);
            else if (message is not TimerTick) Forward(message);
        }
    }

    private List<Message> BecomeInvalid()
    {
        lock (this)
        {
            _state = ActivationState.Invalid;
            _deactivated?.TrySetResult();
            return _waiting.TakeAll();
        }
    }

    // Bounded, as in genuine Orleans, because a grain that ends itself whenever it is activated would never answer.
    private void Forward(Message message)
    {
        if (message.Forwards++ < ForwardsMax)
        {
            message.Sender.Dispatch(message);
            return;
        }

        message.Fail(new OrleansMessageRejectionException(
            $"{ForwardsMax + 1} activations ended before they came to message: {message}."));
    }

    private GrainTimer[] TakeTimers()
    {
        lock (this)
        {
            GrainTimer[] timers = [.. _timers ?? []];
            _timers = null;
            return timers;
        }
    }

    private async Task TryAsync(string what, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception)
        {
            Logger.LogWarning(exception, "{Grain} failed to {What}; it ends all the same.", GrainId, what);
        }
    }

    private static ValueTask DisposeAsync(object? held)
    {
        if (held is IAsyncDisposable asyncDisposable) return asyncDisposable.DisposeAsync();
        (held as IDisposable)?.Dispose();
        return ValueTask.CompletedTask;
    }
}
