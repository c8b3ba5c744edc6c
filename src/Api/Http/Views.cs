using Orleans.Runtime;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Api.Http;

/// <summary>How fresh a view must be, by <c>?after=</c> and <c>&amp;wait=</c>: "read your writes".</summary>
/// <param name="After">The position that it must have read; null if any will do.</param>
/// <param name="Wait">How long to wait until it has.</param>
internal sealed record Freshness(long? After, TimeSpan Wait) : IQuery
{
    private const int WaitDefault = 2_000;

    private const int WaitMax = 10_000;

    public static IReadOnlyList<string> Names { get; } = ["after", "wait"];

    /// <exception cref="MalformedException">One of them is not a number, or out of range.</exception>
    public static ValueTask<Freshness> BindAsync(HttpContext http) => ValueTask.FromResult(new Freshness(
        http.QueryNumber("after", 0, long.MaxValue),
        TimeSpan.FromMilliseconds(http.QueryNumber("wait", 0, WaitMax) ?? WaitDefault)));
}

/// <summary>A view has not read as far as was asked for, and time is up.</summary>
internal sealed class ViewBehindException(long reached) : Exception("The view is behind.")
{
    /// <summary>How far it has read.</summary>
    public long Reached { get; } = reached;
}

/// <summary>Reads read models for requests, and never answers from an older one than is asked for.</summary>
internal sealed class Views(IReadModelStore rows, IGrainFactory grains, TimeProvider time)
{
    // Between two looks at a view that has not got there, since the log itself may not have.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <exception cref="ViewBehindException">It has not got there in time.</exception>
    public Task<RowPage<TRow>> ReadAsync<TRow>(
        ReadModel<TRow> model, ReadModelQuery query, Freshness freshness, CancellationToken cancellation)
        where TRow : class =>
        ReadAsync(model, () => rows.QueryAsync(model, query, cancellation), freshness, cancellation);

    /// <inheritdoc cref="ReadAsync{TRow}(ReadModel{TRow}, ReadModelQuery, Freshness, CancellationToken)"/>
    public Task<RowPage<RowGroup>> GroupAsync(
        ReadModel model, ReadModelGroups groups, Freshness freshness, CancellationToken cancellation) =>
        ReadAsync(model, () => rows.GroupAsync(model, groups, cancellation), freshness, cancellation);

    /// <summary>How far all of some views have read, or parked what they could not apply.</summary>
    /// <exception cref="ViewBehindException">It is less than is asked for, and time is up.</exception>
    public async Task<long> PositionAsync(
        IEnumerable<ReadModel> models, Freshness freshness, CancellationToken cancellation)
    {
        var after = freshness.After ?? 0;
        var positions = await Task.WhenAll(models.Select(async model =>
        {
            var reached = after > 0 ? await ReachAsync(model, after, freshness.Wait, cancellation) : 0;
            return Math.Max(reached, (await rows.ReadStateAsync(model, cancellation)).Position);
        }));
        var position = positions.DefaultIfEmpty().Min();
        return position >= after ? position : throw new ViewBehindException(position);
    }

    private async Task<RowPage<T>> ReadAsync<T>(
        ReadModel model, Func<Task<RowPage<T>>> read, Freshness freshness, CancellationToken cancellation)
        where T : class
    {
        var after = freshness.After ?? 0;
        var reached = after > 0 ? await ReachAsync(model, after, freshness.Wait, cancellation) : 0;
        var page = await read();
        // A host has read more than it has stored where nothing of its queue was there to be stored.
        var position = Math.Max(page.Position, reached);
        return position >= after ? page with { Position = position } : throw new ViewBehindException(position);
    }

    private async Task<long> ReachAsync(
        ReadModel model, long after, TimeSpan wait, CancellationToken cancellation)
    {
        var coordinator = grains.GetGrain<IProjectionCoordinatorGrain>(model.Name);
        var begun = time.GetTimestamp();
        for (var reached = 0L; ;)
        {
            try
            {
                var caughtUp = coordinator.CatchUpTo(after).WaitAsync(Left(), time, cancellation);
                reached = Math.Max(reached, await caughtUp);
            }
            catch (Exception silent) when (silent is TimeoutException or OrleansException)
            {
                // What is stored may still be enough, and it is read next.
            }
            if (reached >= after || Left() == TimeSpan.Zero)
                return reached;
            await Task.Delay(Left() < Pause ? Left() : Pause, time, cancellation);
        }

        TimeSpan Left() => TimeSpan.FromTicks(Math.Max(0, (wait - time.GetElapsedTime(begun)).Ticks));
    }
}
