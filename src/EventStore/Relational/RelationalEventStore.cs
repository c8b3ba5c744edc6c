using Waybill.EventStore.Appending;
using Waybill.EventStore.Idempotency;
using Waybill.EventStore.Integrity;
using Waybill.EventStore.ReadModels;

namespace Waybill.EventStore.Relational;

/// <summary>What the stores have in common: all but how a session is come by.</summary>
public abstract class RelationalEventStore
    : IEventStore, ICheckpointStore, ISnapshotStore, ISubjectStore, ILogAudit, ISessions
{
    /// <summary>The read models kept beside the log.</summary>
    public IReadModelStore ReadModels => field ??= new RelationalReadModels(this);

    /// <summary>Who has to be woken, and when.</summary>
    public IDueStore DueTable => field ??= new RelationalDueTable(this);

    /// <summary>The keys under which callers send commands.</summary>
    public IIdempotencyStore IdempotencyKeys => field ??= new RelationalIdempotencyKeys(this);

    private protected HeadSignal Signal { get; } = new();

    private protected RecentEvents Recent { get; } = new();

    private protected abstract GroupCommit Commits { get; }

    /// <inheritdoc/>
    public bool IsFailing => Commits.IsFailing;

    /// <inheritdoc/>
    public Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        DateTimeOffset? wakeAt,
        CancellationToken cancellation = default) =>
        Commits.AppendAsync(stream, expectedVersion, events, wakeAt, cancellation);

    /// <inheritdoc/>
    public Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        CancellationToken cancellation = default) =>
        AppendAsync(stream, expectedVersion, events, wakeAt: null, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredEvent> ReadStreamAsync(
        StreamName stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        DateTimeOffset? toTime = null,
        CancellationToken cancellation = default) => Reading.ByPage(
            fromVersion,
            (from, ends) => Read(
                (session, c) => session.ReadStreamPageAsync(
                    stream, from, toVersion, toTime ?? DateTimeOffset.MaxValue, c),
                ends),
            cancellation);

    /// <inheritdoc/>
    public async Task<LogPage> ReadLogAsync(
        LogFilter filter, long afterPosition, int limit, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(afterPosition);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        var told = Signal.Told;
        var page = await Read((session, c) => session.ReadLogAsync(filter, afterPosition, limit, c), cancellation);
        if (page.ReadTo == afterPosition) // The log has no more yet.
            Signal.Retract(told, afterPosition);
        return page;
    }

    /// <inheritdoc/>
    public Task<LogPage> FollowLogAsync(
        LogFilter filter, long afterPosition, int limit, CancellationToken cancellation = default) =>
        Recent.TryRead(filter, afterPosition, limit, out var recent)
            ? Task.FromResult(recent)
            : ReadLogAsync(filter, afterPosition, limit, cancellation);

    /// <inheritdoc/>
    public Task<LogPage> ReadCorrelationAsync(
        string correlationId, long afterPosition, int limit, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(afterPosition);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return Read((session, c) => session.ReadCorrelationAsync(correlationId, afterPosition, limit, c), cancellation);
    }

    /// <inheritdoc/>
    public Task<RecordedCommand?> FindCommandAsync(
        StreamName stream, Guid commandId, CancellationToken cancellation = default) =>
        Read((session, c) => session.FindCommandAsync(stream, commandId, c), cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredEvent>> ReadCommandAsync(
        Guid commandId, CancellationToken cancellation = default) =>
        Read((session, c) => session.ReadCommandAsync(commandId, c), cancellation);

    /// <inheritdoc/>
    public Task<long> ReadHeadPositionAsync(CancellationToken cancellation = default) =>
        Read((session, c) => session.ReadHeadPositionAsync(c), cancellation);

    /// <inheritdoc/>
    public Task WaitBeyondAsync(long position, CancellationToken cancellation) =>
        Signal.WaitBeyondAsync(position, cancellation);

    /// <inheritdoc/>
    public Task<long> ReadCheckpointAsync(string reader, CancellationToken cancellation = default) =>
        Read((session, c) => session.ReadCheckpointAsync(reader, c), cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, long>> ReadCheckpointsAsync(
        string prefix, CancellationToken cancellation = default) =>
        Read((session, c) => session.ReadCheckpointsAsync(prefix, c), cancellation);

    /// <inheritdoc/>
    public Task SaveCheckpointAsync(string reader, long position, CancellationToken cancellation = default) =>
        WriteAtOnce((session, c) => session.SaveCheckpointAsync(reader, position, c), cancellation);

    /// <inheritdoc/>
    public Task<Snapshot?> ReadSnapshotAsync(
        StreamName stream, string shape, CancellationToken cancellation = default) =>
        Read((session, c) => session.ReadSnapshotAsync(stream, shape, c), cancellation);

    /// <inheritdoc/>
    public Task SaveSnapshotAsync(StreamName stream, Snapshot snapshot, CancellationToken cancellation = default) =>
        WriteAtOnce((session, c) => session.SaveSnapshotAsync(stream, snapshot, c), cancellation);

    /// <inheritdoc/>
    public abstract Task<bool> ForgetSubjectAsync(string subject, CancellationToken cancellation = default);

    /// <inheritdoc/>
    public async Task<Verification> VerifyAsync(
        LogAnchor? anchor = null, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        var chainStart = await Read((session, c) => session.ReadChainStartAsync(c), cancellation);
        return await LogAudit.RunAsync(
            (page, after) => Read((session, c) => session.ReadAuditPageAsync(page, after, c), cancellation),
            new ChainCheck(chainStart, anchor),
            progress);
    }

    RecentEvents ISessions.Recent => Recent;

    Task<T> ISessions.Read<T>(Func<StoreSession, CancellationToken, Task<T>> read, CancellationToken cancellation) =>
        Read(read, cancellation);

    Task<T> ISessions.Write<T>(Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        Write(write, cancellation);

    Task<T> ISessions.WriteAtOnce<T>(
        Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        WriteAtOnce(write, cancellation);

    Task<bool> ISessions.Advance<TRow>(
        ReadModel<TRow> model, ProjectionCommit<TRow> commit, CancellationToken cancellation) =>
        Advance(model, commit, cancellation);

    Task<T> ISessions.WriteAtLeisure<T>(
        Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        WriteAtLeisure(write, cancellation);

    /// <summary>Lets readers know of a commit.</summary>
    private protected void Committed(IStoreWriter writer)
    {
        Recent.Add(writer.Added);
        Signal.Advance(writer.Head);
    }

    /// <summary>Reads on a session of its own, which sees whole commits only.</summary>
    private protected abstract Task<T> Read<T>(
        Func<StoreSession, CancellationToken, Task<T>> read, CancellationToken cancellation);

    /// <summary>Writes beside the log, in one transaction. If it throws, what became of it may be unknown.</summary>
    private protected abstract Task<T> Write<T>(
        Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation);

    /// <inheritdoc cref="ISessions.WriteAtOnce"/>
    private protected virtual Task<T> WriteAtOnce<T>(
        Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        Write(write, cancellation);

    /// <inheritdoc cref="ISessions.Advance"/>
    private protected virtual Task<bool> Advance<TRow>(
        ReadModel<TRow> model, ProjectionCommit<TRow> commit, CancellationToken cancellation)
        where TRow : class =>
        Write(
            async (session, c) =>
            {
                var fence = ProjectionFence.Values(model, commit);
                if (await session.ExecuteAsync(ProjectionFence.Statement, fence, c) != 1)
                    return false;
                await session.Rows.UpsertAsync(model, commit.From.Generation, commit.Upserts, c);
                return true;
            },
            cancellation);

    /// <inheritdoc cref="ISessions.WriteAtLeisure"/>
    private protected virtual Task<T> WriteAtLeisure<T>(
        Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        Write(write, cancellation);
}
