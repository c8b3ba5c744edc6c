using Waybill.EventStore.Relational;

namespace Waybill.EventStore.ReadModels;

#pragma warning disable CA1822, CS9113, IDE0060 // Until it is written.
/// <summary>Read models in a relational store.</summary>
internal sealed class RelationalReadModels(ISessions sessions) : IReadModelStore
{
    public Task<ProjectionState> PrepareAsync(ReadModel model, int queueCount, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<ProjectionState> ReadStateAsync(ReadModel model, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<ProjectionPosition?> ReadPositionAsync(ReadModel model, LogQueue queue, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<QueueLag> ReadLagAsync(LogQueue queue, long position, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<IReadOnlyDictionary<RowKey, TRow>?> LoadRowsAsync<TRow>(ReadModel<TRow> model, long generation, IReadOnlyCollection<RowKey> keys, CancellationToken cancellation = default)
        where TRow : class => throw new NotImplementedException();

    public Task<RowPage<TRow>> QueryAsync<TRow>(ReadModel<TRow> model, ReadModelQuery query, CancellationToken cancellation = default)
        where TRow : class => throw new NotImplementedException();

    public Task<CommitOutcome> CommitAsync<TRow>(ReadModel<TRow> model, ProjectionCommit<TRow> commit, CancellationToken cancellation = default)
        where TRow : class => throw new NotImplementedException();

    public Task<RebuildLease> StartRebuildAsync(ReadModel model, string by, DateTimeOffset at, bool fresh, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<CommitOutcome> CommitBuildAsync<TRow>(ReadModel<TRow> model, RebuildLease lease, BuildCommit<TRow> commit, CancellationToken cancellation = default)
        where TRow : class => throw new NotImplementedException();

    public Task<CommitOutcome> IndexBuildAsync(ReadModel model, RebuildLease lease, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<SwapOutcome> SwapAsync<TRow>(ReadModel<TRow> model, RebuildLease lease, SwapRequest request, SwapStep<TRow> step, CancellationToken cancellation = default)
        where TRow : class => throw new NotImplementedException();

    public Task<bool> CancelRebuildAsync(ReadModel model, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task DropReplacedAsync(ReadModel model, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<IReadOnlyList<ParkedStream>> ReadParkedStreamsAsync(ReadModel model, long generation, LogQueue? queue, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<IReadOnlyList<ParkedRun>> ListParkedAsync(ReadModel model, string? cause, long afterPosition, int limit, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<IReadOnlyList<ParkedCount>> CountParkedAsync(ReadModel model, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<ParkedRun?> FindParkedAsync(ReadModel model, Guid runId, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task RecordActAsync(ReadModel model, ParkedAct act, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<IReadOnlyList<ParkedAct>> ListActsAsync(ReadModel model, Guid? runId, int limit, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task<IReadOnlyList<Notice>> ReadNoticesAsync(ReadModel model, LogQueue queue, int limit, CancellationToken cancellation = default) => throw new NotImplementedException();

    public Task RemoveNoticesAsync(ReadModel model, IReadOnlyList<Guid> eventIds, CancellationToken cancellation = default) => throw new NotImplementedException();
}
