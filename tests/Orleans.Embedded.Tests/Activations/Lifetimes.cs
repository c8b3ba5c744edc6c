using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Activations;

public sealed class Lifetimes(OneSilo silo)
{
    private readonly string _name = $"{Guid.NewGuid()}";

    private IMortal Grain => silo.Client.GetGrain<IMortal>(_name);

    [Fact]
    public async Task A_grain_is_activated_before_its_first_call_and_not_again()
    {
        await Grain.Call();
        await Grain.Call();

        Notes.Of(_name).ShouldBe(["activated", "called", "called"]);
    }

    [Fact]
    public async Task A_grain_that_deactivates_ends_its_call_is_told_why_and_is_made_anew_for_the_next()
    {
        await Grain.CallAndDeactivate();
        await silo.Cluster.WaitForDeactivationAsync(Grain);
        await Grain.Call();

        Notes.Of(_name).ShouldBe(
        [
            "activated", "called", "ending", "deactivated: ApplicationRequested", "disposed",
            "activated", "called",
        ]);
    }

    [Fact]
    public async Task Calls_that_wait_while_a_grain_deactivates_go_to_the_next_activation()
    {
        var ending = $"{_name} ending";
        await Grain.EndAt(ending);
        await Gate.Of(ending).Entered;

        List<Task> calls = [.. Enumerable.Range(0, 10).Select(_ => Grain.Call())];
        Gate.Of(ending).Open();
        await Task.WhenAll(calls).Soon();

        Notes.Of(_name).ShouldBe(
        [
            "activated", "deactivated: ApplicationRequested", "disposed",
            "activated", .. Enumerable.Repeat("called", 10),
        ]);
    }

    [Fact]
    public async Task Calls_that_come_after_the_wish_to_deactivate_go_to_the_next_activation()
    {
        var call = Grain.DeactivateAndStay(_name);
        await Gate.Of(_name).Entered;

        var later = Grain.Call();
        Gate.Of(_name).Open();
        await Task.WhenAll(call, later).Soon();

        Notes.Of(_name).ShouldBe(
        [
            "activated", "stayed", "deactivated: ApplicationRequested", "disposed",
            "activated", "called",
        ]);
    }

    [Fact]
    public async Task A_grain_whose_deactivation_fails_ends_all_the_same()
    {
        await Grain.FailAtTheEnd();
        await silo.Cluster.WaitForDeactivationAsync(Grain);
        await Grain.Call();

        Notes.Of(_name).ShouldBe(["activated", "disposed", "activated", "called"]);
    }

