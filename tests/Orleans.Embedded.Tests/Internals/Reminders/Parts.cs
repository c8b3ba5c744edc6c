using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Reminders;
using Orleans.TestingHost;
using Waybill.Tests.Reminders;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Reminders;

/// <summary>
/// Which silo ticks which reminder. On genuine Orleans silos learn of each other's death by the machine's clock.
/// </summary>
public sealed class Parts : IAsyncLifetime
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // Silos come and go between ticks: at the very moment of a tick it may come twice.
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    private readonly WatchedClock _clock = new();
    private readonly string _key = $"{Guid.NewGuid()}";
    private readonly InProcessTestCluster _cluster;

    public Parts() => _cluster = Silos.Compose(3, silo => silo.UseInMemoryReminderService().Services
        .AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, _clock)).Build();

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Each_reminder_is_ticked_by_one_silo_whichever_silos_there_are()
    {
        List<string> keys = [.. Enumerable.Range(0, 30).Select(i => $"{_key} {i}")];
        foreach (var key in keys) await _cluster.Client.GetGrain<ISleeper>(key).Remind("a", Minute, Minute);

        _clock.Advance(Between);
        await EachTicksOnce(keys);
        await _cluster.StartAdditionalSiloAsync();
        await EachTicksOnce(keys);
        await _cluster.StopSiloAsync(_cluster.Silos[0]);
        await EachTicksOnce(keys);
        await _cluster.KillSiloAsync(_cluster.Silos[0]);
        await EachTicksOnce(keys);
        await _cluster.KillSiloAsync(_cluster.Silos[0]);
        await EachTicksOnce(keys);
    }

    [Fact]
    public async Task A_reminder_that_is_due_late_is_read_again_in_time()
    {
        var start = _clock.GetUtcNow().UtcDateTime + (300 * Minute);
        await _cluster.Client.GetGrain<ISleeper>(_key).Remind("a", 300 * Minute, 1000 * Minute);

        _clock.Advance(299.9 * Minute);
        Ticks.Of(_key).Count.ShouldBe(0);
        _clock.Advance(0.1 * Minute);

        (await Ticks.Of(_key).Next()).Status.CurrentTickTime.ShouldBe(start);
    }

    private async Task EachTicksOnce(List<string> keys)
    {
        _clock.Forget();
        _clock.Advance(Minute - Between);
        foreach (var key in keys)
        {
            (await Ticks.Of(key).Next()).Status.CurrentTickTime.ShouldBe(_clock.GetUtcNow().UtcDateTime);
        }

        keys.ShouldAllBe(key => Ticks.Of(key).Count == 0);

        // The next tick is set when the silo has the grain's answer.
        for (var waiting = keys.Count; waiting > 0; waiting--) await _clock.Wait(Minute);
        _clock.Advance(Between);
    }
}
