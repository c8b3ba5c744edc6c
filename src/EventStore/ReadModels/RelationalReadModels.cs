using System.Data.Common;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.ReadModels;

/// <summary>
/// Read models in a relational store. What fences a write comes first in its transaction, and locks it; so whoever
/// finds it as expected is alone until the commit.
/// </summary>
internal sealed partial class RelationalReadModels(ISessions sessions) : IReadModelStore
{
    /// <summary>How many positions of the log are looked at to count what is behind: some milliseconds' work.</summary>
    private const int LookMax = 10_000;

    /// <inheritdoc/>
    public async Task<ProjectionState> PrepareAsync(
        ReadModel model, int queueCount, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(queueCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queueCount, Slot.Count);
        var found = await sessions.Read(FindState, cancellation);
        if (found is not null && found.Positions.Count == queueCount)
            return found;
        return await sessions.Write(
            async (session, c) =>
            {
                await MakeAsync(session, model, queueCount, c);
                return (await FindState(session, c))!;
            },
            cancellation);

        async Task<ProjectionState?> FindState(StoreSession session, CancellationToken c)
        {
            var registered = await FindAsync(session, "select-read-model", model, c);
            if (registered is not null && registered.Shape != model.Shape)
                throw new ReadModelChangedException(model);
            return registered is null ? null : await ReadStateAsync(session, model, registered, c);
        }
    }

    /// <inheritdoc/>
    public Task<ProjectionState> ReadStateAsync(ReadModel model, CancellationToken cancellation = default) =>
        sessions.Read(
            async (session, c) =>
                await ReadStateAsync(session, model, await GetAsync(session, "select-read-model", model, c), c),
            cancellation);

    /// <inheritdoc/>
    public Task<ProjectionPosition?> ReadPositionAsync(
        ReadModel model, LogQueue queue, CancellationToken cancellation = default) =>
        sessions.Read(
            (session, c) => session.ReadFirstAsync(
                "select-position",
                [model.View, queue.Number],
                row => row.GetInt32(0) == queue.Count
                    ? new ProjectionPosition(queue, row.GetInt64(1), row.GetInt64(2), row.GetInt64(3))
                    : null,
                c),
            cancellation);

    /// <inheritdoc/>
    public Task<QueueLag> ReadLagAsync(LogQueue queue, long position, CancellationToken cancellation = default) =>
        sessions.Read((session, c) => ReadLagAsync(session, queue, position, c), cancellation);

    /// <inheritdoc/>
    public async Task<QueueEnds> ReadQueueEndsAsync(
        int queueCount, long after, long upTo, CancellationToken cancellation = default) =>
        sessions.Recent.TryReadEnds(queueCount, after, upTo, out var recent) ? recent : await sessions.Read(
            async (session, c) =>
            {
                var lookTo = Math.Min(await session.ReadHeadPositionAsync(c), after + LookMax);
                var ends = new Dictionary<int, long>();
                await session.ReadAsync(
                    "select-queue-ends",
                    [after, lookTo, queueCount],
                    row => ends.TryAdd(row.GetInt32(0), row.GetInt64(1)),
                    c);
                return new QueueEnds(lookTo, ends);
            },
            cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<RowKey, TRow>?> LoadRowsAsync<TRow>(
        ReadModel<TRow> model,
        long generation,
        IReadOnlyCollection<RowKey> keys,
        CancellationToken cancellation = default)
        where TRow : class
    {
        foreach (var key in keys)
            model.Check(key);
        try
        {
            return await sessions.Read(
                (session, c) => LoadAsync(session, model, generation, keys, c), cancellation);
        }
        catch (StoreUnavailableException)
        {
            // A table that has been dropped fails like one that cannot be read.
            var registered = await sessions.Read(
                (session, c) => FindAsync(session, "select-read-model", model, c), cancellation);
            if (registered?.Generations.Contains(generation) ?? false)
                throw;
            return null;
        }
    }

    /// <inheritdoc/>
    public Task<RowPage<TRow>> QueryAsync<TRow>(
        ReadModel<TRow> model, ReadModelQuery query, CancellationToken cancellation = default)
        where TRow : class
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        var sql = $"{RowSession.Select(model, model.View)}{(query.Where is { } where ? $" WHERE {where}" : "")} "
            + $"ORDER BY {query.OrderBy ?? RowSession.Names(model.Key)} LIMIT {query.Limit}";
        return ReadLiveAsync(model, sql, query.Values ?? [], model.ReadRow.Invoke, cancellation);
    }

