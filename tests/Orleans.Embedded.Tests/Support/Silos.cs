using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using Waybill.Tests.Support;

[assembly: AssemblyFixture(typeof(OneSilo))]
[assembly: AssemblyFixture(typeof(TwoSilos))]

namespace Waybill.Tests.Support;

/// <summary>
/// One silo that all tests share which neither stop it nor ask for it to be composed in their own way.
/// </summary>
public sealed class OneSilo : IAsyncLifetime
{
    public InProcessTestCluster Cluster { get; } = Silos.Compose(1).Build();

    /// <summary>The silo's own references: calls do not cross.</summary>
    public IGrainFactory Grains => Cluster.GrainsOf(Cluster.Silos[0]);

    /// <summary>The client's references: calls cross into the silo.</summary>
    public IClusterClient Client => Cluster.Client;

    public async ValueTask InitializeAsync() => await Cluster.DeployAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}

/// <summary>Two silos that all tests share which do not stop them.</summary>
public sealed class TwoSilos : IAsyncLifetime
{
    public InProcessTestCluster Cluster { get; } = Silos.Compose(2).Build();

    public InProcessSiloHandle Here => Cluster.Silos[0];

    public InProcessSiloHandle There => Cluster.Silos[1];

    public async ValueTask InitializeAsync() => await Cluster.DeployAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}

/// <summary>A grain that says which silo it is on.</summary>
public interface ISomewhere : IGrainWithStringKey
{
    Task<SiloAddress> Whereabouts();
}

public static class Silos
{
    /// <summary>A cluster as the tests need it on either engine.</summary>
    public static InProcessTestClusterBuilder Compose(short silos, Action<ISiloBuilder>? configure = null)
    {
        var builder = new InProcessTestClusterBuilder(silos);
#if ORLEANS_PACKAGES
        // Random, so that a test finds a grain on either silo: the default puts nearly all of them on one.
        builder.ConfigureSilo((_, silo) => silo.Services.AddSingleton<PlacementStrategy, RandomPlacement>());
        builder.Options.ConfigureFileLogging = false;
#endif
        return configure is null ? builder : builder.ConfigureSilo((_, silo) => configure(silo));
    }

    /// <summary>The references of one silo.</summary>
    public static IGrainFactory GrainsOf(this InProcessTestCluster cluster, InProcessSiloHandle silo) =>
        cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<IGrainFactory>();

    /// <summary>
    /// A grain that lives on <paramref name="there"/>, called through the references of <paramref name="from"/>.
    /// </summary>
    public static async Task<T> GrainOn<T>(
        this InProcessTestCluster cluster, InProcessSiloHandle there, IGrainFactory from)
        where T : ISomewhere
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var grain = from.GetGrain<T>($"{Guid.NewGuid()}");
            if ((await grain.Whereabouts()).Equals(there.SiloAddress)) return grain;
        }

        throw new InvalidOperationException($"Of 200 grains none was placed on {there.Name}.");
    }
}
