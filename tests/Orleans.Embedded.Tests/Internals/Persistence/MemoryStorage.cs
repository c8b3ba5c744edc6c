using Orleans.Hosting;
using Waybill.Tests.Persistence;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Persistence;

/// <summary>Genuine memory storage lives in grains, and dies with their silos.</summary>
public sealed class MemoryStorage
{
    [Fact]
    public async Task Memory_storage_outlives_each_silo_stopped_or_killed()
    {
        await using var cluster = Silos
            .Compose(2, silo => silo.AddMemoryGrainStorageAsDefault().AddMemoryGrainStorage("drawer")).Build();
        await cluster.DeployAsync();
        List<INotebook> notebooks =
            [.. Enumerable.Range(0, 10).Select(i => cluster.Client.GetGrain<INotebook>($"{i}"))];
        foreach (var notebook in notebooks)
        {
            await notebook.Add("bread");
            await notebook.Write();
        }

        await cluster.StartAdditionalSiloAsync();
        await cluster.StopSiloAsync(cluster.Silos[0]);
        await cluster.KillSiloAsync(cluster.Silos[0]);

        foreach (var notebook in notebooks) (await notebook.Lines()).ShouldBe(["bread"]);
    }
}
