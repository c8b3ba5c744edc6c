using System.Globalization;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>A projection that silos run, to those who need not know its rows.</summary>
public abstract class ProjectionRegistration
{
    private protected ProjectionRegistration(ReadModel model) => Model = model;

    /// <summary>Its read model.</summary>
    public ReadModel Model { get; }

    /// <summary>Its host for a queue.</summary>
    public abstract IProjectionGrain Host(IGrainFactory grains, int queue);

    /// <inheritdoc cref="ProjectionRebuild{TProjection, TRow}.RunAsync"/>
    internal abstract Task<bool> RebuildAsync(
        ProjectionAccess access, string by, bool fresh, Func<long, Task> catchUp, CancellationToken cancellation);

    /// <inheritdoc cref="IProjectionCoordinatorGrain.StepThrough"/>
    internal abstract Task<IReadOnlyList<ProjectionStep>> StepThroughAsync(
        ProjectionAccess access, StreamName stream, long fromVersion, int limit);
}

/// <summary>A projection with its rows and its grain.</summary>
internal sealed class ProjectionRegistration<TProjection, TRow, TGrain>()
    : ProjectionRegistration(TProjection.Model)
    where TProjection : IProjection<TRow>
    where TRow : class
    where TGrain : IProjectionGrain
{
    public override IProjectionGrain Host(IGrainFactory grains, int queue) =>
        grains.GetGrain<TGrain>(queue.ToString(CultureInfo.InvariantCulture));

    internal override Task<bool> RebuildAsync(
        ProjectionAccess access, string by, bool fresh, Func<long, Task> catchUp, CancellationToken cancellation) =>
        new ProjectionRebuild<TProjection, TRow>(access).RunAsync(by, fresh, catchUp, cancellation);

    internal override async Task<IReadOnlyList<ProjectionStep>> StepThroughAsync(
        ProjectionAccess access, StreamName stream, long fromVersion, int limit)
    {
        var fold = new ProjectionFold<TProjection, TRow>(access);
        var rows = new WorkingRows<TRow>();
        var steps = new List<ProjectionStep>();
        using var ends = new CancellationTokenSource(access.Options.StoreLimit, access.Time);
        await foreach (var stored in access.Log.ReadStreamAsync(stream, cancellation: ends.Token))
        {
            var step = Apply(fold, rows, stored);
            if (stored.Version >= fromVersion)
                steps.Add(step);
            if (step.Error is not null || steps.Count == limit)
                break;
        }
        return steps;
    }

    private static ProjectionStep Apply(
        ProjectionFold<TProjection, TRow> fold, WorkingRows<TRow> rows, StoredEvent stored)
    {
        var type = $"{stored.Type} v{stored.SchemaVersion}";
        var (before, after, error) = (default(TRow), default(TRow), default(string));
        if (fold.Prepare(stored) is { } ready)
        {
            try
            {
                before = ready.Failure is null ? rows.Get(ready.Prior) : throw ready.Failure;
                after = ProjectionFold<TProjection, TRow>.ApplyOne(before, ready.Recorded!);
                rows.Set(ready.Key, after);
            }
            catch (Exception poison) // To be shown is what it is for.
            {
                error = poison.ToString();
            }
        }
        return new(stored.Version, stored.Position, type, before?.ToString(), after?.ToString(), error);
    }
}
