namespace Waybill.EventStore.ReadModels;

/// <summary>
/// Keeps the rows of read models in ordinary tables, together with how far their projections have come.
/// </summary>
/// <remarks>
/// Every member throws <see cref="StoreUnavailableException"/> when the store cannot be reached, or not within
/// <see cref="EventStoreOptions.Limit"/>. What a write did that threw is unknown: read the position again, and go on
/// from there. Safe for concurrent use.
/// <para>
/// A generation is one table of a model's rows; readers see the live one. Every write is fenced: a host's by the
/// position of its queue, with its revision, and by the generation, a rebuild's by the token of its lease. So of two
/// hosts, or a host and a swap, one wins and the other is told so.
/// </para>
/// </remarks>
public interface IReadModelStore
{
    /// <summary>Makes the model's tables where they are missing, with the positions of its queues at 0.</summary>
    /// <exception cref="ReadModelChangedException">Its tables are there, with another shape.</exception>
    Task<ProjectionState> PrepareAsync(ReadModel model, int queueCount, CancellationToken cancellation = default);

    /// <summary>Where the projection stands.</summary>
    Task<ProjectionState> ReadStateAsync(ReadModel model, CancellationToken cancellation = default);

    /// <summary>Where the projection stands in one queue; null if it is not divided like that.</summary>
    Task<ProjectionPosition?> ReadPositionAsync(
        ReadModel model, LogQueue queue, CancellationToken cancellation = default);

    /// <summary>
    /// How much of a queue lies beyond a position; counted within some thousand positions of the log.
    /// </summary>
    Task<QueueLag> ReadLagAsync(LogQueue queue, long position, CancellationToken cancellation = default);

    /// <summary>
    /// The last position of each queue that has events beyond a position: at least up to another one, where that is in
    /// the log and no more than some thousand positions away.
    /// </summary>
    Task<QueueEnds> ReadQueueEndsAsync(
        int queueCount, long after, long upTo, CancellationToken cancellation = default);

    /// <summary>Loads the rows that there are of these keys; null if the generation is not there any more.</summary>
    Task<IReadOnlyDictionary<RowKey, TRow>?> LoadRowsAsync<TRow>(
        ReadModel<TRow> model,
        long generation,
        IReadOnlyCollection<RowKey> keys,
        CancellationToken cancellation = default)
        where TRow : class;

    /// <summary>Reads rows of the live generation, and the position that they are at least at.</summary>
    Task<RowPage<TRow>> QueryAsync<TRow>(
        ReadModel<TRow> model, ReadModelQuery query, CancellationToken cancellation = default)
        where TRow : class;

    /// <summary>
    /// Counts and adds up rows of the live generation, and reads the position that they are at least at. It reads all
    /// rows that the condition leaves: an index on what that asks for bounds the work.
    /// </summary>
    Task<RowPage<RowGroup>> GroupAsync(
        ReadModel model, ReadModelGroups groups, CancellationToken cancellation = default);

    /// <summary>Carries out a host's turn.</summary>
    Task<CommitOutcome> CommitAsync<TRow>(
        ReadModel<TRow> model, ProjectionCommit<TRow> commit, CancellationToken cancellation = default)
        where TRow : class;

