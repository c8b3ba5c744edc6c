using Orleans.Runtime;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Management;

public sealed class ManagementGrains : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster = Silos.Compose(2).Build();

    private IManagementGrain Management => _cluster.Client.GetGrain<IManagementGrain>(0);

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task The_hosts_are_the_silos_and_what_has_become_of_them()
    {
        var addresses = _cluster.Silos.Select(silo => silo.SiloAddress).ToArray();
        (await Management.GetHosts(onlyActive: true)).Keys.ShouldBe(addresses, ignoreOrder: true);

        await _cluster.StopSiloAsync(_cluster.Silos[1]);

        (await Management.GetHosts(onlyActive: true)).Keys.ShouldBe([addresses[0]]);
        (await Management.GetHosts())[addresses[0]].ShouldBe(SiloStatus.Active);
    }

    [Fact]
    public async Task Activations_are_counted_by_silo_and_grain_class()
    {
        for (var i = 0; i < 10; i++) await _cluster.Client.GetGrain<ICounted>($"{i}").Call();

        var statistics = (await Management.GetSimpleGrainStatistics())
            .Where(row => row.GrainType.Contains(nameof(CountedGrain))).ToList();

        // At least, because genuine Orleans counts for all silos of a process together.
        statistics.Sum(row => row.ActivationCount).ShouldBeGreaterThanOrEqualTo(10);
        statistics.ShouldAllBe(row => row.GrainType == $"{typeof(CountedGrain).FullName},Orleans.Embedded.Tests");
        var ofOne = await Management.GetSimpleGrainStatistics([statistics[0].SiloAddress]);
        ofOne.ShouldAllBe(row => row.SiloAddress.Equals(statistics[0].SiloAddress));
        ofOne.Single(row => row.GrainType == statistics[0].GrainType).ActivationCount
            .ShouldBe(statistics[0].ActivationCount);
    }

    [Fact]
    public async Task Each_activation_is_listed_with_its_grain_and_silo()
    {
        await _cluster.Client.GetGrain<ICounted>("a").Call();
        await _cluster.Client.GetGrain<ICounted>("b").Call();

        var all = (await Management.GetDetailedGrainStatistics())
            .Where(row => row.GrainType.Contains(nameof(CountedGrain))).ToList();
        var ofType = await Management.GetDetailedGrainStatistics([all[0].GrainType]);

        all.Select(row => row.GrainId.ToString()).ShouldBe(["counted/a", "counted/b"], ignoreOrder: true);
        ofType.Select(row => row.GrainId).ShouldBe(all.Select(row => row.GrainId), ignoreOrder: true);
        foreach (var row in all)
        {
            var address = await Management.GetActivationAddress(_cluster.Client.GetGrain<ICounted>(row.GrainId));
            address.ShouldBe(row.SiloAddress);
        }

        (await Management.GetActivationAddress(_cluster.Client.GetGrain<ICounted>("nobody"))).ShouldBeNull();
    }

    [Fact]
    public async Task All_activations_are_those_of_all_silos_together()
    {
        for (var i = 0; i < 10; i++) await _cluster.Client.GetGrain<ICounted>($"{i}").Call();

        var total = await Management.GetTotalActivationCount();
        var perSilo = await Management.GetRuntimeStatistics([.. _cluster.Silos.Select(silo => silo.SiloAddress)]);

        total.ShouldBeGreaterThanOrEqualTo(10);
        perSilo.Sum(silo => silo.ActivationCount).ShouldBe(total);
    }

    [Fact]
    public async Task Idle_activations_can_be_collected_at_once()
    {
        var grain = _cluster.Client.GetGrain<ICounted>("idle");
        var kept = _cluster.Client.GetGrain<IKept>("kept");
        await grain.Call();
        await kept.Call();

        await Management.ForceActivationCollection(TimeSpan.FromHours(1));
        (await Management.GetActivationAddress(grain)).ShouldNotBeNull();
        await Management.ForceActivationCollection(TimeSpan.Zero);
        await _cluster.WaitForDeactivationAsync(grain);

        _cluster.TryGetGrainContext(grain.GetGrainId(), out _).ShouldBeFalse();
        _cluster.TryGetGrainContext(kept.GetGrainId(), out _).ShouldBeTrue();
    }
}

public interface ICounted : IGrainWithStringKey
{
    Task Call();
}

public interface IKept : IGrainWithStringKey
{
    Task Call();
}

public sealed class CountedGrain : Grain, ICounted
{
    public Task Call() => Task.CompletedTask;
}

[KeepAlive]
public sealed class KeptGrain : Grain, IKept
{
    public Task Call() => Task.CompletedTask;
}
