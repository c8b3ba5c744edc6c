using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals;

/// <summary>What is over leaves nothing behind: no waiting line, no key, nobody who waits for it.</summary>
public sealed class Leftovers(OneSilo one)
{
    private readonly string _name = $"{Guid.NewGuid()}";

    private Silo Silo => one.Cluster.GetSiloServiceProvider().GetRequiredService<Silo>();

    private IStuck Grain => one.Grains.GetGrain<IStuck>(_name);

    [Fact]
    public async Task An_activation_that_is_taken_back_before_it_starts_has_ended()
    {
        var id = Grain.GetGrainId();
        var activation = new Activation(id, Silo.ClassOf(id.Type), Silo.Runtime);
        var ended = activation.Deactivated;

        activation.Abandon();

        await ended.Soon();
    }

    [Fact]
    public async Task Calls_that_were_given_up_leave_the_line_of_a_grain_that_is_stuck()
    {
        var stuck = Grain.Stay(_name);
        await Gate.Of(_name).Entered;
        using var given = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 1_000).Select(_ => Grain.Call(given.Token)).ToList();
        await given.CancelAsync();
        foreach (var call in calls) await Should.ThrowAsync<OperationCanceledException>(call);

        for (var i = 0; i < 200; i++) _ = Grain.Call(CancellationToken.None);
        one.Cluster.TryGetGrainContext(Grain.GetGrainId(), out var context).ShouldBeTrue();
        ((Activation)context).Load.ShouldBeLessThanOrEqualTo(201 + 1_000 / 2);

        Gate.Of(_name).Open();
        await stuck.Soon();
        await Grain.Call(CancellationToken.None).Soon();
        ((Activation)context).Load.ShouldBe(0);
    }

    [Fact]
    public async Task Calls_that_may_overtake_do_so_however_long_the_line_is()
    {
        var stuck = Grain.Stay(_name);
        await Gate.Of(_name).Entered;
        var waiting = Enumerable.Range(0, 200).Select(_ => Grain.Call(CancellationToken.None)).ToList();

        await Grain.Overtake().Soon();

        waiting.ShouldAllBe(call => !call.IsCompleted);
        Gate.Of(_name).Open();
        await stuck.Soon();
        await Task.WhenAll(waiting).Soon();
    }

    [Fact]
    public async Task A_worker_that_has_ended_leaves_nothing_under_its_key()
    {
        var worker = one.Grains.GetGrain<IBriefWorker>(_name);
        var id = worker.GetGrainId();
        await worker.Call();
        var set = Silo.Workers(id);
        foreach (var activation in set.ToArray())
        {
            Silo.End(activation);
            await activation.Deactivated.Soon();
        }

        set.Pick(null).ShouldBeNull();
        Silo.Workers(id).ShouldNotBeSameAs(set);
        await worker.Call();
    }

    [Fact]
    public async Task Calls_that_wait_for_an_observer_end_when_it_is_taken_back()
    {
        var observer = new Observer(_name);
        var reference = one.Client.CreateObjectReference<IWatching>(observer);
        var running = reference.Watch();
        await Gate.Of(_name).Entered;
        var waiting = reference.Watch();

        one.Client.DeleteObjectReference<IWatching>(reference);

        await Should.ThrowAsync<OrleansMessageRejectionException>(waiting.Soon());
        Gate.Of(_name).Open();
        await running.Soon();
    }

    private sealed class Observer(string gate) : IWatching
    {
        public Task Watch() => Gate.Of(gate).Pass();
    }
}

public interface IWatching : IGrainObserver
{
    Task Watch();
}

public interface IStuck : IGrainWithStringKey
{
    Task Stay(string gate);

    Task Call(CancellationToken cancellationToken);

    [AlwaysInterleave]
    Task Overtake();
}

public sealed class StuckGrain : Grain, IStuck
{
    public Task Stay(string gate) => Gate.Of(gate).Pass();

    public Task Call(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task Overtake() => Task.CompletedTask;
}

public interface IBriefWorker : IGrainWithStringKey
{
    Task Call();
}

[StatelessWorker]
public sealed class BriefWorkerGrain : Grain, IBriefWorker
{
    public Task Call() => Task.CompletedTask;
}
