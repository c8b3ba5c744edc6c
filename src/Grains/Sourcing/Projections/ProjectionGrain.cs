using System.Globalization;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.Streams.Core;
using Waybill.EventStore;
using Waybill.EventStore.Streams;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// The shell around the host of a projection for one queue: deliveries and ticks come one after another. It is
/// activated even if the store cannot be reached, to say so. A class that derives from it is to subscribe to
/// <see cref="EventStreams.LogNamespace"/>, whose keys are the numbers of queues, as the grain's is.
/// </summary>
public abstract class ProjectionGrain<TProjection, TRow>(ProjectionAccess access)
    : Grain, IProjectionGrain, IStreamSubscriptionObserver, IAsyncObserver<LogChunk>
    where TProjection : IProjection<TRow>
    where TRow : class
{
    private ProjectionHost<TProjection, TRow> _host = null!;
    private IGrainTimer _timer = null!;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var number = int.Parse(this.GetPrimaryKeyString(), CultureInfo.InvariantCulture);
        var coordinator = GrainFactory.GetGrain<IProjectionCoordinatorGrain>(TProjection.Model.Name);
        _host = new(access, new LogQueue(number, access.Options.QueueCount), coordinator.EnsureRebuild);
        _timer = this.RegisterGrainTimer(
            Tick,
            new GrainTimerCreationOptions(TimeSpan.Zero, access.Options.Period) { KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<LogChunk>().ResumeAsync(this);

    /// <inheritdoc/>
    public Task OnNextAsync(LogChunk item, StreamSequenceToken? token = null) =>
        // After the number of queues was changed, a silo may still deliver as before: the ticks do without it.
        item.QueueCount == access.Options.QueueCount
            ? _host.TakeAsync(item.After, item.ReadTo, item.Events)
            : Task.CompletedTask;

    /// <summary>Told that a chunk was given up; the next one, or a tick, fills the gap.</summary>
    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task Wake()
    {
        _host.LookAgain();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<long> CatchUpTo(long position) => _host.CatchUpToAsync(position);

    /// <inheritdoc/>
    public Task<QueueProgress> Progress() => _host.ProgressAsync();

    /// <inheritdoc/>
    public Task<RedriveResult> Redrive(Guid runId, string by) => _host.RedriveAsync(runId, by);

    /// <inheritdoc/>
    public Task<RedriveResult> Discard(Guid runId, long version, string by) => _host.DiscardAsync(runId, version, by);

    /// <inheritdoc/>
    public Task<RedriveResult> RebuildRows(StreamName stream) => _host.RebuildRowsAsync(stream);

    private async Task Tick(CancellationToken cancellationToken)
    {
        if (!await _host.TickAsync())
            _timer.Change(TimeSpan.Zero, access.Options.Period);
    }
}
