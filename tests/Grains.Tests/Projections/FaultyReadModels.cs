using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.ExceptionServices;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Tests.Grains.Projections;

/// <summary>Read models that fail on demand.</summary>
public class FaultyReadModels : DispatchProxy
{
    private IReadModelStore _inner = null!;
    private int _lostAnswers;

    /// <summary>While true, no call gets through.</summary>
    public bool IsAway { get; set; }

    /// <summary>While true, no call is answered.</summary>
    public bool Hangs { get; set; }

    /// <summary>Comes before each call, whose name it is given; may throw.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>The rebuild's commits that are under way.</summary>
    public ConcurrentDictionary<object, bool> Building { get; } = [];

    /// <summary>Comes before rows are loaded, with their keys; may throw.</summary>
    public Action<IReadOnlyCollection<RowKey>> BeforeLoad { get; set; } = _ => { };

    /// <summary>Comes before each commit; may throw.</summary>
    public Action<object> BeforeCommit { get; set; } = _ => { };

    public static (IReadModelStore Store, FaultyReadModels Faults) Over(IReadModelStore inner)
    {
        var store = Create<IReadModelStore, FaultyReadModels>();
        var faults = (FaultyReadModels)(object)store;
        faults._inner = inner;
        return (store, faults);
    }

    /// <summary>Lets the next commits take effect, and their answers be lost.</summary>
    public void LoseAnswers(int commits) => _lostAnswers = commits;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var result = targetMethod!.ReturnType.IsGenericType ? targetMethod.ReturnType.GenericTypeArguments[0] : null;
        var call = result is null
            ? typeof(FaultyReadModels).GetMethod(nameof(CallOne), BindingFlags.NonPublic | BindingFlags.Instance)!
            : typeof(FaultyReadModels).GetMethod(nameof(Call), BindingFlags.NonPublic | BindingFlags.Instance)!
                .MakeGenericMethod(result);
        return call.Invoke(this, [targetMethod, args]);
    }

    private Task<int> CallOne(MethodInfo method, object?[] args) => Call<int>(method, args);

    private async Task<T> Call<T>(MethodInfo method, object?[] args)
    {
        await Task.Yield();
        if (IsAway)
            throw new StoreUnavailableException("The read models are away.");
        if (Hangs)
            await new TaskCompletionSource().Task;
        if (method.Name == nameof(IReadModelStore.CommitBuildAsync))
            Building[args[^2]!] = true;
        if (method.Name == nameof(IReadModelStore.LoadRowsAsync))
            BeforeLoad((IReadOnlyCollection<RowKey>)args[^2]!);
        await Before(method.Name);
        if (method.Name.StartsWith("Commit", StringComparison.Ordinal))
            BeforeCommit(args[^2]!);
        var result = await Carry<T>(method, args);
        if (method.Name == nameof(IReadModelStore.CommitBuildAsync))
            Building.TryRemove(args[^2]!, out _);
        if (method.Name.StartsWith("Commit", StringComparison.Ordinal) && Interlocked.Decrement(ref _lostAnswers) >= 0)
            throw new StoreUnavailableException("The answer was lost.");
        return result;
    }

    private async Task<T> Carry<T>(MethodInfo method, object?[] args)
    {
        try
        {
            var task = (Task)method.Invoke(_inner, args)!;
            await task;
            return task is Task<T> typed ? await typed : default!;
        }
        catch (TargetInvocationException thrown)
        {
            ExceptionDispatchInfo.Throw(thrown.InnerException!);
            throw;
        }
    }
}
