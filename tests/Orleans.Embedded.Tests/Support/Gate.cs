using System.Collections.Concurrent;

namespace Waybill.Tests.Support;

/// <summary>
/// A barrier between a test and a grain in the same process: the grain enters and waits, the test sees that it has and
/// lets it go on. Found by name, because a grain is made by the runtime.
/// </summary>
public sealed class Gate
{
    private static readonly ConcurrentDictionary<string, Gate> Named = new();

    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when somebody has entered.</summary>
    public Task Entered => _entered.Task.Soon();

    public static Gate Of(string name) => Named.GetOrAdd(name, _ => new Gate());

    public void Open() => _opened.TrySetResult();

    /// <summary>Enters, and waits until it is open.</summary>
    public Task Pass(CancellationToken cancellationToken = default)
    {
        _entered.TrySetResult();
        return _opened.Task.WaitAsync(cancellationToken);
    }
}

/// <summary>What grains wrote down, in order, under a name of the test's choice.</summary>
public static class Notes
{
    private static readonly ConcurrentDictionary<string, ConcurrentQueue<string>> Named = new();

    public static void Write(string name, string note) => Named.GetOrAdd(name, _ => new()).Enqueue(note);

    public static string[] Of(string name) => Named.TryGetValue(name, out var notes) ? [.. notes] : [];
}

public static class Patience
{
    /// <summary>Fails if it takes longer than anything here should, rather than hang the run.</summary>
    public static Task Soon(this Task task) => task.WaitAsync(TimeSpan.FromSeconds(20));

    /// <inheritdoc cref="Soon(Task)"/>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(20));
}
