using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Activations;

public sealed class Workers(OneSilo silo, TwoSilos two)
{
    [Fact]
    public async Task A_stateless_worker_has_as_many_activations_as_calls_up_to_its_limit()
    {
        var name = $"{Guid.NewGuid()}";
        var worker = silo.Client.GetGrain<IWorker>(name);

        List<Task<Guid>> calls = [worker.Work($"{name} 0"), worker.Work($"{name} 1")];
        await Gate.Of($"{name} 0").Entered;
        await Gate.Of($"{name} 1").Entered;
        calls.Add(worker.Work($"{name} 2"));
        Gate.Of($"{name} 2").Open();
        calls[2].IsCompleted.ShouldBeFalse();
        Gate.Of($"{name} 0").Open();
        Gate.Of($"{name} 1").Open();

        (await Task.WhenAll(calls).Soon()).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task A_stateless_worker_is_where_its_caller_is()
    {
        foreach (var handle in two.Cluster.Silos)
        {
            var worker = two.Cluster.GrainsOf(handle).GetGrain<IWorker>("local");
            (await worker.Whereabouts()).ShouldBe(handle.SiloAddress);
        }
    }

    [Fact]
    public async Task Too_many_waiting_calls_are_refused_and_not_queued()
    {
        await using var cluster = Silos.Compose(1, builder => builder.Services.Configure<SiloMessagingOptions>(
            options => options.MaxEnqueuedRequestsHardLimit = 5)).Build();
        await cluster.DeployAsync();
        var name = $"{Guid.NewGuid()}";
        var grain = cluster.Client.GetGrain<IBottleneck>(name);

        List<Task> calls = [grain.Wait(name)];
        await Gate.Of(name).Entered;
        calls.AddRange(Enumerable.Range(0, 20).Select(_ => grain.Wait(name)));
        await Should.ThrowAsync<LimitExceededException>(Task.WhenAny(calls.Skip(1)).Unwrap().Soon());
        Gate.Of(name).Open();
        await Task.WhenAll(calls).Soon().ContinueWith(_ => { }, TaskScheduler.Default);

        calls.Count(call => call.IsFaulted).ShouldBeGreaterThanOrEqualTo(14);
        calls[0].IsCompletedSuccessfully.ShouldBeTrue();
        await grain.Wait(name);
    }
}

public interface IWorker : IGrainWithStringKey
{
    Task<Guid> Work(string gate);

    Task<SiloAddress> Whereabouts();
}

public interface IBottleneck : IGrainWithStringKey
{
    Task Wait(string gate);
}

[StatelessWorker(2)]
public sealed class WorkerGrain(ILocalSiloDetails here) : Grain, IWorker
{
    private readonly Guid _id = Guid.NewGuid();

    public async Task<Guid> Work(string gate)
    {
        await Gate.Of(gate).Pass();
        return _id;
    }

    public Task<SiloAddress> Whereabouts() => Task.FromResult(here.SiloAddress);
}

public sealed class BottleneckGrain : Grain, IBottleneck
{
    public Task Wait(string gate) => Gate.Of(gate).Pass();
}
