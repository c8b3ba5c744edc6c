using Microsoft.Extensions.DependencyInjection;
using Orleans.EventSourcing.Common;
using Orleans.Hosting;
using Orleans.TestingHost;
using Waybill.Tests.EventSourcing;
using Waybill.Tests.Reminders;
using Waybill.Tests.Support;
using static Waybill.Tests.EventSourcing.Entry;

namespace Waybill.Tests.Internals.EventSourcing;

/// <summary>How long the engine waits for storage, on a clock that stands still.</summary>
public sealed class Waiting : IAsyncLifetime
{
    // How long activating and deactivating may take by default.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly WatchedClock _clock = new();
    private readonly string _key = $"{Guid.NewGuid()}";
    private readonly InProcessTestCluster _cluster;

    public Waiting() => _cluster = Silos.Compose(1, silo =>
    {
        silo.Services.AddSingleton<TimeProvider>(_clock);
        silo.AddCustomStorageBasedLogConsistencyProvider("shelf");
    }).Build();

    private Shelf Shelf => Shelf.Of(_key);

    private IPlainLedger Ledger => _cluster.GrainsOf(_cluster.Silos[0]).GetGrain<IPlainLedger>(_key);

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public void Delays_grow_from_nothing_to_about_ten_seconds()
    {
        List<TimeSpan> delays = [];
        for (var i = 0; i < 30; i++)
        {
            delays.Add(new ReadFromPrimaryFailed().ComputeRetryDelay(i == 0 ? null : delays[^1]));
        }

        delays[0].ShouldBe(TimeSpan.Zero);
        delays[1].ShouldBeInRange(TimeSpan.FromMilliseconds(7), TimeSpan.FromMilliseconds(23));
        delays.TakeWhile(delay => delay < TimeSpan.FromSeconds(10)).ShouldBeInOrder();
        delays[^1].ShouldBeInRange(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10.2));
    }

    [Fact]
    public async Task An_activation_that_cannot_read_tries_again_when_the_clock_has_moved()
    {
        Shelf.BeforeRead = Shelf.Failing(times: 2);
        var looking = Ledger.Look();

        // The first repetition does not wait.
        var delay = await _clock.Wait(due => due < TimeSpan.FromSeconds(1));
        Shelf.Reads.ShouldBe(2);
        looking.IsCompleted.ShouldBeFalse();
        _clock.Advance(delay);

        (await looking.Soon()).Version.ShouldBe(0);
        Shelf.Reads.ShouldBe(3);
    }

    [Fact]
    public async Task An_activation_that_cannot_read_fails_its_callers_when_its_time_is_up()
    {
        Shelf.BeforeRead = Shelf.Failing(times: int.MaxValue);
        var looking = Ledger.Look();
        await _clock.Wait(due => due < TimeSpan.FromSeconds(1));
        var ended = _cluster.WaitForDeactivationAsync(Ledger);
        _clock.Advance(Limit);

        await Should.ThrowAsync<Exception>(looking.Soon);
        await ended.Soon();
        Shelf.BeforeRead = null;
        (await Ledger.Look().Soon()).Version.ShouldBe(0);
    }

    [Fact]
    public async Task An_activation_that_cannot_store_ends_when_its_time_is_up()
    {
        await Ledger.Look();
        await _clock.Wait(Limit);
        Shelf.BeforeWrite = Shelf.Failing(times: int.MaxValue);
        await Ledger.Raise(new In(5));
        var ending = _cluster.DeactivateAsync(Ledger);
        await _clock.Wait(Limit);
        ending.IsCompleted.ShouldBeFalse();
        _clock.Advance(Limit);

        await ending.Soon();
        (await Ledger.Look().Soon()).Version.ShouldBe(0);
    }
}
