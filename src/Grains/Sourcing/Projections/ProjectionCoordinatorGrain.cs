using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// Sees to a projection as a whole: rebuilds, in the background, and what operators ask for. It keeps nothing that the
/// store does not know better, so it may die at any time.
/// </summary>
/// <remarks>Reentrant, because most of what it does is waiting for hosts.</remarks>
[Reentrant]
public sealed class ProjectionCoordinatorGrain(
    ProjectionAccess access, IEnumerable<ProjectionRegistration> registrations) : Grain, IProjectionCoordinatorGrain
{
    // What "all runs of a cause" is read in.
    private const int PageSize = 100;

    private ProjectionRegistration _projection = null!;
    private Task _rebuilding = Task.CompletedTask;
    private Func<Task> _stopRebuilding = () => Task.CompletedTask;
    private string? _rebuildError;
    private DateTimeOffset? _restsFrom; // The last failure, or cancel.
    private Task _dropping = Task.CompletedTask;
    private (long Generation, DateTimeOffset Since)? _replaced;
    private bool _isPrepared;
    private long[] _caughtUp = []; // How far each host has come at least.
    private Task _catchingUp = Task.CompletedTask;
    private RedriveSummary? _redrive;
    private Task _redriving = Task.CompletedTask;

    private ReadModel Model => _projection.Model;

    private bool IsRebuilding => !_rebuilding.IsCompleted;

    private DateTimeOffset Now => access.Time.GetUtcNow();

    private IEnumerable<IProjectionGrain> Hosts =>
        Enumerable.Range(0, access.Options.QueueCount).Select(queue => _projection.Host(GrainFactory, queue));

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var name = this.GetPrimaryKeyString();
        _projection = registrations.SingleOrDefault(registration => registration.Model.Name == name)
            ?? throw new ArgumentException($"There is no projection {name}.");
        _caughtUp = new long[access.Options.QueueCount];
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        StopRebuild();

    /// <inheritdoc/>
    public Task Wake() =>
        // Together, since a host that has died with its silo may take long to answer.
        Task.WhenAll(Task.WhenAll(Hosts.Select(host => host.Wake())), SeeToRebuilds());

    /// <inheritdoc/>
    public async Task<ProjectionStatus> Status()
    {
        var hosts = await Task.WhenAll(Hosts.Select(ProgressOf));
        // Between what a host has read and what it was found to have caught up with, there is nothing of its queue.
        QueueProgress[] queues =
        [
            .. hosts.Select(host => host.Position is { } read
                ? host with { Position = Math.Max(read, _caughtUp[host.Queue]) }
                : host),
        ];
        RebuildStatus? rebuild = null;
        try
        {
            var state = await Ask(limit => access.Rows.ReadStateAsync(Model, limit));
            if (state.Rebuild is { } progress)
                rebuild = new(
                    progress.Position,
                    state.Head,
                    progress.StartedBy,
                    progress.StartedAt,
                    progress.CommittedAt,
                    IsRebuilding,
                    _rebuildError);
        }
        catch (TimeoutException)
        {
            // The hosts say so.
        }
        return new(Model.Name, Model.Version, queues, rebuild);
    }

    /// <inheritdoc/>
    public async Task<long> CatchUpTo(long position)
    {
        // A round that is under way may have looked at the log too early; all who find that out share the next one.
        for (var rounds = 0; rounds < 2 && _caughtUp.Min() < position; rounds++)
            await (_catchingUp.IsCompleted ? _catchingUp = CatchUp(position) : _catchingUp);
        return _caughtUp.Min();
    }

    /// <inheritdoc/>
    public async Task<bool> Rebuild(string by, bool fresh)
    {
        if (IsRebuilding && !fresh)
            return false;
        await StopRebuild();
        return StartRebuild(by, fresh);
    }

    /// <inheritdoc/>
    public async Task<bool> CancelRebuild(string by)
    {
        // Hosts that would rather have a rebuild are told to go on without.
        _restsFrom = Now;
        await StopRebuild();
        var cancelled = await Ask(limit => access.Rows.CancelRebuildAsync(Model, limit));
        if (cancelled)
            access.Logger.LogInformation("{By} cancelled the rebuild of {Projection}.", by, Model.View);
        return cancelled;
    }

    /// <inheritdoc/>
    public Task<bool> EnsureRebuild()
    {
        if (IsRebuilding)
            return Task.FromResult(true);
        if (_restsFrom + access.Options.KeepReplaced > Now)
            return Task.FromResult(false);
        StartRebuild("system", fresh: false);
        return Task.FromResult(true);
    }

    /// <inheritdoc/>
    public Task<RedriveResult> RebuildRows(StreamName stream, string by)
    {
        access.Logger.LogInformation("{By} has the rows of {Stream} in {Projection} rebuilt.", by, stream, Model.View);
        return HostOf(stream).RebuildRows(stream);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ParkedRunView>> ListParked(string? cause, long afterPosition, int limit) =>
        (await Parked(cause, afterPosition, limit)).Select(run => new ParkedRunView(
            run.Id,
            run.Stream,
            run.FirstVersion,
            run.FirstPosition,
            run.LastVersion,
            run.Cause,
            run.ParkedAt,
            run.Attempts.Select(attempt => new AttemptView(attempt.At, attempt.Error)).ToArray())).ToArray();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ParkedCauseView>> CountParked() =>
        (await Ask(limit => access.Rows.CountParkedAsync(Model, limit)))
            .Select(count => new ParkedCauseView(count.Cause, count.Runs)).ToArray();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ParkedActView>> ListActs(Guid? runId, int limit) =>
        (await Ask(c => access.Rows.ListActsAsync(Model, runId, limit, c)))
            .Select(act => new ParkedActView(act.RunId, act.Stream, act.Act, act.By, act.At, act.Result)).ToArray();

    /// <inheritdoc/>
    public async Task<RedriveResult> Redrive(Guid runId, string by) =>
        await HostOfRun(runId) is { } host ? await host.Redrive(runId, by) : new(RedriveStatus.NotParked, 0, null);

    /// <inheritdoc/>
    public async Task<RedriveResult> Discard(Guid runId, long version, string by) =>
        await HostOfRun(runId) is { } host
            ? await host.Discard(runId, version, by)
            : new(RedriveStatus.NotParked, 0, null);

    /// <inheritdoc/>
    public async Task<RedriveSummary> RedriveCause(string? cause, string by, int perSecondMax, bool dryRun)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perSecondMax);
        var counts = await Ask(limit => access.Rows.CountParkedAsync(Model, limit));
        var concerned = counts.Where(count => cause is null || count.Cause == cause);
        var summary = new RedriveSummary(concerned.Sum(count => count.Runs), 0, 0);
        if (!dryRun)
        {
            if (!_redriving.IsCompleted)
                return _redrive!;
            _redrive = summary;
            _redriving = RedriveAll(cause, by, TimeSpan.FromSeconds(1) / perSecondMax);
        }
        return summary;
    }

    /// <inheritdoc/>
    public Task<RedriveSummary?> RedriveProgress() => Task.FromResult(_redrive);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ProjectionStep>> StepThrough(StreamName stream, long fromVersion, int limit) =>
        Ask(_ => _projection.StepThroughAsync(access, stream, fromVersion, limit));

    private async Task SeeToRebuilds()
    {
        var restsFrom = _restsFrom;
        if (IsRebuilding || restsFrom + access.Options.RebuildTakeover > Now)
            return;
        if (!_isPrepared)
            await Ask(limit => access.Rows.PrepareAsync(Model, access.Options.QueueCount, limit));
        _isPrepared = true;
        var state = await Ask(limit => access.Rows.ReadStateAsync(Model, limit));
        // One that has been cancelled meanwhile must not begin again.
        if (_restsFrom == restsFrom && state.Rebuild is { } left
            && Now - left.CommittedAt >= access.Options.RebuildTakeover)
            StartRebuild(left.StartedBy, fresh: false);
        if (state.Replaced is { } replaced && _replaced?.Generation != replaced)
            _replaced = (replaced, Now);
        if (state.Replaced is not null && _replaced?.Since + access.Options.KeepReplaced <= Now
            && _dropping.IsCompleted)
            _dropping = DropReplaced();
    }

    private async Task DropReplaced()
    {
        try
        {
            // As long as it takes: the store takes a large table apart piece by piece, each within its limit.
            await access.Rows.DropReplacedAsync(Model);
        }
        catch (Exception failure) // The next wake-up finds the table still there.
        {
            access.Logger.LogWarning(failure, "The replaced table of {Projection} is not dropped.", Model.View);
        }
    }

    // Where the log tells which queues have something new, only their hosts are asked.
    private async Task CatchUp(long position)
    {
        QueueEnds? log = null;
        try
        {
            log = await Ask(limit => access.Rows.ReadQueueEndsAsync(
                _caughtUp.Length, _caughtUp.Min(), position, limit));
        }
        catch (TimeoutException)
        {
            // The hosts say how far they are.
        }
        await Task.WhenAll(Hosts.Select(async (host, queue) =>
        {
            var end = log?.ReadTo >= position ? log.Ends.GetValueOrDefault(queue) : position;
            var reached = end > _caughtUp[queue] ? await CatchUpOf(host, end) : end;
            if (reached >= end)
                reached = Math.Max(reached, log?.ReadTo ?? 0);
            _caughtUp[queue] = Math.Max(_caughtUp[queue], reached);
        }));
    }

    // Its own limit is shorter, but it may be busy with something else, or have died with its silo.
    private async Task<long> CatchUpOf(IProjectionGrain host, long position)
    {
        try
        {
            return await host.CatchUpTo(position).WaitAsync(2 * access.Options.CatchUpLimit, access.Time);
        }
        catch (Exception silent) when (silent is OrleansException or TimeoutException)
        {
            return 0;
        }
    }

    private async Task<QueueProgress> ProgressOf(IProjectionGrain host, int queue)
    {
        try
        {
            return await host.Progress().WaitAsync(access.Options.StoreLimit, access.Time);
        }
        catch (Exception silent) when (silent is OrleansException or TimeoutException)
        {
            var error = $"Its host does not answer: {silent.Message}";
            return new(queue, null, null, null, false, null, null, error, 0, null, null);
        }
    }

    // False if somebody else has started one while the caller waited.
    private bool StartRebuild(string by, bool fresh)
    {
        if (IsRebuilding)
            return false;
        _rebuildError = null;
        _rebuilding = RunRebuild(by, fresh);
        return true;
    }

    private async Task RunRebuild(string by, bool fresh)
    {
        using var ends = new CancellationTokenSource();
        _stopRebuilding = ends.CancelAsync;
        var own = this.AsReference<IProjectionCoordinatorGrain>();
        try
        {
            // Not in the grain's turns: folding a log would hold them up.
            await Task.Run(() => _projection.RebuildAsync(access, by, fresh, own.CatchUpTo, ends.Token));
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // It was told to end.
        }
        catch (Exception failure) // It is taken up again by the next wake-up that finds it standing still.
        {
            (_rebuildError, _restsFrom) = (failure.Message, Now);
            access.Logger.LogWarning(failure, "The rebuild of {Projection} failed.", Model.View);
        }
        finally
        {
            _stopRebuilding = () => Task.CompletedTask;
        }
    }

    private async Task StopRebuild()
    {
        var rebuilding = _rebuilding; // And not one that is started while this one ends.
        await _stopRebuilding();
        await rebuilding;
    }

    private async Task RedriveAll(string? cause, string by, TimeSpan pause)
    {
        try
        {
            // Each run is tried once: one that fails stays where it is, and the next page begins after it.
            for (var after = 0L; ;)
            {
                var runs = await Parked(cause, after, PageSize);
                foreach (var run in runs)
                {
                    _redrive = await TryRedrive(run.Id, by)
                        ? _redrive! with { Done = _redrive.Done + 1 }
                        : _redrive! with { Failed = _redrive.Failed + 1 };
                    after = run.FirstPosition;
                    await Task.Delay(pause, access.Time);
                }
                if (runs.Count == 0)
                    return;
            }
        }
        catch (Exception failure) // Nobody waits for it; who asked sees how far it came.
        {
            access.Logger.LogWarning(failure, "A redrive of {Projection} by cause stopped.", Model.View);
        }
    }

    private async Task<bool> TryRedrive(Guid runId, string by)
    {
        try
        {
            return (await Redrive(runId, by)).Status is RedriveStatus.Done or RedriveStatus.GoesOn;
        }
        catch (Exception failure) // Of its host, or of the store; the next run may have another one.
        {
            access.Logger.LogWarning(failure, "Run {Run} of {Projection} could not be redriven.", runId, Model.View);
            return false;
        }
    }

    // Only exceptions of the base library arrive as themselves at a caller in another silo.
    private async Task<T> Ask<T>(Func<CancellationToken, Task<T>> call)
    {
        try
        {
            return await access.Call(call);
        }
        catch (StoreUnavailableException away)
        {
            throw new TimeoutException(away.Message);
        }
    }

    private Task<IReadOnlyList<ParkedRun>> Parked(string? cause, long afterPosition, int limit) =>
        Ask(c => access.Rows.ListParkedAsync(Model, cause, afterPosition, limit, c));

    private IProjectionGrain HostOf(StreamName stream) =>
        _projection.Host(GrainFactory, LogQueue.Of(stream, access.Options.QueueCount).Number);

    private async Task<IProjectionGrain?> HostOfRun(Guid runId) =>
        await Ask(limit => access.Rows.FindParkedAsync(Model, runId, limit)) is { } run
            ? HostOf(run.Stream)
            : null;
}
