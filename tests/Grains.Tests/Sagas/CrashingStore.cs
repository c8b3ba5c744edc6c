using System.Runtime.CompilerServices;
using Waybill.EventStore;

namespace Waybill.Tests.Grains.Sagas;

/// <summary>
/// A store whose process can die at any of its writes, just before or just after it: that write is never answered, and
/// nothing gets through any more until the next process begins.
/// </summary>
public sealed class CrashingStore(IEventStore log, IDueStore table) : IEventStore, IDueStore
{
    private readonly Lock _gate = new(); // Guards the fields.
    private TaskCompletionSource _crashed = New();
    private int _writesLeft = int.MaxValue;
    private bool _isAfter;

    /// <summary>Completes when the process has died.</summary>
    public Task Crashed => _crashed.Task.WaitAsync(FakeTimeProvider.BarrierLimit);

    public bool HasCrashed => _crashed.Task.IsCompleted;

    /// <summary>How many appends there were, and how often the due table was written beside them.</summary>
    public (int Appends, int DueWrites) Writes { get; private set; }

    public bool IsFailing => log.IsFailing;

    /// <summary>Lets the process die at a write from now, counted from 1.</summary>
    public void CrashAt(int write, bool after)
    {
        lock (_gate)
            (_writesLeft, _isAfter, _crashed) = (write, after, New());
    }

    /// <summary>Begins a new process.</summary>
    public void Restart() => CrashAt(int.MaxValue, after: false);

    public Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        DateTimeOffset? wakeAt,
        CancellationToken cancellation = default)
    {
        lock (_gate)
            Writes = (Writes.Appends + 1, Writes.DueWrites);
        return Write(() => log.AppendAsync(stream, expectedVersion, events, wakeAt, CancellationToken.None));
    }

    public Task SettleDueAsync(IReadOnlyList<DueSettlement> settled, CancellationToken cancellation = default)
    {
        lock (_gate)
            Writes = (Writes.Appends, Writes.DueWrites + 1);
        return Write(async () =>
        {
            await table.SettleDueAsync(settled, CancellationToken.None);
            return true;
        });
    }

    public async Task<IReadOnlyList<DueClaim>> ClaimDueAsync(
        DateTimeOffset now, DateTimeOffset leaseEnd, int max, CancellationToken cancellation = default)
    {
        await Live();
        return await table.ClaimDueAsync(now, leaseEnd, max, cancellation);
    }

    public async IAsyncEnumerable<StoredEvent> ReadStreamAsync(
        StreamName stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        DateTimeOffset? toTime = null,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Live();
        await foreach (var stored in log.ReadStreamAsync(stream, fromVersion, toVersion, toTime, cancellation))
            yield return stored;
    }

    public async Task<RecordedCommand?> FindCommandAsync(
        StreamName stream, Guid commandId, CancellationToken cancellation = default)
    {
        await Live();
        return await log.FindCommandAsync(stream, commandId, cancellation);
    }

    public async Task<LogPage> ReadCorrelationAsync(
        string correlationId, long afterPosition, int limit, CancellationToken cancellation = default)
    {
        await Live();
        return await log.ReadCorrelationAsync(correlationId, afterPosition, limit, cancellation);
    }

    public async Task<IReadOnlyList<StoredEvent>> ReadCommandAsync(
        Guid commandId, CancellationToken cancellation = default)
    {
        await Live();
        return await log.ReadCommandAsync(commandId, cancellation);
    }

    public Task<LogPage> ReadLogAsync(
        LogFilter filter, long afterPosition, int limit, CancellationToken cancellation = default) =>
        log.ReadLogAsync(filter, afterPosition, limit, cancellation);

    public Task<long> ReadHeadPositionAsync(CancellationToken cancellation = default) =>
        log.ReadHeadPositionAsync(cancellation);

    public Task WaitBeyondAsync(long position, CancellationToken cancellation) =>
        log.WaitBeyondAsync(position, cancellation);

    private async Task<T> Write<T>(Func<Task<T>> write)
    {
        // Whoever dies here dies as the process that it is, though the next one may have begun by then.
        bool dies;
        TaskCompletionSource crashed;
        lock (_gate)
            (dies, crashed) = (--_writesLeft == 0, _crashed);
        if (!dies)
        {
            await Live();
            return await write();
        }
        if (_isAfter)
            await write();
        crashed.SetResult();
        return await Never<T>();
    }

    private Task Live() => HasCrashed ? Never<bool>() : Task.CompletedTask;

    private static Task<T> Never<T>() => new TaskCompletionSource<T>().Task;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
