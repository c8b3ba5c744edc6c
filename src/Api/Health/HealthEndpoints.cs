using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;
using Waybill.Api.Admin;
using Waybill.Api.Http;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Api.Health;

/// <summary>Live: the process answers. Ready: what it stands on answers too.</summary>
internal static class HealthEndpoints
{
    // Whoever watches asks every few seconds, and gives up soon.
    private static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(1);

    // A view that is behind by a second or two is at work.
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(10);

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/health").WithTags("Health");
        health.MapGet("/live", () => new { status = "live" });
        health.MapGet("/ready", Ready);
    }

    private static async Task<IResult> Ready(
        HealthCheckService checks,
        Projections projections,
        DueLoop deadlines,
        LogReaderHealth readers,
        CancellationToken cancellation)
    {
        var report = await checks.CheckHealthAsync(cancellation);
        if (report.Status == HealthStatus.Healthy)
            return Results.Ok(await ReadyBody(projections, deadlines, readers));

        var behind = report.Entries.Where(check => check.Value.Status != HealthStatus.Healthy);
        var detail = $"Not ready: {string.Join(", ", behind.Select(check => check.Key))}.";
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "not-ready", detail);
    }

    // Commands need none of it, so that what is behind is named, and nothing is kept from coming.
    private static async Task<object> ReadyBody(
        Projections projections, DueLoop deadlines, LogReaderHealth readers)
    {
        var views = await Task.WhenAll(projections.Names.Select(
            async name => await IsBehind(projections.Find(name)!) ? name : null));
        var behind = views.Append(deadlines.Error is null ? null : "deadlines").Concat(readers.Behind)
            .OfType<string>().ToList();
        return behind.Count > 0 ? new { status = "ready", behind } : new { status = "ready" };
    }

    private static async Task<bool> IsBehind(IProjectionCoordinatorGrain projection)
    {
        try
        {
            var status = await projection.Status().WaitAsync(StatusLimit);
            return status.Error is not null || status.OldestAge > AgeMax;
        }
        catch (Exception silent) when (silent is TimeoutException or OrleansException)
        {
            return true;
        }
    }
}
