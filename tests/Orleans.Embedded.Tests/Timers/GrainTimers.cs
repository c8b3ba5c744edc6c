using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Timers;

/// <summary>
/// On the machine's own clock, so only order is asked here; times stand in Internals, on a clock that is moved.
/// </summary>
public sealed class GrainTimers(OneSilo silo)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private readonly string _name = $"{Guid.NewGuid()}";

    private ITicking Grain => silo.Client.GetGrain<ITicking>(_name);

    [Fact]
    public async Task A_timer_ticks_again_and_again_in_turns_of_its_grain()
    {
        await Grain.Start(Tick, Tick);
        await Ticks(3);

        Notes.Of(_name).Take(3).ShouldBe(["tick 1", "tick 2", "tick 3"]);
    }

    [Fact]
    public async Task A_timer_without_a_period_ticks_once()
    {
        await Grain.Start(Tick, Timeout.InfiniteTimeSpan);
        await Ticks(1);

        (await Grain.Call()).ShouldBe(1);
        (await Grain.Call()).ShouldBe(1);
    }

    [Fact]
    public async Task A_tick_that_takes_long_is_not_overtaken_by_the_next()
    {
        await Grain.StartSlow(Tick);
        var gate = Gate.Of(_name);
        await gate.Entered;

        var call = Grain.Call();
        call.IsCompleted.ShouldBeFalse();
        gate.Open();

        (await call.Soon()).ShouldBeGreaterThanOrEqualTo(1);
        await Ticks(2);
        Notes.Of(_name).Take(4).ShouldBe(["slow", "tick 1", "slow", "tick 2"]);
    }

    [Fact]
    public async Task A_tick_waits_for_the_call_under_way()
    {
        var call = Grain.StartAndStay(_name);
        await Gate.Of(_name).Entered;
        await Gate.Of($"{_name} interleaving").Entered;

        Notes.Of(_name).ShouldNotContain("tick 1");
        Gate.Of(_name).Open();
        await call.Soon();
        await Ticks(1);
    }

    [Fact]
    public async Task A_timer_that_is_disposed_ticks_no_more_and_may_be_disposed_again()
    {
        await Grain.Start(Tick, Tick);
        await Ticks(1);
        await Grain.Stop();
        var ticks = await Grain.Call();
        await Grain.Stop();

        (await Grain.Call()).ShouldBe(ticks);
    }

    [Fact]
    public async Task A_timer_may_dispose_itself()
    {
        await Grain.StartAndStopAt(2, Tick);
        await Ticks(2);

        (await Grain.Call()).ShouldBe(2);
    }

    [Fact]
    public async Task A_timer_that_is_changed_goes_by_its_new_times()
    {
        await Grain.Start(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        (await Grain.Call()).ShouldBe(0);

        await Grain.Change(Tick, Timeout.InfiniteTimeSpan);
        await Ticks(1);
    }

    [Fact]
    public async Task A_tick_that_fails_is_followed_by_the_next()
    {
        await Grain.StartFailing(Tick);
        await Ticks(2);
    }

    [Fact]
    public async Task A_timer_that_is_disposed_tells_the_tick_under_way_and_ends_with_its_activation()
    {
        await Grain.StartUntilCancelled(Tick);
        await Gate.Of(_name).Entered;

        await Grain.StopAnyway().Soon();

        await Gate.Of($"{_name} cancelled").Entered;
        (await Grain.Call().Soon()).ShouldBe(0);
    }

    [Fact]
    public async Task Times_that_are_negative_are_refused() =>
        await Should.ThrowAsync<ArgumentOutOfRangeException>(Grain.Start(TimeSpan.FromSeconds(-5), Tick));

    [Fact]
    public async Task Times_that_no_timer_can_keep_are_refused()
    {
        await Should.ThrowAsync<ArgumentOutOfRangeException>(Grain.Start(TimeSpan.FromDays(50), Tick));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(Grain.Start(Tick, TimeSpan.MaxValue));
        (await Grain.Call().Soon()).ShouldBe(0);
    }

    [Fact]
    public async Task A_timer_cannot_be_registered_outside_the_grains_turns() =>
        (await Grain.StartElsewhere()).ShouldBeFalse();

    private async Task Ticks(int count) => await Gate.Of($"{_name} {count}").Entered;
}

public interface ITicking : IGrainWithStringKey
{
    Task Start(TimeSpan dueTime, TimeSpan period);

    Task StartSlow(TimeSpan period);

    Task StartAndStay(string gate);

    Task StartAndStopAt(int ticks, TimeSpan period);

    Task StartFailing(TimeSpan period);

    Task StartUntilCancelled(TimeSpan period);

    Task<bool> StartElsewhere();

    Task Change(TimeSpan dueTime, TimeSpan period);

    Task Stop();

    [Orleans.Concurrency.AlwaysInterleave]
    Task StopAnyway();

    Task<int> Call();
}

public sealed class TickingGrain : Grain, ITicking
{
    private IGrainTimer? _timer;
    private int _ticks;

    private string Name => this.GetPrimaryKeyString();

    public Task Start(TimeSpan dueTime, TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(static (grain, _) => grain.Ticked(), this, dueTime, period);
        return Task.CompletedTask;
    }

    public Task StartSlow(TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(async token =>
        {
            Notes.Write(Name, "slow");
            await Gate.Of(Name).Pass(token);
            await Ticked();
        }, period, period);
        return Task.CompletedTask;
    }

    public async Task StartAndStay(string gate)
    {
        await Start(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        this.RegisterGrainTimer(
            () => Gate.Of($"{Name} interleaving").Pass(),
            new GrainTimerCreationOptions(TimeSpan.FromMilliseconds(5), Timeout.InfiniteTimeSpan)
            {
                Interleave = true,
            });
        await Gate.Of(gate).Pass();
        Gate.Of($"{Name} interleaving").Open();
    }

    public Task StartAndStopAt(int ticks, TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(async () =>
        {
            await Ticked();
            if (_ticks == ticks) _timer!.Dispose();
        }, period, period);
        return Task.CompletedTask;
    }

    public Task StartFailing(TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(async () =>
        {
            await Ticked();
            throw new InvalidOperationException("a tick fails");
        }, period, period);
        return Task.CompletedTask;
    }

    public Task StartUntilCancelled(TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(async token =>
        {
            try
            {
                await Gate.Of(Name).Pass(token);
            }
            catch (OperationCanceledException)
            {
                _ = Gate.Of($"{Name} cancelled").Pass(CancellationToken.None);
            }
        }, period, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public async Task<bool> StartElsewhere()
    {
        try
        {
            await Task.Run(() => this.RegisterGrainTimer(Ticked, TimeSpan.Zero, TimeSpan.Zero));
            return true;
        }
        catch (Exception exception) when (exception is InvalidOperationException or OrleansException)
        {
            return false;
        }
    }

    public Task Change(TimeSpan dueTime, TimeSpan period)
    {
        _timer!.Change(dueTime, period);
        return Task.CompletedTask;
    }

    public Task Stop()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public Task StopAnyway()
    {
        _timer!.Dispose();
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<int> Call() => Task.FromResult(_ticks);

    private Task Ticked()
    {
        _ticks++;
        Notes.Write(Name, $"tick {_ticks}");
        _ = Gate.Of($"{Name} {_ticks}").Pass();
        return Task.CompletedTask;
    }
}
