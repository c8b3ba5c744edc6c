using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Reminders;

/// <summary>On the machine's clock; what needs one that stands still is in Internals.</summary>
public sealed class Reminding : IAsyncLifetime
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(20);

    private readonly InProcessTestCluster _cluster =
        Silos.Compose(2, silo => Often(silo).UseInMemoryReminderService()).Build();

    private readonly string _key = $"{Guid.NewGuid()}";

    private ISleeper Sleeper => _cluster.Client.GetGrain<ISleeper>(_key);

    private Ticks Ticks => Ticks.Of(_key);

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_reminder_ticks_when_it_is_due_and_says_its_times()
    {
        await Sleeper.Remind("a", Instant, Instant);

        var (name, status) = await Ticks.Next();
        name.ShouldBe("a");
        status.Period.ShouldBe(Instant);
        status.FirstTickTime.ShouldBeLessThanOrEqualTo(status.CurrentTickTime);
        status.FirstTickTime.Kind.ShouldBe(DateTimeKind.Utc);
    }

    [Fact]
    public async Task A_tick_that_fails_does_not_end_the_reminder()
    {
        await Sleeper.Remind("failing", TimeSpan.Zero, Instant);

        await Ticks.Next();
        await Ticks.Next();
    }

    [Fact]
    public async Task A_grain_finds_the_reminders_it_has_registered()
    {
        await Sleeper.Remind("a", Hour, Hour);
        await Sleeper.Remind("b", Hour, Hour);
        await _cluster.Client.GetGrain<ISleeper>($"{_key}-other").Remind("c", Hour, Hour);

        (await Sleeper.Names()).Order().ShouldBe(["a", "b"]);
        (await Sleeper.Has("a")).ShouldBeTrue();
        (await Sleeper.Has("c")).ShouldBeFalse();
    }

    [Fact]
    public async Task Registering_again_replaces()
    {
        await Sleeper.Remind("a", Hour, Hour);
        await Sleeper.Remind("a", Instant, Instant);

        (await Ticks.Next()).Status.Period.ShouldBe(Instant);
        (await Sleeper.Names()).ShouldBe(["a"]);
    }

    [Fact]
    public async Task A_reminder_that_was_unregistered_is_gone()
    {
        await Sleeper.Remind("a", Hour, Hour);
        await Sleeper.Forget("a");

        (await Sleeper.Names()).ShouldBeEmpty();
        await Sleeper.ForgetAgain();
    }

    [Fact]
    public async Task A_reminder_that_was_registered_anew_is_not_unregistered_by_its_former_self()
    {
        await Sleeper.Remind("a", Hour, Hour);
        await Sleeper.Forget("a");
        await Sleeper.Remind("a", Hour, Hour);

        await Should.ThrowAsync<ReminderException>(Sleeper.ForgetAgain);
        (await Sleeper.Names()).ShouldBe(["a"]);
    }

    [Fact]
    public async Task A_grain_may_end_its_reminder_in_the_tick()
    {
        await Sleeper.Remind("single", TimeSpan.Zero, Instant);

        await Ticks.Next();
        await Ticks.Of($"{_key} ended").Next();
        (await Sleeper.Names()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(-1, 1000)]
    [InlineData(0, -1)]
    public async Task A_period_too_short_or_a_time_in_the_past_is_refused(int dueTime, int period) =>
        await Should.ThrowAsync<ArgumentException>(
            () => Sleeper.Remind("a", TimeSpan.FromMilliseconds(dueTime), TimeSpan.FromMilliseconds(period)));

    [Fact]
    public async Task A_grain_that_cannot_be_reminded_is_refused() =>
        await Should.ThrowAsync<InvalidOperationException>(() => _cluster.Client.GetGrain<IDeaf>(_key).Remind());

    [Fact]
    public async Task A_host_may_keep_reminders_in_a_table_of_its_own()
    {
        var table = new OwnTable();
        await using var cluster = Silos
            .Compose(1, silo => Often(silo).AddReminders().Services.AddSingleton<IReminderTable>(table)).Build();
        await cluster.DeployAsync();
        var sleeper = cluster.Client.GetGrain<ISleeper>(_key);

        await sleeper.Remind("a", Instant, Instant);
        (await Ticks.Next()).Name.ShouldBe("a");

        var row = table.Rows.ShouldHaveSingleItem();
        row.GrainId.ShouldBe(sleeper.GetGrainId());
        row.Period.ShouldBe(Instant);
        (await sleeper.Names()).ShouldBe(["a"]);
        table.Started.ShouldBeTrue();
    }

    [Fact]
    public void The_shortest_period_is_a_minute_by_default() =>
        new ReminderOptions().MinimumReminderPeriod.ShouldBe(TimeSpan.FromMinutes(1));

    private static ISiloBuilder Often(ISiloBuilder silo) =>
        silo.Configure<ReminderOptions>(options => options.MinimumReminderPeriod = Instant);
}
