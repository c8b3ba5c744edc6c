using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Reminders;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Reminders;

/// <summary>When reminders tick, on a clock of their own that stands still.</summary>
public sealed class Schedules : IAsyncLifetime
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly WatchedClock _clock = new();
    private readonly OwnTable _table = new();
    private readonly string _key = $"{Guid.NewGuid()}";
    private InProcessTestCluster _cluster;

    public Schedules() => _cluster = Compose();

    private ISleeper Sleeper => _cluster.Client.GetGrain<ISleeper>(_key);

    private Ticks Ticks => Ticks.Of(_key);

    private DateTime Now => _clock.GetUtcNow().UtcDateTime;

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_reminder_ticks_when_it_is_due_and_every_period_after()
    {
        var start = Now + (2 * Minute);
        await Sleeper.Remind("a", 2 * Minute, 3 * Minute);
        await _clock.Wait(2 * Minute);
        _clock.Advance(2 * Minute);
        (await Ticks.Next()).Status.ShouldBe(new(start, 3 * Minute, start));

        await _clock.Wait(3 * Minute);
        _clock.Advance(3 * Minute);
        (await Ticks.Next()).Status.ShouldBe(new(start, 3 * Minute, start + (3 * Minute)));
    }

    [Fact]
    public async Task A_reminder_calls_a_grain_that_is_not_active()
    {
        await Sleeper.Remind("a", Minute, Minute);
        await _cluster.DeactivateAsync(Sleeper);
        await _clock.Wait(Minute);
        _clock.Advance(Minute);

        (await Ticks.Next()).Name.ShouldBe("a");
    }

    [Fact]
    public async Task Ticks_that_a_slow_delivery_was_in_the_way_of_are_not_made_up_for()
    {
        var start = Now + Minute;
        await Sleeper.Remind("slow", Minute, Minute);
        await _clock.Wait(Minute);
        _clock.Advance(Minute);
        await Gate.Of(_key).Entered;
        _clock.Advance(2.5 * Minute);
        Gate.Of(_key).Open();

        await _clock.Wait(0.5 * Minute);
        _clock.Advance(0.5 * Minute);
        (await Ticks.Next()).Status.CurrentTickTime.ShouldBe(start);
        (await Ticks.Next()).Status.CurrentTickTime.ShouldBe(start + (3 * Minute));
        Ticks.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Ticks_that_nobody_was_there_for_are_not_made_up_for()
    {
        var start = Now + Minute;
        await Sleeper.Remind("a", Minute, 2 * Minute);
        await _cluster.DisposeAsync();
        _clock.Advance(4 * Minute);

        _cluster = Compose();
        await _cluster.DeployAsync();
        await _clock.Wait(Minute);
        _clock.Advance(Minute);

        (await Ticks.Next()).Status.ShouldBe(new(start, 2 * Minute, start + (4 * Minute)));
        Ticks.Count.ShouldBe(0);
    }

    private InProcessTestCluster Compose() => Silos.Compose(1, silo => silo.AddReminders().Services
        .AddSingleton<IReminderTable>(_table)
        .AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, _clock)).Build();
}
