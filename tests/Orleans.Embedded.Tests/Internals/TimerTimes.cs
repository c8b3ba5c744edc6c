using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals;

public sealed class TimerTimes : ClockedSilo
{
    private readonly string _name = $"{Guid.NewGuid()}";

    private ITimed Grain => Grains.GetGrain<ITimed>(_name);

    [Fact]
    public async Task The_first_tick_comes_after_the_due_time_and_the_others_after_the_period()
    {
        await Grain.Start(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3));

        (await TicksAfter(9)).ShouldBe(0);
        (await TicksAfter(1)).ShouldBe(1);
        (await TicksAfter(2)).ShouldBe(1);
        (await TicksAfter(1)).ShouldBe(2);
    }

    [Fact]
    public async Task Ticks_do_not_pile_up_behind_a_call()
    {
        await Grain.Start(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var call = Grain.Stay(_name);
        await Gate.Of(_name).Entered;

        Clock.Advance(TimeSpan.FromSeconds(20));
        Gate.Of(_name).Open();
        await call.Soon();
        await Settled(Grain);

        (await Grain.Ticks()).ShouldBe(1);
        (await TicksAfter(1)).ShouldBe(2);
    }

    [Fact]
    public async Task A_change_made_by_a_tick_counts_from_its_end()
    {
        await Grain.StartAndChange(TimeSpan.FromSeconds(1), to: TimeSpan.FromSeconds(5), gate: _name);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Gate.Of(_name).Entered;

        Clock.Advance(TimeSpan.FromSeconds(8));
        Gate.Of(_name).Open();
        await Settled(Grain);

        (await Grain.Ticks()).ShouldBe(1);
        (await TicksAfter(4)).ShouldBe(1);
        (await TicksAfter(1)).ShouldBe(2);
    }

    [Fact]
    public async Task A_call_without_a_timeout_of_its_own_is_waited_for_half_a_minute()
    {
        var call = Grain.Stay(_name);
        await Gate.Of(_name).Entered;

        Clock.Advance(TimeSpan.FromSeconds(29));
        call.IsCompleted.ShouldBeFalse();
        Clock.Advance(TimeSpan.FromSeconds(2));

        (await Should.ThrowAsync<TimeoutException>(call.Soon())).Message.ShouldContain($"timed/{_name} ITimed.Stay");
        Gate.Of(_name).Open();
    }

    [Fact]
    public async Task A_call_that_its_caller_gave_up_is_not_carried_out_any_more()
    {
        var first = Grain.Stay(_name);
        await Gate.Of(_name).Entered;
        var second = Grain.Note(_name);

        Clock.Advance(TimeSpan.FromSeconds(31));
        await Should.ThrowAsync<TimeoutException>(first.Soon());
        await Should.ThrowAsync<TimeoutException>(second.Soon());
        Gate.Of(_name).Open();
        await Settled(Grain);

        Notes.Of(_name).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_activation_that_takes_too_long_fails()
    {
        var grain = Grains.GetGrain<ISlowToWake>(_name);
        var call = grain.Call();
        await Gate.Of(_name).Entered;

        Clock.Advance(TimeSpan.FromSeconds(30));

        await Should.ThrowAsync<Exception>(call.Soon());
        Gate.Of(_name).Open();
    }

    private async Task<int> TicksAfter(int seconds)
    {
        Clock.Advance(TimeSpan.FromSeconds(seconds));
        await Settled(Grain);
        return await Grain.Ticks();
    }
}

public interface ITimed : IGrainWithStringKey
{
    Task Start(TimeSpan dueTime, TimeSpan period);

    Task StartAndChange(TimeSpan dueTime, TimeSpan to, string gate);

    Task Stay(string gate);

    Task Note(string name);

    [Orleans.Concurrency.AlwaysInterleave]
    Task<int> Ticks();
}

public interface ISlowToWake : IGrainWithStringKey
{
    Task Call();
}

public sealed class TimedGrain : Grain, ITimed
{
    private int _ticks;

    public Task Start(TimeSpan dueTime, TimeSpan period)
    {
        this.RegisterGrainTimer(() => Task.FromResult(_ticks++), dueTime, period);
        return Task.CompletedTask;
    }

    public Task StartAndChange(TimeSpan dueTime, TimeSpan to, string gate)
    {
        IGrainTimer timer = null!;
        timer = this.RegisterGrainTimer(async () =>
        {
            _ticks++;
            timer.Change(to, to);
            await Gate.Of(gate).Pass();
        }, dueTime, dueTime);
        return Task.CompletedTask;
    }

    public Task Stay(string gate) => Gate.Of(gate).Pass();

    public Task Note(string name)
    {
        Notes.Write(name, "noted");
        return Task.CompletedTask;
    }

    public Task<int> Ticks() => Task.FromResult(_ticks);
}

public sealed class SlowToWakeGrain : Grain, ISlowToWake
{
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        Gate.Of(this.GetPrimaryKeyString()).Pass(CancellationToken.None);

    public Task Call() => Task.CompletedTask;
}
