using Waybill.EventStore.Relational;

namespace Waybill.EventStore.ReadModels;

// The rebuilds: a table beside the live one, made by whoever has the last lease, and put in its place.
internal sealed partial class RelationalReadModels
{
    /// <inheritdoc/>
    public async Task<RebuildLease> StartRebuildAsync(
        ReadModel model, string by, DateTimeOffset at, bool fresh, CancellationToken cancellation = default)
    {
        if (fresh)
            await CancelRebuildAsync(model, cancellation);
        await DropReplacedAsync(model, cancellation);
        return await sessions.Write(
            async (session, c) =>
            {
                var registered = await GetAsync(session, "lock-read-model", model, c);
                // Also one that somebody else has begun just now: it is as fresh as can be.
                if (registered.Building is { } building)
                {
                    await session.ExecuteAsync("renew-build", [model.View], c);
                    return new RebuildLease(registered.Token + 1, building, registered.BuildPosition);
                }
                var next = registered.Last + 1;
                await session.Rows.CreateTableAsync(model, next, session.Rows.IndexesAtOnce, c);
                await session.ExecuteAsync("start-build", [model.View, next, StorableText.Make(by), at], c);
                return new RebuildLease(registered.Token + 1, next, Position: 0);
            },
            cancellation);
    }

    /// <inheritdoc/>
    public async Task<CommitOutcome> CommitBuildAsync<TRow>(
        ReadModel<TRow> model, RebuildLease lease, BuildCommit<TRow> commit, CancellationToken cancellation = default)
        where TRow : class
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(commit.To, commit.From);
        Check(model, commit);
        foreach (var row in commit.Added)
            model.Check(row);
        return await Fenced(() => sessions.WriteAtLeisure(
            async (session, c) =>
            {
                await session.Rows.DeferDurabilityAsync(c);
                await MustChangeOne(
                    session,
                    "move-build",
                    [model.View, lease.Token, lease.Generation, commit.From, commit.To, commit.At],
                    c);
                await session.Rows.AddAsync(model, lease.Generation, commit.Added, c);
                await ApplyAsync(session, model, lease.Generation, commit, c);
                return true;
            },
            cancellation));
    }

    /// <inheritdoc/>
    public async Task<CommitOutcome> IndexBuildAsync(
        ReadModel model, RebuildLease lease, CancellationToken cancellation = default)
    {
        // No lock on the lease is held: a cancel waits for the table, and whoever continues finds the indexes made.
        if (!await sessions.Read((session, c) => HoldsAsync(session, model, lease, c), cancellation))
            return CommitOutcome.Superseded;
        try
        {
            await sessions.WriteAtLeisure(
                async (session, c) =>
                {
                    await session.Rows.IndexAsync(model, lease.Generation, c);
                    return true;
                },
                cancellation);
            return CommitOutcome.Committed;
        }
        catch (StoreUnavailableException)
        {
            // A table that was dropped meanwhile fails like a store that cannot write.
            if (await sessions.Read((session, c) => HoldsAsync(session, model, lease, c), cancellation))
                throw;
            return CommitOutcome.Superseded;
        }
    }

    /// <inheritdoc/>
    public async Task<SwapOutcome> SwapAsync<TRow>(
        ReadModel<TRow> model,
        RebuildLease lease,
        SwapRequest request,
        SwapStep<TRow> step,
        CancellationToken cancellation = default)
        where TRow : class
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(request.QueueCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(request.QueueCount, Slot.Count);
        try
        {
            // At leisure, because each parked run that it clears is recorded.
            return await sessions.WriteAtLeisure(
                (session, c) => SwapAsync(session, model, lease, request, step, c), cancellation);
        }
        catch (SupersededException)
        {
            return new SwapOutcome.Superseded();
        }
    }

    /// <inheritdoc/>
    public async Task<bool> CancelRebuildAsync(ReadModel model, CancellationToken cancellation = default)
    {
        var isCancelled = await sessions.Write(
            async (session, c) =>
            {
                var registered = await GetAsync(session, "lock-read-model", model, c);
                if (registered.Building is not { } building)
                    return false;
                // There is room for one table that is to be dropped.
                if (registered.Replaced is { } replaced)
                    await session.Rows.DropTableAsync(model, replaced, c);
                await session.ExecuteAsync("delete-parked-runs", [model.View, building], c);
                await session.ExecuteAsync("cancel-build", [model.View], c);
                return true;
            },
            cancellation);
        if (isCancelled)
            await DropReplacedAsync(model, cancellation);
        return isCancelled;
    }

    /// <inheritdoc/>
    public async Task DropReplacedAsync(ReadModel model, CancellationToken cancellation = default)
    {
        // In pieces, because on SQLite everybody else who writes waits meanwhile.
        while (await sessions.Write((session, c) => DropSomeAsync(session, model, c), cancellation))
            cancellation.ThrowIfCancellationRequested();
    }

    // True if there is more to do.
    private static async Task<bool> DropSomeAsync(
        StoreSession session, ReadModel model, CancellationToken cancellation)
    {
        var registered = await GetAsync(session, "lock-read-model", model, cancellation);
        if (registered.Replaced is not { } replaced)
            return false;
        if (await session.Rows.TrimAsync(model, replaced, cancellation))
            return true;
        await session.Rows.DropTableAsync(model, replaced, cancellation);
        await session.ExecuteAsync("forget-replaced", [model.View], cancellation);
        return false;
    }

    private static async Task<SwapOutcome> SwapAsync<TRow>(
        StoreSession session,
        ReadModel<TRow> model,
        RebuildLease lease,
        SwapRequest request,
        SwapStep<TRow> step,
        CancellationToken cancellation)
        where TRow : class
    {
        var registered = await GetAsync(session, "lock-read-model", model, cancellation);
        if (!registered.Holds(lease))
            throw new SupersededException();
        if (registered.Replaced is { } replaced)
            await session.Rows.DropTableAsync(model, replaced, cancellation); // As in a cancel; seldom there.
        var live = await ReadPositionsAsync(session, "lock-positions", model, cancellation);
        // The projections stand still from here on, so that none of them can be beyond this head.
        var head = await session.ReadHeadPositionAsync(cancellation);
        if (head - registered.BuildPosition > request.LeftMax)
            return new SwapOutcome.TooFarBehind(head);

        await FoldAsync(session, model, lease.Generation, registered.BuildPosition, head, live, step, cancellation);
        await session.Rows.CreateIndexesAsync(model, lease.Generation, cancellation);
        await session.ExecuteAsync(
            "keep-notified", [model.View, lease.Generation, registered.Live], cancellation);
        await session.ExecuteAsync("swap-build", [model.View], cancellation);
        await SetPositionsAsync(session, model, request.QueueCount, lease.Generation, head, cancellation);
        await session.ExecuteAsync(
            "clear-parked-runs", [model.View, registered.Live, registered.StartedBy, request.At], cancellation);
        await session.ExecuteAsync("delete-parked-runs", [model.View, registered.Live], cancellation);
        // Last, because readers of the view wait from here to the commit.
        await session.Rows.ShowAsync(model, lease.Generation, cancellation);
        return new SwapOutcome.Swapped(lease.Generation, head);
    }

    private static async Task FoldAsync<TRow>(
        StoreSession session,
        ReadModel<TRow> model,
        long generation,
        long after,
        long head,
        IReadOnlyList<ProjectionPosition> live,
        SwapStep<TRow> step,
        CancellationToken cancellation)
        where TRow : class
    {
        while (after < head)
        {
            var limit = (int)Math.Min(head - after, Reading.LookMax);
            var page = await session.ReadLogAsync(LogFilter.All, after, limit, cancellation);
            var parked = await ReadParkedAsync(session, model, generation, queue: null, cancellation);
            var changes = await step(new(
                page.Events, keys => LoadCheckedAsync(session, model, generation, keys, cancellation), live, parked));
            Check(model, changes);
            await ApplyAsync(session, model, generation, changes, cancellation);
            after = page.ReadTo;
        }
    }

    private static Task<IReadOnlyDictionary<RowKey, TRow>> LoadCheckedAsync<TRow>(
        StoreSession session,
        ReadModel<TRow> model,
        long generation,
        IReadOnlyCollection<RowKey> keys,
        CancellationToken cancellation)
        where TRow : class
    {
        foreach (var key in keys)
            model.Check(key);
        return LoadAsync(session, model, generation, keys, cancellation);
    }

    private static async Task<bool> HoldsAsync(
        StoreSession session, ReadModel model, RebuildLease lease, CancellationToken cancellation) =>
        (await GetAsync(session, "select-read-model", model, cancellation)).Holds(lease);
}