    [Fact]
    public async Task A_grain_can_be_asked_for_its_context()
    {
        await Grain.Call();
        silo.Cluster.TryGetGrainContext(Grain.GetGrainId(), out var context).ShouldBeTrue();

        context!.GrainId.ShouldBe(Grain.GetGrainId());
        context.GrainInstance.ShouldBeOfType<MortalGrain>();
        context.Deactivate(new(DeactivationReasonCode.RuntimeRequested, "the test asks"), CancellationToken.None);
        await context.Deactivated.Soon();

        Notes.Of(_name).ShouldContain("deactivated: RuntimeRequested");
        silo.Cluster.TryGetGrainContext(Grain.GetGrainId(), out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_failed_activation_fails_all_who_wait_for_it_with_the_cause()
    {
        var grain = silo.Client.GetGrain<IStillborn>(_name);

        // As many as there are calls: one that is late on its way finds a next activation, which must fail too.
        StillbornGrain.Failures[_name] = 10;
        List<Task> calls = [.. Enumerable.Range(0, 10).Select(_ => grain.Call())];
        await Gate.Of(_name).Entered;
        await silo.Client.GetGrain<IMortal>(_name).Call();
        Gate.Of(_name).Open();

        foreach (var call in calls)
        {
            var failure = await Should.ThrowAsync<InvalidOperationException>(call.Soon());
            failure.Message.ShouldBe("could not be activated");
        }

        Notes.Of(_name).Count(note => note == "failed").ShouldBeLessThan(calls.Count);
    }

    [Fact]
    public async Task A_failed_activation_leaves_nothing_behind_and_the_next_call_tries_anew()
    {
        var grain = silo.Client.GetGrain<IStillborn>(_name);
        Gate.Of(_name).Open();
        StillbornGrain.Failures[_name] = 2;

        await Should.ThrowAsync<InvalidOperationException>(grain.Call().Soon());
        await silo.Cluster.WaitForDeactivationAsync(grain);
        silo.Cluster.TryGetGrainContext(grain.GetGrainId(), out _).ShouldBeFalse();
        await Should.ThrowAsync<InvalidOperationException>(grain.Call().Soon());

        await grain.Call().Soon();
        Notes.Of(_name).ShouldBe(["failed", "disposed", "failed", "disposed", "activated"]);
    }

    [Fact]
    public async Task A_grain_that_cannot_be_made_fails_its_caller_with_the_cause()
    {
        var failure = await Should.ThrowAsync<Exception>(silo.Client.GetGrain<IUnmakeable>(_name).Call().Soon());

        failure.ToString().ShouldContain(nameof(UnmakeableGrain));
    }

    [Fact]
    public async Task A_grain_that_ends_itself_whenever_it_is_activated_does_not_keep_its_caller_for_ever() =>
        await Should.ThrowAsync<OrleansMessageRejectionException>(silo.Client.GetGrain<ISuicidal>(_name).Call().Soon());
}

public interface IMortal : IGrainWithStringKey
{
    Task Call();

    Task CallAndDeactivate();

    Task EndAt(string gate);

    Task DeactivateAndStay(string gate);

    Task FailAtTheEnd();
}

public interface IStillborn : IGrainWithStringKey
{
    Task Call();
}

public interface IUnmakeable : IGrainWithStringKey
{
    Task Call();
}

public interface ISuicidal : IGrainWithStringKey
{
    Task Call();
}

public sealed class MortalGrain : Grain, IMortal, IDisposable
{
    private string? _endGate;
    private bool _fails;

    private string Name => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken) => Note("activated");

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_fails) throw new InvalidOperationException("could not end");
        if (_endGate is not null) await Gate.Of(_endGate).Pass(cancellationToken);
        await Note($"deactivated: {reason.ReasonCode}");
    }

    public void Dispose() => Notes.Write(Name, "disposed");

    public Task Call() => Note("called");

    public async Task CallAndDeactivate()
    {
        await Note("called");
        DeactivateOnIdle();
        await Task.Yield();
        await Note("ending");
    }

    public Task EndAt(string gate)
    {
        _endGate = gate;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task DeactivateAndStay(string gate)
    {
        DeactivateOnIdle();
        await Gate.Of(gate).Pass();
        await Note("stayed");
    }

    public Task FailAtTheEnd()
    {
        _fails = true;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private Task Note(string note)
    {
        Notes.Write(Name, note);
        return Task.CompletedTask;
    }
}

public sealed class StillbornGrain : Grain, IStillborn, IDisposable
{
    internal static readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> Failures = new();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var name = this.GetPrimaryKeyString();
        await Gate.Of(name).Pass(cancellationToken);
        if (Failures.AddOrUpdate(name, 0, (_, left) => left - 1) < 0)
        {
            Notes.Write(name, "activated");
            return;
        }

        Notes.Write(name, "failed");
        throw new InvalidOperationException("could not be activated");
    }

    public Task Call() => Task.CompletedTask;

    public void Dispose() => Notes.Write(this.GetPrimaryKeyString(), "disposed");
}

#pragma warning disable CS9113 // Nobody registers what it wants: that is the point.
public sealed class UnmakeableGrain(UnmakeableGrain.NotRegistered missing) : Grain, IUnmakeable
{
    public Task Call() => Task.CompletedTask;

    public sealed class NotRegistered;
}
#pragma warning restore CS9113

public sealed class SuicidalGrain : Grain, ISuicidal
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task Call() => Task.CompletedTask;
}
