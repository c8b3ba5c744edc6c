using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Api.Admin;

internal static class ProjectionEndpoints
{
    public static void MapProjections(this RouteGroupBuilder admin)
    {
        var projections = admin.MapGroup("/projections");
        projections.TakeIdempotencyKeys();
        projections.MapGet("/",                                List);
        projections.MapGet("/{name}",                          Get);
        projections.MapPost("/{name}/rebuild",                 Rebuild);
        projections.MapDelete("/{name}/rebuild",               Cancel);
        projections.MapPost("/{name}/streams/{stream}/rebuild", RebuildRows);
    }

    // All in one page: they are as many as the code has.
    private static async Task<IResult> List(
        Freshness freshness, HttpContext http, Projections projections, Views views)
    {
        await http.ReachAsync(freshness, projections.Models, views);
        var bodies = await Task.WhenAll(projections.Names.Select(name => Body(projections.Find(name)!)));
        http.AnswerPosition(bodies.Min(body => body.Position ?? 0));
        return Results.Ok(new Page<ProjectionBody>(bodies, Next: null));
    }

    private static async Task<IResult> Get(
        string name, Freshness freshness, HttpContext http, Projections projections, Views views)
    {
        if (projections.Find(name) is not { } projection)
            return Unknown();
        await http.ReachAsync(freshness, projections.Models.Where(model => model.Name == name), views);
        var body = await Body(projection);
        http.AnswerPosition(body.Position ?? 0);
        return Results.Ok(body);
    }

    private static async Task<IResult> Rebuild(string name, HowToRebuild? body, Projections projections)
    {
        if (projections.Find(name) is not { } projection)
            return Unknown();
        return await projection.Rebuild(DeveloperOnly.Actor, body?.Fresh ?? false)
            ? Results.Accepted($"/admin/projections/{name}", await Body(projection))
            : Problems.Of(StatusCodes.Status409Conflict, "rebuild-under-way");
    }

    private static async Task<IResult> Cancel(string name, Projections projections)
    {
        if (projections.Find(name) is not { } projection)
            return Unknown();
        return await projection.CancelRebuild(DeveloperOnly.Actor)
            ? Results.NoContent()
            : Problems.Of(StatusCodes.Status404NotFound, "rebuild-not-found");
    }

    private static async Task<IResult> RebuildRows(
        string name, StreamRef stream, HttpContext http, Projections projections, IEventStore store)
    {
        if (projections.Find(name) is not { } projection)
            return Unknown();
        var first = store.ReadStreamAsync(stream.Value, toVersion: 1, cancellation: http.RequestAborted);
        return await first.AnyAsync(http.RequestAborted)
            ? ActBody.Answer(await projection.RebuildRows(stream.Value, DeveloperOnly.Actor))
            : Problems.Of(StatusCodes.Status404NotFound, "stream-not-found");
    }

    private static async Task<ProjectionBody> Body(IProjectionCoordinatorGrain projection) =>
        ProjectionBody.Of(await projection.Status(), await projection.RedriveProgress());

    // What stands is told also while the store is away; only who asks for more than that needs it.
    private static async Task ReachAsync(
        this HttpContext http, Freshness freshness, IEnumerable<ReadModel> models, Views views)
    {
        if (freshness.After is not null)
            http.AnswerPosition(await views.PositionAsync(models, freshness, http.RequestAborted));
    }

    private static IResult Unknown() => Problems.Of(StatusCodes.Status404NotFound, "projection-not-found");

    private sealed record HowToRebuild(bool Fresh = false);
}

/// <summary>The projections that the silo runs, by the names of their read models.</summary>
internal sealed class Projections(IEnumerable<ProjectionRegistration> registrations, IGrainFactory grains)
{
    public IReadOnlyList<ReadModel> Models { get; } =
    [
        .. registrations.Select(projection => projection.Model).OrderBy(model => model.Name, StringComparer.Ordinal),
    ];

    public IEnumerable<string> Names => Models.Select(model => model.Name);

    /// <summary>Null if there is no such projection.</summary>
    public IProjectionCoordinatorGrain? Find(string name) =>
        Names.Contains(name) ? grains.GetGrain<IProjectionCoordinatorGrain>(name) : null;
}

/// <summary>A projection as operators see it.</summary>
internal sealed record ProjectionBody(
    string Name,
    int Version,
    long? Position,
    LagBody Lag,
    DateTime? LastReadAt,
    int Parked,
    string? Error,
    NoticesBody Notifications,
    RebuildBody? Rebuild,
    RedriveSummary? Redrive)
{
    public static ProjectionBody Of(ProjectionStatus status, RedriveSummary? redrive) => new(
        status.Name,
        status.Version,
        status.Position,
        new(status.EventsBehind, status.Queues.All(queue => queue.IsExact), status.OldestAge?.TotalSeconds),
        status.LastRead?.UtcDateTime,
        status.Parked,
        status.Error is { } error ? ErrorTexts.Shown(error) : null,
        new(status.Notices, status.NoticeError is { } trouble ? ErrorTexts.Shown(trouble) : null),
        status.Rebuild is { } rebuild ? RebuildBody.Of(rebuild) : null,
        redrive);
}

/// <summary>How far a projection is behind the log.</summary>
/// <param name="Events">How many events are not processed yet; null if that is not known.</param>
/// <param name="IsExact">False if there may be more.</param>
/// <param name="OldestSeconds">The age of the oldest of them.</param>
internal sealed record LagBody(long? Events, bool IsExact, double? OldestSeconds);

/// <summary>What a projection has still to tell.</summary>
/// <param name="Waiting">How many notifications wait; null if that is not known.</param>
/// <param name="Error">Why they are not delivered; null if they are.</param>
internal sealed record NoticesBody(long? Waiting, string? Error);

/// <summary>How far a rebuild has come.</summary>
internal sealed record RebuildBody(
    long Position,
    long Head,
    string StartedBy,
    DateTime StartedAt,
    DateTime CommittedAt,
    bool IsRunning,
    string? Error)
{
    public static RebuildBody Of(RebuildStatus rebuild) => new(
        rebuild.Position,
        rebuild.Head,
        rebuild.StartedBy,
        rebuild.StartedAt.UtcDateTime,
        rebuild.CommittedAt.UtcDateTime,
        rebuild.IsRunning,
        rebuild.Error is { } error ? ErrorTexts.Shown(error) : null);
}

/// <summary>What came of an act on parked events, or on a stream's rows.</summary>
internal sealed record ActBody(RedriveStatus Status, long Applied, string? Error)
{
    public static IResult Answer(RedriveResult result) => result.Status switch
    {
        RedriveStatus.NotParked => Problems.Of(StatusCodes.Status404NotFound, "dead-letter-not-found"),
        RedriveStatus.Unavailable => Problems.Of(StatusCodes.Status503ServiceUnavailable),
        _ => Results.Ok(new ActBody(
            result.Status, result.Applied, result.Error is { } error ? ErrorTexts.Shown(error) : null)),
    };
}
