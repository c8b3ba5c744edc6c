using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals;

public sealed class Counting
{
    [Fact]
    public async Task Activations_are_counted_exactly_as_they_come_and_go()
    {
        await using var cluster = Silos.Compose(2).Build();
        await cluster.DeployAsync();
        var management = cluster.Client.GetGrain<IManagementGrain>(0);
        var grains = Enumerable.Range(0, 20).Select(i => cluster.Client.GetGrain<IIdle>($"{i}")).ToList();
        foreach (var grain in grains) await grain.Call();
        (await Count()).ShouldBe(20);

        foreach (var grain in grains.Take(5)) await cluster.DeactivateAsync(grain);
        (await Count()).ShouldBe(15);
        await cluster.StopSiloAsync(cluster.Silos[1]);
        foreach (var grain in grains) await grain.Call();

        (await Count()).ShouldBe(20);

        async Task<int> Count() => (await management.GetSimpleGrainStatistics())
            .Where(row => row.GrainType.Contains(nameof(IdleGrain))).Sum(row => row.ActivationCount);
    }
}