    /// <summary>
    /// Gives the right to rebuild to the caller, and takes it from everybody else. A rebuild that was left off goes on
    /// where it was, unless a fresh one is asked for.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="by">Who starts it.</param>
    /// <param name="at">When.</param>
    /// <param name="fresh">Drops what another rebuild has built so far.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<RebuildLease> StartRebuildAsync(
        ReadModel model, string by, DateTimeOffset at, bool fresh, CancellationToken cancellation = default);

    /// <summary>
    /// Writes into the generation being built. It may be lost when the database server crashes, but only together with
    /// all after it, until the swap.
    /// </summary>
    /// <remarks>
    /// On PostgreSQL it may take up to ten minutes, and holds up nobody but the rebuild: the more events at once, the
    /// less often each row is written. On SQLite every append waits for it, so that some 10,000 rows are enough.
    /// </remarks>
    Task<CommitOutcome> CommitBuildAsync<TRow>(
        ReadModel<TRow> model, RebuildLease lease, BuildCommit<TRow> commit, CancellationToken cancellation = default)
        where TRow : class;

    /// <summary>
    /// Makes the indexes that the generation being built still lacks; to be called before the swap. It may take
    /// up to ten minutes, and holds up nobody but the rebuild.
    /// </summary>
    Task<CommitOutcome> IndexBuildAsync(
        ReadModel model, RebuildLease lease, CancellationToken cancellation = default);

    /// <summary>
    /// Puts the generation that was built in the place of the live one, in one transaction: the live projection is
    /// held, what is left of the log is folded, the positions of all queues move to the head, the old generation's
    /// parked runs are cleared, and readers see the new one.
    /// </summary>
    Task<SwapOutcome> SwapAsync<TRow>(
        ReadModel<TRow> model,
        RebuildLease lease,
        SwapRequest request,
        SwapStep<TRow> step,
        CancellationToken cancellation = default)
        where TRow : class;

    /// <summary>Drops the generation being built, and its parked runs. False if there is none.</summary>
    Task<bool> CancelRebuildAsync(ReadModel model, CancellationToken cancellation = default);

    /// <summary>
    /// Drops the table that the last swap replaced. Until then hosts that have not heard of the swap can still load
    /// from it. The next rebuild does the same at its start.
    /// </summary>
    Task DropReplacedAsync(ReadModel model, CancellationToken cancellation = default);

    /// <summary>The streams that a queue of a generation has parked; of all queues without one.</summary>
    Task<IReadOnlyList<ParkedStream>> ReadParkedStreamsAsync(
        ReadModel model, long generation, LogQueue? queue, CancellationToken cancellation = default);

    /// <summary>The live generation's parked runs, by first position.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cause">Those of this cause only.</param>
    /// <param name="afterPosition">
    /// Those whose first position is beyond this one only: where the last page ended.
    /// </param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<IReadOnlyList<ParkedRun>> ListParkedAsync(
        ReadModel model, string? cause, long afterPosition, int limit, CancellationToken cancellation = default);

    /// <summary>How many runs of the live generation are parked, by cause, the most frequent first.</summary>
    Task<IReadOnlyList<ParkedCount>> CountParkedAsync(ReadModel model, CancellationToken cancellation = default);

    /// <summary>A parked run of the live generation; null if it is not parked, or not any more.</summary>
    Task<ParkedRun?> FindParkedAsync(ReadModel model, Guid runId, CancellationToken cancellation = default);

    /// <summary>Records what was done to a parked run where nothing else is to be stored, such as a dry run.</summary>
    Task RecordActAsync(ReadModel model, ParkedAct act, CancellationToken cancellation = default);

    /// <summary>What was done to parked runs of the model, the latest first; to one run, or to all.</summary>
    Task<IReadOnlyList<ParkedAct>> ListActsAsync(
        ReadModel model, Guid? runId, int limit, CancellationToken cancellation = default);

    /// <summary>The oldest notices of a queue that are still to be delivered.</summary>
    /// <param name="model">The model.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="oneOfEach">Of each stream its oldest one only.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<IReadOnlyList<Notice>> ReadNoticesAsync(
        ReadModel model, LogQueue queue, int limit, bool oneOfEach = false, CancellationToken cancellation = default);

    /// <summary>How many notices of a queue are still to be delivered.</summary>
    Task<long> CountNoticesAsync(ReadModel model, LogQueue queue, CancellationToken cancellation = default);

    /// <summary>Forgets notices that have been delivered.</summary>
    Task RemoveNoticesAsync(
        ReadModel model, IReadOnlyList<Guid> eventIds, CancellationToken cancellation = default);
}
