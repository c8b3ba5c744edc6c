using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// What operators, and readers, ask of a projection as a whole. The grain's key is its read model's name.
/// </summary>
/// <remarks>
/// There may be two of them for moments; what they do is fenced in the store. What needs the store throws a
/// <see cref="TimeoutException"/> when that cannot be reached.
/// </remarks>
[Alias("waybill.projection-coordinator")]
public interface IProjectionCoordinatorGrain : IGrainWithStringKey
{
    /// <summary>Sees to it that hosts are there and that a rebuild that was left off goes on.</summary>
    [Alias("wake")]
    Task Wake();

    /// <summary>How the projection stands. What cannot be found out is left out, with the reason.</summary>
    [Alias("status")]
    Task<ProjectionStatus> Status();

    /// <summary>Processes all queues up to a position, so that whoever wrote there reads what it wrote.</summary>
    /// <returns>The position up to which all are processed: less than asked for if it took too long.
    /// 0 if that is not known of some.</returns>
    [Alias("catch-up-to")]
    Task<long> CatchUpTo(long position);

    /// <summary>
    /// Starts to build the rows anew from the whole log, beside the live ones; <see cref="Status"/> says how it goes.
    /// </summary>
    /// <param name="by">Who asks.</param>
    /// <param name="fresh">Begins again, rather than going on with what an earlier rebuild left.</param>
    /// <returns>False if one is under way, and not to be begun again.</returns>
    [Alias("rebuild")]
    Task<bool> Rebuild(string by, bool fresh);

    /// <summary>Ends a rebuild and drops what it has built; false if there is none.</summary>
    [Alias("cancel-rebuild")]
    Task<bool> CancelRebuild(string by);

    /// <summary>Starts a rebuild because a host cannot go on without, or is better off with one.</summary>
    /// <returns>False if rebuilds fail, so that the host had better go on by itself.</returns>
    [Alias("ensure-rebuild")]
    Task<bool> EnsureRebuild();

    /// <summary>Folds one stream anew, and writes its rows.</summary>
    [Alias("rebuild-rows")]
    Task<RedriveResult> RebuildRows(StreamName stream, string by);

    /// <summary>Lists parked runs by their first position.</summary>
    /// <param name="cause">Those of this cause only; null for all.</param>
    /// <param name="afterPosition">Those beyond this first position only: where the last page ended.</param>
    /// <param name="limit">How many at most.</param>
    [Alias("list-parked")]
    Task<IReadOnlyList<ParkedRunView>> ListParked(string? cause, long afterPosition, int limit);

    /// <summary>Counts parked runs by cause, the most frequent first.</summary>
    [Alias("count-parked")]
    Task<IReadOnlyList<ParkedCauseView>> CountParked();

    /// <summary>What has been done to parked runs, the latest first.</summary>
    /// <param name="runId">To this run only; null for all.</param>
    /// <param name="limit">How many at most.</param>
    [Alias("list-acts")]
    Task<IReadOnlyList<ParkedActView>> ListActs(Guid? runId, int limit);

    /// <inheritdoc cref="IProjectionGrain.Redrive"/>
    [Alias("redrive")]
    Task<RedriveResult> Redrive(Guid runId, string by);

    /// <inheritdoc cref="IProjectionGrain.Discard"/>
    [Alias("discard")]
    Task<RedriveResult> Discard(Guid runId, long version, string by);

    /// <summary>Redrives all runs of a cause, one after another, in the background.</summary>
    /// <param name="cause">The cause, as the list has it; null for all causes.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="perSecondMax">How many runs are begun in a second at most.</param>
    /// <param name="dryRun">Only says how many there are.</param>
    /// <returns>
    /// What there is to do; <see cref="RedriveProgress"/> says how it goes. While another one goes on, nothing is
    /// begun, and that one's progress is returned.
    /// </returns>
    [Alias("redrive-cause")]
    Task<RedriveSummary> RedriveCause(string? cause, string by, int perSecondMax, bool dryRun);

    /// <summary>How the last redrive by cause goes, or went; null if the grain knows of none.</summary>
    [Alias("redrive-progress")]
    Task<RedriveSummary?> RedriveProgress();

    /// <summary>
    /// Applies a stream's events one after another, and says for each what it does; nothing is written. It ends with
    /// the first that fails, for the later ones would wait.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="fromVersion">The first version to be returned; those before are applied too.</param>
    /// <param name="limit">How many steps to return at most.</param>
    [Alias("step-through")]
    Task<IReadOnlyList<ProjectionStep>> StepThrough(StreamName stream, long fromVersion, int limit);
}
