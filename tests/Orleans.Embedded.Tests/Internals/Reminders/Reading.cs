using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Reminders;
using Orleans.Runtime;
using Orleans.TestingHost;
using Waybill.Tests.Reminders;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Reminders;

/// <summary>A table that is slow, that fails, or that others write to. The silo reads it every five minutes.</summary>
public sealed class Reading : IAsyncLifetime
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RefreshPeriod = 5 * Minute;

    private readonly WatchedClock _clock = new();
    private readonly OwnTable _table = new();
    private readonly string _key = $"{Guid.NewGuid()}";
    private readonly InProcessTestCluster _cluster;

    public Reading() => _cluster = Silos.Compose(1, silo => silo.AddReminders().Services
        .AddSingleton<IReminderTable>(_table)
        .AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, _clock)).Build();

    private ISleeper Sleeper => _cluster.Client.GetGrain<ISleeper>(_key);

    private Ticks Ticks => Ticks.Of(_key);

    public async ValueTask InitializeAsync()
    {
        await _cluster.DeployAsync();
        await _clock.Wait(RefreshPeriod);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task What_another_process_registers_is_seen_at_the_next_read()
    {
        await Insert(dueIn: 7 * Minute);
        _clock.Advance(RefreshPeriod);
        await _clock.Wait(2 * Minute);
        _clock.Advance(2 * Minute);

        (await Ticks.Next()).Name.ShouldBe("theirs");
    }

    [Fact]
    public async Task What_another_process_removes_ticks_no_more_after_the_next_read()
    {
        await Sleeper.Remind("a", 6 * Minute, Minute);
        await _table.TestOnlyClearTable();
        _clock.Advance(RefreshPeriod);
        await _clock.Wait(RefreshPeriod);
        _clock.Advance(2 * Minute);

        await Sleeper.Remind("b", Minute, Minute);
        _clock.Advance(Minute);
        (await Ticks.Next()).Name.ShouldBe("b");
    }

    [Fact]
    public async Task A_table_that_cannot_be_read_is_read_again_after_ten_seconds()
    {
        await Insert(dueIn: 7 * Minute);
        var fails = 2;
        _table.BeforeReadingPart = () => fails-- > 0 ? throw new IOException("It is locked.") : Task.CompletedTask;
        _clock.Advance(RefreshPeriod);
        await _clock.Wait(TimeSpan.FromSeconds(10));
        _clock.Advance(TimeSpan.FromSeconds(10));
        await _clock.Wait(TimeSpan.FromSeconds(10));
        _clock.Advance(TimeSpan.FromSeconds(10));

        await _clock.Wait(RefreshPeriod);
        _clock.Advance(2 * Minute);
        (await Ticks.Next()).Name.ShouldBe("theirs");
    }

    [Fact]
    public async Task A_table_that_never_answers_is_read_again()
    {
        await Insert(dueIn: 7 * Minute);
        var reads = 0;
        _table.BeforeReadingPart = () => ++reads == 1 ? new TaskCompletionSource().Task : Task.CompletedTask;
        _clock.Advance(RefreshPeriod);
        await _clock.Wait(TimeSpan.FromSeconds(30));
        _clock.Advance(TimeSpan.FromSeconds(30));
        await _clock.Wait(TimeSpan.FromSeconds(10));
        _clock.Advance(TimeSpan.FromSeconds(10));

        await _clock.Wait(RefreshPeriod);
        _clock.Advance(2 * Minute);
        (await Ticks.Next()).Name.ShouldBe("theirs");
    }

    [Fact]
    public async Task What_is_registered_while_the_table_is_read_is_not_lost()
    {
        await WhileReading(() => Sleeper.Remind("a", Minute, Minute));

        _clock.Advance(Minute);
        (await Ticks.Next()).Name.ShouldBe("a");
    }

    [Fact]
    public async Task What_is_unregistered_while_the_table_is_read_stays_so()
    {
        await Sleeper.Remind("a", 6 * Minute, Minute);
        await WhileReading(() => Sleeper.Forget("a"));

        await Sleeper.Remind("b", 2 * Minute, Minute);
        _clock.Advance(2 * Minute);
        (await Ticks.Next()).Name.ShouldBe("b");
        Ticks.Count.ShouldBe(0);
    }

    // The table has its answer already when the gate is entered.
    private async Task WhileReading(Func<Task> act)
    {
        var gate = Gate.Of(_key);
        _table.BeforeReadingPart = () => gate.Pass();
        _clock.Advance(RefreshPeriod);
        await gate.Entered;
        await act();
        gate.Open();
        await _clock.Wait(RefreshPeriod);
    }

    private Task<string?> Insert(TimeSpan dueIn) => _table.UpsertRow(new()
    {
        GrainId = Sleeper.GetGrainId(),
        ReminderName = "theirs",
        StartAt = _clock.GetUtcNow().UtcDateTime + dueIn,
        Period = TimeSpan.FromHours(1),
    });
}
