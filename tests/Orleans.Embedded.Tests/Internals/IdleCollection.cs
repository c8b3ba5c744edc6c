using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals;

public sealed class IdleCollection : ClockedSilo
{
    // A silo looks for idle grains this often, so it finds one that much late at most.
    private static readonly TimeSpan Quantum = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(15);
    private readonly string _name = $"{Guid.NewGuid()}";

    private IIdle Grain => Grains.GetGrain<IIdle>(_name);

    [Fact]
    public async Task A_grain_that_was_idle_for_its_age_is_deactivated()
    {
        await Grain.Call();

        Clock.Advance(Age - Quantum);
        IsActive(Grain).ShouldBeTrue();
        Clock.Advance(2 * Quantum);
        await Ended(Grain);

        Notes.Of(_name).ShouldBe(["deactivated: ActivationIdle"]);
    }

    [Fact]
    public async Task A_call_makes_it_young_again()
    {
        await Grain.Call();
        Clock.Advance(Age - Quantum);
        await Grain.Call();
        Clock.Advance(Age - Quantum);

        IsActive(Grain).ShouldBeTrue();
    }

    [Fact]
    public async Task A_grain_in_the_middle_of_a_call_is_not_idle()
    {
        var call = Grain.Stay(_name);
        await Gate.Of(_name).Entered;

        // The caller gives up meanwhile, but the grain is still at it.
        Clock.Advance(2 * Age);
        IsActive(Grain).ShouldBeTrue();
        await Should.ThrowAsync<TimeoutException>(call.Soon());
        Gate.Of(_name).Open();
        await Grain.Call();
    }

    [Fact]
    public async Task A_grain_may_delay_its_end_and_take_that_back()
    {
        await Grain.Delay(TimeSpan.FromHours(2));
        Clock.Advance(TimeSpan.FromHours(1));
        IsActive(Grain).ShouldBeTrue();
        Clock.Advance(TimeSpan.FromHours(1) + Quantum);
        await Ended(Grain);

        await Grain.Delay(TimeSpan.MaxValue);
        Clock.Advance(TimeSpan.FromHours(5));
        IsActive(Grain).ShouldBeTrue();
        await Grain.Delay(TimeSpan.FromSeconds(-1));
        Clock.Advance(Age + Quantum);
        await Ended(Grain);
    }

    [Fact]
    public async Task A_class_may_have_its_own_age_or_none()
    {
        var brief = Grains.GetGrain<IBriefly>(_name);
        var forEver = Grains.GetGrain<IForEver>(_name);
        await brief.Call();
        await forEver.Call();

        Clock.Advance(TimeSpan.FromMinutes(3));
        await Ended(brief);
        Clock.Advance(TimeSpan.FromHours(5));
        IsActive(forEver).ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_ticks_of_a_timer_keep_a_grain_only_if_it_is_told_so(bool keepAlive)
    {
        await Grain.Tick(TimeSpan.FromMinutes(2), keepAlive);

        for (var minute = 0; minute < 60; minute++)
        {
            Clock.Advance(Quantum);
            await Settled(Grain);
        }

        Notes.Of(_name).Any(note => note == "deactivated: ActivationIdle").ShouldBe(!keepAlive);
    }
}

public interface IIdle : IGrainWithStringKey
{
    Task Call();

    Task Stay(string gate);

    Task Delay(TimeSpan time);

    Task Tick(TimeSpan period, bool keepAlive);
}

public interface IBriefly : IGrainWithStringKey
{
    Task Call();
}

public interface IForEver : IGrainWithStringKey
{
    Task Call();
}

public sealed class IdleGrain : Grain, IIdle
{
    public Task Call() => Task.CompletedTask;

    public Task Stay(string gate) => Gate.Of(gate).Pass();

    public Task Delay(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }

    public Task Tick(TimeSpan period, bool keepAlive)
    {
        this.RegisterGrainTimer(
            () => Task.CompletedTask, new GrainTimerCreationOptions(period, period) { KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Notes.Write(this.GetPrimaryKeyString(), $"deactivated: {reason.ReasonCode}");
        return Task.CompletedTask;
    }
}

[CollectionAgeLimit(Minutes = 2)]
public sealed class BrieflyGrain : Grain, IBriefly
{
    public Task Call() => Task.CompletedTask;
}

[KeepAlive]
public sealed class ForEverGrain : Grain, IForEver
{
    public Task Call() => Task.CompletedTask;
}
