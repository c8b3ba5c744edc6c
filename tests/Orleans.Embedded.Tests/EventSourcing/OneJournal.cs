using Orleans.Hosting;
using Orleans.TestingHost;
using Waybill.Tests.EventSourcing;
using Waybill.Tests.Support;

[assembly: AssemblyFixture(typeof(OneJournal))]

namespace Waybill.Tests.EventSourcing;

/// <summary>A silo with custom storage under a name, and none by default.</summary>
public sealed class OneJournal : IAsyncLifetime
{
    public InProcessTestCluster Cluster { get; } =
        Silos.Compose(1, silo => silo.AddCustomStorageBasedLogConsistencyProvider("shelf")).Build();

    /// <summary>The silo's own references.</summary>
    public IGrainFactory Grains => Cluster.GrainsOf(Cluster.Silos[0]);

    public async ValueTask InitializeAsync() => await Cluster.DeployAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
