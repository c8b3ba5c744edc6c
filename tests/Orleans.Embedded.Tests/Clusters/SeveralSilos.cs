using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Clusters;

/// <summary>Silos that come and go; every test has its own.</summary>
public sealed class SeveralSilos
{
    [Fact]
    public async Task A_grain_has_one_activation_whichever_silo_asks()
    {
        await using var cluster = Silos.Compose(3).Build();
        await cluster.DeployAsync();
        var key = $"{Guid.NewGuid()}";

        var places = await Task.WhenAll(Enumerable.Range(0, 60).Select(
            i => cluster.GrainsOf(cluster.Silos[i % 3]).GetGrain<IResident>(key).Whereabouts())).Soon();

        places.Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task What_crosses_from_silo_to_silo_is_a_copy()
    {
        await using var cluster = Silos.Compose(2).Build();
        await cluster.DeployAsync();
        var here = await cluster.GrainOn<IResident>(cluster.Silos[0], cluster.Client);
        var there = await cluster.GrainOn<IResident>(cluster.Silos[1], cluster.Client);

        (await here.KeepsItsOwnCopy(there)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_silo_that_stops_hands_its_grains_over()
    {
        await using var cluster = Silos.Compose(2).Build();
        await cluster.DeployAsync();
        var grain = await cluster.GrainOn<IResident>(cluster.Silos[1], cluster.Client);
        var survivor = cluster.Silos[0].SiloAddress;

        await cluster.StopSiloAsync(cluster.Silos[1]);

        Notes.Of(grain.GetPrimaryKeyString()).ShouldBe(["deactivated: ShuttingDown"]);
        (await grain.Whereabouts().Soon()).ShouldBe(survivor);
    }

    [Fact]
    public async Task A_call_under_way_is_finished_before_its_silo_stops()
    {
        await using var cluster = Silos.Compose(2).Build();
        await cluster.DeployAsync();
        var grain = await cluster.GrainOn<IResident>(cluster.Silos[1], cluster.Client);
        var key = grain.GetPrimaryKeyString();

        var call = grain.Stay();
        await Gate.Of(key).Entered;
        var stop = cluster.StopSiloAsync(cluster.Silos[1]);
        Gate.Of(key).Open();
        await stop.Soon();

        (await call.Soon()).ShouldBe("stayed");
    }

    [Fact]
    public async Task Callers_of_a_killed_silo_are_told_at_once_and_the_next_call_finds_a_new_activation()
    {
        await using var cluster = Silos.Compose(3).Build();
        await cluster.DeployAsync();
        var caller = await cluster.GrainOn<IResident>(cluster.Silos[0], cluster.Client);
        var called = await cluster.GrainOn<IResident>(cluster.Silos[1], cluster.Client);
        var key = called.GetPrimaryKeyString();
        var victim = cluster.Silos[1];

        var call = caller.WhatHappensAt(called);
        await Gate.Of(key).Entered;
        await cluster.KillSiloAsync(victim);

        (await call.Soon()).ShouldBe(nameof(SiloUnavailableException));
        (await called.Whereabouts().Soon()).ShouldNotBe(victim.SiloAddress);
        Notes.Of(key).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_grain_answers_soon_after_a_kill_under_load()
    {
        await using var cluster = Silos.Compose(3).Build();
        await cluster.DeployAsync();
        var grains = Enumerable.Range(0, 100)
            .Select(i => cluster.Client.GetGrain<IResident>($"{Guid.NewGuid()}")).ToList();
        await Task.WhenAll(grains.Select(grain => grain.Whereabouts()));
        using var enough = new CancellationTokenSource();
        var load = Task.WhenAll(grains.Select(grain => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested) await Try(grain);
        })));

        await cluster.KillSiloAsync(cluster.Silos[2]);
        foreach (var grain in grains)
        {
            while (!await Try(grain)) await Task.Yield();
        }

        await enough.CancelAsync();
        await load.Soon();

        static async Task<bool> Try(IResident grain)
        {
            try
            {
                await grain.Ping();
                return true;
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_silo_that_starts_again_has_a_new_address_and_none_of_its_grains()
    {
        await using var cluster = Silos.Compose(2).Build();
        await cluster.DeployAsync();
        var before = cluster.Silos[1];
        var grain = await cluster.GrainOn<IResident>(before, cluster.Client);
        await grain.Remember("of the former life");

        var after = await cluster.RestartSiloAsync(before);

        after!.SiloAddress.ShouldNotBe(before.SiloAddress);
        after.Name.ShouldBe(before.Name);
        before.IsActive.ShouldBeFalse();
        cluster.Silos.Count.ShouldBe(2);
        (await grain.Recall().Soon()).ShouldBe("");
    }

    [Fact]
    public async Task A_silo_that_joins_later_gets_its_share_of_the_grains()
    {
        await using var cluster = Silos.Compose(1).Build();
        await cluster.DeployAsync();

        var late = await cluster.StartAdditionalSiloAsync();
        await cluster.WaitForLivenessToStabilizeAsync();

        await cluster.GrainOn<IResident>(late, cluster.Client);
        cluster.Silos.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_client_of_a_cluster_without_silos_is_told_so()
    {
        await using var cluster = Silos.Compose(1).Build();
        await cluster.DeployAsync();
        var grain = cluster.GrainsOf(cluster.Silos[0]).GetGrain<IResident>("k");

        await cluster.StopSiloAsync(cluster.Silos[0]);

        await Should.ThrowAsync<SiloUnavailableException>(grain.Whereabouts().Soon());
    }
}

public interface IResident : ISomewhere
{
    Task<string> Stay();

    // A call that a dying silo took with it may end in its timeout only.
    [ResponseTimeout("00:00:02")]
    Task Ping();

    Task<string> WhatHappensAt(IResident other);

    Task Remember(string what);

    Task<string> Recall();

    Task<bool> KeepsItsOwnCopy(IResident other);

    Task Keep(List<int> numbers);

    Task<List<int>> Kept();
}

public sealed class ResidentGrain(ILocalSiloDetails here) : Grain, IResident
{
    private string _memory = "";
    private List<int> _kept = [];

    public Task<SiloAddress> Whereabouts() => Task.FromResult(here.SiloAddress);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Notes.Write(this.GetPrimaryKeyString(), $"deactivated: {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public async Task<string> Stay()
    {
        await Gate.Of(this.GetPrimaryKeyString()).Pass();
        return "stayed";
    }

    public Task Ping() => Task.CompletedTask;

    public async Task<string> WhatHappensAt(IResident other)
    {
        try
        {
            return await other.Stay();
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }

    public Task Remember(string what)
    {
        _memory = what;
        return Task.CompletedTask;
    }

    public Task<string> Recall() => Task.FromResult(_memory);

    public async Task<bool> KeepsItsOwnCopy(IResident other)
    {
        List<int> numbers = [1, 2];
        await other.Keep(numbers);
        numbers.Add(3);
        var kept = await other.Kept();
        kept.Add(4);
        return kept is [1, 2, 4] && await other.Kept() is [1, 2];
    }

    public Task Keep(List<int> numbers)
    {
        _kept = numbers;
        return Task.CompletedTask;
    }

    public Task<List<int>> Kept() => Task.FromResult(_kept);
}