    /// <inheritdoc/>
    public async Task<CommitOutcome> CommitAsync<TRow>(
        ReadModel<TRow> model, ProjectionCommit<TRow> commit, CancellationToken cancellation = default)
        where TRow : class
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(commit.To, commit.From.Position);
        Check(model, commit);
        if (commit.IsRowsAlone)
            return await sessions.Advance(model, commit, cancellation)
                ? CommitOutcome.Committed
                : CommitOutcome.Superseded;
        return await Fenced(() => sessions.Write(
            async (session, c) =>
            {
                await MustChangeOne(session, ProjectionFence.Statement, ProjectionFence.Values(model, commit), c);
                await ApplyAsync(session, model, commit.From.Generation, commit, c);
                foreach (var run in commit.Released)
                    await MustChangeOne(session, "release-parked-run", [model.View, commit.From.Generation, run], c);
                foreach (var act in commit.Acts)
                    await InsertActAsync(session, model, act, c);
                return true;
            },
            cancellation));
    }

    private static async Task<IReadOnlyDictionary<RowKey, TRow>> LoadAsync<TRow>(
        StoreSession session,
        ReadModel<TRow> model,
        long generation,
        IReadOnlyCollection<RowKey> keys,
        CancellationToken cancellation)
        where TRow : class
    {
        var rows = new Dictionary<RowKey, TRow>(keys.Count);
        await session.Rows.LoadAsync(model, generation, keys, row => rows[model.KeyOf(row)] = row, cancellation);
        return rows;
    }

    // Before the transaction: what cannot be stored is then known to be the row's fault.
    private static void Check<TRow>(ReadModel<TRow> model, RowChanges<TRow> changes)
        where TRow : class
    {
        foreach (var row in changes.Upserts)
            model.Check(row);
        foreach (var key in changes.Deletes)
            model.Check(key);
    }

    private static async Task ApplyAsync<TRow>(
        StoreSession session,
        ReadModel<TRow> model,
        long generation,
        RowChanges<TRow> changes,
        CancellationToken cancellation)
        where TRow : class
    {
        await session.Rows.UpsertAsync(model, generation, changes.Upserts, cancellation);
        await session.Rows.DeleteAsync(model, generation, changes.Deletes, cancellation);
        foreach (var run in changes.Parked)
            await SaveRunAsync(session, model, generation, run, cancellation);
        foreach (var (run, version, position) in changes.Extended)
            await MustChangeOne(
                session, "extend-parked-run", [model.View, generation, run, version, position], cancellation);
        foreach (var notice in changes.Notices)
            await InsertNoticeAsync(session, model, notice, cancellation);
    }

    private static async Task<CommitOutcome> Fenced(Func<Task> write)
    {
        try
        {
            await write();
            return CommitOutcome.Committed;
        }
        catch (SupersededException)
        {
            return CommitOutcome.Superseded;
        }
    }

    private static async Task MustChangeOne(
        StoreSession session, string statement, object?[] values, CancellationToken cancellation)
    {
        if (await session.ExecuteAsync(statement, values, cancellation) != 1)
            throw new SupersededException();
    }

    private static async Task MakeAsync(
        StoreSession session, ReadModel model, int queueCount, CancellationToken cancellation)
    {
        if (await session.ExecuteAsync("insert-read-model", [model.View, model.Shape], cancellation) > 0)
        {
            await session.Rows.CreateTableAsync(model, generation: 1, withIndexes: true, cancellation);
            await session.Rows.ShowAsync(model, generation: 1, cancellation);
            await SetPositionsAsync(session, model, queueCount, generation: 1, position: 0, cancellation);
            return;
        }
        // Queues that are all at one position can be divided anew; otherwise it takes a rebuild.
        var positions = await ReadPositionsAsync(session, "lock-positions", model, cancellation);
        if (positions.Count != queueCount && positions.All(queue => queue.Position == positions[0].Position))
            await SetPositionsAsync(
                session, model, queueCount, positions[0].Generation, positions[0].Position, cancellation);
    }

    private static async Task SetPositionsAsync(
        StoreSession session,
        ReadModel model,
        int queueCount,
        long generation,
        long position,
        CancellationToken cancellation)
    {
        await session.ExecuteAsync("delete-positions", [model.View], cancellation);
        for (var queue = 0; queue < queueCount; queue++)
            await session.ExecuteAsync(
                "insert-position", [model.View, queue, queueCount, generation, position], cancellation);
    }

    private static async Task<ProjectionState> ReadStateAsync(
        StoreSession session, ReadModel model, Registered registered, CancellationToken cancellation)
    {
        var positions = await ReadPositionsAsync(session, "select-positions", model, cancellation);
        var live = positions[0].Generation; // A swap may have come between the two.
        var parked = await session.ReadFirstAsync(
            "count-parked-runs", [model.View, live], row => row.GetInt64(0), cancellation);
        var rebuild = registered.Building is { } building && building != live
            ? new RebuildProgress(
                building, registered.Token, registered.BuildPosition, registered.StartedBy!,
                registered.StartedAt!.Value, registered.BuiltAt!.Value)
            : null;
        return new(live, positions, rebuild, parked, await session.ReadHeadPositionAsync(cancellation))
        {
            Replaced = registered.Replaced,
        };
    }

    private static async Task<IReadOnlyList<ProjectionPosition>> ReadPositionsAsync(
        StoreSession session, string statement, ReadModel model, CancellationToken cancellation)
    {
        var positions = new List<ProjectionPosition>();
        await session.ReadAsync(
            statement,
            [model.View],
            row => Add(positions, new(
                new LogQueue(row.GetInt32(0), row.GetInt32(1)), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4))),
            cancellation);
        return positions;
    }

    private static async Task<QueueLag> ReadLagAsync(
        StoreSession session, LogQueue queue, long position, CancellationToken cancellation)
    {
        var head = await session.ReadHeadPositionAsync(cancellation);
        if (head <= position)
            return new(head, EventsBehind: 0, IsExact: true, OldestTime: null);
        var lookTo = Math.Min(head, position + LookMax);
        var (count, oldest) = await session.ReadFirstAsync(
            "select-lag",
            [position, lookTo, queue.Number, queue.Count],
            row => (row.GetInt64(0), row.IsDBNull(1) ? (DateTimeOffset?)null : session.ReadTime(row, 1)),
            cancellation);
        if (oldest is null && lookTo < head)
            oldest = await session.ReadFirstAsync(
                "select-time", [lookTo], row => session.ReadTime(row, 0), cancellation);
        return new(head, count, IsExact: lookTo == head, oldest);
    }

    private static async Task<Registered> GetAsync(
        StoreSession session, string statement, ReadModel model, CancellationToken cancellation) =>
        await FindAsync(session, statement, model, cancellation)
        ?? throw new InvalidOperationException($"The read model {model.View} has not been prepared.");

    private static Task<Registered?> FindAsync(
        StoreSession session, string statement, ReadModel model, CancellationToken cancellation) =>
        session.ReadFirstAsync(
            statement,
            [model.View],
            row => new Registered(
                row.GetString(0),
                row.GetInt64(1),
                row.GetInt64(2),
                NumberOrNull(row, 3),
                NumberOrNull(row, 4),
                row.GetInt64(5),
                row.GetInt64(6),
                row.IsDBNull(7) ? null : row.GetString(7),
                row.IsDBNull(8) ? null : session.ReadTime(row, 8),
                row.IsDBNull(9) ? null : session.ReadTime(row, 9)),
            cancellation);

    private static long? NumberOrNull(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInt64(column);

    private static bool Add<T>(List<T> list, T item)
    {
        list.Add(item);
        return true;
    }

    /// <summary>A read model's row in the registry.</summary>
    private sealed record Registered(
        string Shape,
        long Live,
        long Last,
        long? Replaced,
        long? Building,
        long Token,
        long BuildPosition,
        string? StartedBy,
        DateTimeOffset? StartedAt,
        DateTimeOffset? BuiltAt)
    {
        public bool Holds(RebuildLease lease) => Token == lease.Token && Building == lease.Generation;

        public IEnumerable<long?> Generations => [Live, Replaced, Building];
    }

    /// <summary>Rolls a write back that was fenced off.</summary>
    private sealed class SupersededException : Exception;
}
