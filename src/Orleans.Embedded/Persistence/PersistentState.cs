using System.Runtime.CompilerServices;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>
/// One state of one activation. It is read when the activation starts, at <see cref="GrainLifecycleStage.SetupState"/>.
/// Used by the activation's own turns only, so it needs no lock; its operations are run one after another.
/// </summary>
internal sealed class PersistentState<TState> : IPersistentState<TState>, ILifecycleObserver
{
    private readonly string _name;
    private readonly Activation _activation;
    private readonly IGrainStorage _storage;
    private readonly GrainState<TState> _stored = new(NewState.Of<TState>());
    private Task _last = Task.CompletedTask;
    private int _queued;
    private bool _read;

    public PersistentState(string name, Activation activation, IGrainStorage storage)
    {
        (_name, _activation, _storage) = (name, activation, storage);
        activation.ObservableLifecycle.Subscribe(name, GrainLifecycleStage.SetupState, this);
    }

    public TState State
    {
        get => _stored.State!;
        set => _stored.State = value;
    }

    public string? Etag => _stored.ETag;

    public bool RecordExists =>
        _read ? _stored.RecordExists : throw new InvalidOperationException("The state has not been read yet.");

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public Task ReadStateAsync(CancellationToken cancellationToken) => Enqueue(async token =>
    {
        await _storage.ReadStateAsync(_name, _activation.GrainId, _stored, token);
        _read = true;
    }, cancellationToken);

    public Task WriteStateAsync(CancellationToken cancellationToken) =>
        Enqueue(token => _storage.WriteStateAsync(_name, _activation.GrainId, _stored, token), cancellationToken);

    public Task ClearStateAsync(CancellationToken cancellationToken) =>
        Enqueue(token => _storage.ClearStateAsync(_name, _activation.GrainId, _stored, token), cancellationToken);

    Task ILifecycleObserver.OnStart(CancellationToken cancellationToken) => ReadStateAsync(cancellationToken);

    Task ILifecycleObserver.OnStop(CancellationToken cancellationToken) => Task.CompletedTask;

    private Task Enqueue(
        Func<CancellationToken, Task> operation, CancellationToken token, [CallerMemberName] string called = "")
    {
        _queued++;
        var last = RunAsync(_last, operation, called, token);

        // One that has ended already has no successors to wait for it.
        if (!last.IsCompleted) _last = last;
        return last;
    }

    private async Task RunAsync(
        Task before, Func<CancellationToken, Task> operation, string called, CancellationToken token)
    {
        try
        {
            await before.ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await operation(token);
        }
        catch (Exception exception) when (exception is not OrleansException && !token.IsCancellationRequested)
        {
            // The storage's own exception may not be able to cross to a caller on another silo; this one is.
            throw new OrleansException(
                $"{called} of {_name}, {_activation.GrainId}, failed in {_storage.GetType().Name}: {exception.Message}",
                exception);
        }
        finally
        {
            // An idle grain keeps nothing of the operations it has done.
            if (--_queued == 0) _last = Task.CompletedTask;
        }
    }
}

/// <summary>The state a grain has before anything is stored.</summary>
internal static class NewState
{
    /// <summary>
    /// Made by the constructor without parameters; by none if there is none, as genuine Orleans does.
    /// </summary>
    internal static T Of<T>() => typeof(T).IsValueType || typeof(T).GetConstructor(Type.EmptyTypes) is not null
        ? Activator.CreateInstance<T>()
        : (T)RuntimeHelpers.GetUninitializedObject(typeof(T));
}
