using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Dashboard;

/// <summary>How the dashboard shows what it shows.</summary>
public sealed class DashboardOptions
{
    /// <summary>How often the page asks for new figures, in milliseconds.</summary>
    public int CounterUpdateIntervalMs { get; set; } = 1000;

    /// <summary>How many of the last figures it draws.</summary>
    public int HistoryLength { get; set; } = 100;
}

/// <summary>Adds the dashboard to a silo and to the web application it is in.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>Adds what the dashboard needs of the silo.</summary>
    public static ISiloBuilder AddDashboard(
        this ISiloBuilder siloBuilder, Action<DashboardOptions>? configureOptions = null)
    {
        siloBuilder.Services.TryAddSingleton<DashboardFigures>();
        if (configureOptions is not null) siloBuilder.Services.Configure(configureOptions);
        return siloBuilder;
    }

    /// <summary>
    /// Serves the page at <paramref name="routePrefix"/>. To whoever asks: use what is returned to demand
    /// authorization.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The silo was composed without <see cref="AddDashboard"/>.
    /// </exception>
    public static RouteGroupBuilder MapOrleansDashboard(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string? routePrefix = null)
    {
        var figures = endpoints.ServiceProvider.GetService<DashboardFigures>()
            ?? throw new InvalidOperationException(
                $"The dashboard is not there: call {nameof(AddDashboard)} where the silo is composed.");
        var group = endpoints.MapGroup(routePrefix ?? "");
        group.MapGet("/", DashboardPage.Serve).ExcludeFromDescription();
        group.MapGet("/figures", context => ServeFigures(context, figures)).ExcludeFromDescription();
        return group;
    }

    private static Task ServeFigures(HttpContext context, DashboardFigures figures)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(figures.Take(), JsonSerializerOptions.Web, context.RequestAborted);
    }
}

/// <summary>What the page is told: sums since the silos started, from which it makes rates by itself.</summary>
internal sealed class DashboardFigures(Cluster cluster, IOptions<DashboardOptions> options, ILocalSiloDetails here)
{
    internal Figures Take()
    {
        var silos = cluster.Silos;
        return new(
            here.ClusterId,
            options.Value.CounterUpdateIntervalMs,
            options.Value.HistoryLength,
            [.. silos.Select(Of)],
            [.. silos.SelectMany(silo => silo.Classes.Select(grainClass => (Silo: silo, Class: grainClass)))
                .GroupBy(pair => pair.Class.Implementation)
                .Select(group => Of(group.Key, [.. group]))
                .OrderBy(row => row.Name, StringComparer.Ordinal)]);
    }

    // The calls of dead silos stay in the sums, so that these never go down; their activations are no more.
    private static bool IsDead(Silo silo) => silo.Status is SiloStatus.Dead;

    private static SiloFigures Of(Silo silo) => new(
        silo.Name,
        silo.SiloAddress.ToParsableString(),
        silo.Status.ToString(),
        IsDead(silo) ? null : (silo.Runtime.TimeProvider.GetUtcNow() - silo.StartedAt).TotalSeconds,
        IsDead(silo) ? 0 : silo.ActivationCount,
        silo.Classes.Sum(grainClass => grainClass.Statistics.Calls));

    private static GrainFigures Of(Type implementation, List<(Silo Silo, GrainClass Class)> parts) => new(
        implementation.Name,
        implementation.FullName!,
        implementation.Assembly == typeof(DashboardFigures).Assembly,
        parts.Where(part => !IsDead(part.Silo)).Sum(part => Volatile.Read(ref part.Class.ActivationCount)),
        parts.Sum(part => part.Class.Statistics.Calls),
        parts.Sum(part => part.Class.Statistics.Failures),
        parts.Sum(part => part.Class.Statistics.Latency * 1000.0 / part.Silo.Runtime.TimeProvider.TimestampFrequency));

    internal sealed record Figures(
        string Cluster,
        int IntervalMs,
        int HistoryLength,
        IReadOnlyList<SiloFigures> Silos,
        IReadOnlyList<GrainFigures> Grains);

    /// <param name="UptimeSeconds">Null once it is dead.</param>
    internal sealed record SiloFigures(
        string Name, string Address, string Status, double? UptimeSeconds, int Activations, long Calls);

    /// <param name="OfOrleans">One of the engine's own.</param>
    /// <param name="LatencyMs">The sum over all calls, from sending to the end.</param>
    internal sealed record GrainFigures(
        string Name, string Type, bool OfOrleans, int Activations, long Calls, long Errors, double LatencyMs);
}
