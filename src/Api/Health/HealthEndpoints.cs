using Microsoft.Extensions.Diagnostics.HealthChecks;
using Waybill.Api.Http;

namespace Waybill.Api.Health;

/// <summary>Live: the process answers. Ready: what it stands on answers too.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/health").WithTags("Health");
        health.MapGet("/live", () => new { status = "live" });
        health.MapGet("/ready", Ready);
    }

    private static async Task<IResult> Ready(HealthCheckService checks, CancellationToken cancellation)
    {
        var report = await checks.CheckHealthAsync(cancellation);
        if (report.Status == HealthStatus.Healthy)
            return Results.Ok(new { status = "ready" });

        var behind = report.Entries.Where(check => check.Value.Status != HealthStatus.Healthy);
        var detail = $"Not ready: {string.Join(", ", behind.Select(check => check.Key))}.";
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "not-ready", detail);
    }
}
