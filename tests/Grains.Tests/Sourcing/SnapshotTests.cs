using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Waybill.EventStore;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>Snapshots shorten an activation and never change what it comes to.</summary>
public sealed class SnapshotTests(SnapshotTests.SnapshottingCluster cluster)
    : IClassFixture<SnapshotTests.SnapshottingCluster>
{
    private const int Every = 5;

    private const int Recalled = Every * 2;

    private readonly string _id = $"a{Guid.NewGuid():N}";

    private IAccountGrain Account => cluster.Here(_id);

    private FaultyEventStore Store => cluster.Store;

    private StreamName Stream => new("account", _id);

    private PastStates Past => new(new StoreAccess(
        Store, Store, cluster.Types, cluster.Clock, cluster.Options, NullLogger<StoreAccess>.Instance));

    [Fact]
    public async Task One_is_saved_each_time_enough_events_have_come_together()
    {
        await Open(Account, deposits: Every - 1);
        var first = await Saved();
        await Deposit(Account, Every);

        (first.Version, (await Saved()).Version).ShouldBe((Every, Every * 2));
        first.Position.ShouldBe((await Recorded())[Every - 1].Position);
    }

    [Fact]
    public async Task An_activation_reads_what_came_after_the_last_one()
    {
        await Open(cluster.Elsewhere(_id), deposits: Every + 1);
        await Saved();
        var before = Store.EventsRead;

        (await Account.Get()).ShouldBe(await cluster.Elsewhere(_id).Get());

        const int Checked = 1;
        (Store.EventsRead - before).ShouldBe(Checked + 2);
    }

    public static TheoryData<string> Unfit =>
        ["missing", "of another shape", "not JSON", "null", "without its owner", "beyond the log", "of another log"];

    [Theory, MemberData(nameof(Unfit))]
    public async Task One_that_cannot_be_used_means_a_replay(string unfit)
    {
        await Open(cluster.Elsewhere(_id), deposits: Every + 1);
        var kept = await Saved();
        var wrong = kept with { State = Encoding.UTF8.GetBytes(Json(kept).Replace("400", "999")) };
        await Replace(unfit switch
        {
            "missing" => wrong with { Shape = "unknown" },
            "of another shape" => wrong with { Shape = kept.Shape + "0" },
            "not JSON" => kept with { State = "{"u8.ToArray() },
            "null" => kept with { State = "null"u8.ToArray() },
            "without its owner" => kept with { State = Encoding.UTF8.GetBytes(Json(wrong).Replace("Owner", "Keeper")) },
            "beyond the log" => wrong with { Version = 100 },
            _ => wrong with { Position = kept.Position + 1 },
        });
        Json(wrong).ShouldNotBe(Json(kept));

        (await Account.Get()).View!.Balance.ShouldBe(6_00);
    }

    [Fact]
    public async Task One_that_fits_is_believed()
    {
        await Open(cluster.Elsewhere(_id), deposits: Every + 1);
        var kept = await Saved();
        await Replace(kept with { State = Encoding.UTF8.GetBytes(Json(kept).Replace("400", "999")) });

        // Which shows that the tests above would notice.
        (await Account.Get()).View!.Balance.ShouldBe(9_99 + 2_00);
    }

    [Fact]
    public async Task One_that_cannot_be_saved_is_counted_and_tried_again_as_many_events_later()
    {
        var failures = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "waybill.snapshot.failures")
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref failures, count));
        listener.Start();
        Store.Plan(StoreCall.SaveSnapshot, Fault.ThrowBefore);

        await Open(Account, deposits: Every - 1);
        await Store.Struck(Fault.ThrowBefore);
        await Deposit(Account, Every);

        (await Saved()).Version.ShouldBe(Every * 2);
        Volatile.Read(ref failures).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task There_is_one_save_at_a_time_and_no_command_waits_for_it()
    {
        Store.SavesOf = Stream;
        Store.Plan(StoreCall.SaveSnapshot, Fault.Hold);
        await Open(Account, deposits: Every - 1);
        await Store.Struck(Fault.Hold);
        var calls = Store.SnapshotCalls(Stream);

        await Deposit(Account, Every * 2);

        Store.SnapshotCalls(Stream).ShouldBe(calls);
        Store.Release();
        (await Saved()).Version.ShouldBe(Every);
        Store.SavesOf = null;
    }

    [Fact]
    public async Task A_repeated_command_is_answered_from_a_fold_nearby()
    {
        await Account.Open(Command(), "ann", "EUR");
        var sent = new List<(CommandContext Context, Outcome<AccountView> Outcome)>();
        for (var n = 0; n < Every * 4; n++)
        {
            var context = Command();
            sent.Add((context, await Account.Deposit(context, 1_00, null)));
        }

        foreach (var (context, outcome) in sent)
        {
            var before = Store.EventsRead;
            (await Account.Deposit(context, 1_00, null)).ShouldBe(outcome);
            (Store.EventsRead - before).ShouldBeLessThan(Every * 2);
        }
    }

    [Fact]
    public async Task A_repeat_from_long_ago_keeps_nobody_waiting_and_is_shown_what_stands()
    {
        const int Deposits = Recalled * 3;
        await cluster.Elsewhere(_id).Open(Command(), "ann", "EUR");
        var sent = new List<(CommandContext Context, Outcome<AccountView> Outcome)>();
        for (var n = 0; n < Deposits; n++)
        {
            var context = Command();
            sent.Add((context, await cluster.Elsewhere(_id).Deposit(context, 1_00, null)));
        }
        await Account.Get();
        var before = Store.EventsRead;
        Store.Plan(StoreCall.Append, Fault.Hold);
        var another = Account.Deposit(Command(), 1_00, null);
        await Store.Struck(Fault.Hold);
        var repeating = await Gather(sent.Select(one => one.Context));
        Store.Release();

        var repeats = await Task.WhenAll(repeating);

        (Store.EventsRead - before).ShouldBeLessThanOrEqualTo(Recalled);
        repeats.ShouldAllBe(repeat => repeat.Status == OutcomeStatus.Accepted);
        repeats.Select(repeat => (repeat.Version, repeat.Position))
            .ShouldBe(sent.Select(one => (one.Outcome.Version, one.Outcome.Position)));
        repeats[0].ShouldBe(sent[0].Outcome);
        repeats[Recalled * 2].View.ShouldBe((await another).View);
        (await another).View!.Balance.ShouldBe((Deposits + 1) * 1_00);
    }

    [Fact]
    public async Task What_an_account_was_is_folded_from_the_last_one_where_that_is_early_enough()
    {
        await Open(Account, deposits: 2);
        var early = cluster.Clock.GetUtcNow();
        cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        await Deposit(Account, Every - 1);
        (await Saved()).Version.ShouldBe(Every);

        const int Checked = 1;
        await ShouldBe(version: Every + 1, time: null, balance: 5_00, read: Checked + 1);
        await ShouldBe(version: Every - 1, time: null, balance: 3_00, read: Every - 1);
        await ShouldBe(version: null, cluster.Clock.GetUtcNow(), balance: 6_00, read: Checked + 2);
        await ShouldBe(version: null, early, balance: 2_00, read: 3);
        var before = Store.EventsRead;
        var (was, became) = await Past.Between<Account, AccountCommand, AccountEvent>(
            _id, 2, Every + 2, TestContext.Current.CancellationToken);
        (was.State.Balance, became.State.Balance).ShouldBe((1_00, 6_00));
        (Store.EventsRead - before).ShouldBe(2 + Checked + 2);

        async Task ShouldBe(long? version, DateTimeOffset? time, long balance, int read)
        {
            var before = Store.EventsRead;
            var then = await Past.At<Account, AccountCommand, AccountEvent>(
                _id, version, time, TestContext.Current.CancellationToken);
            (then.State.Balance, Store.EventsRead - before).ShouldBe((balance, read));
        }
    }

    [Fact]
    public async Task What_an_account_was_is_given_up_where_it_takes_too_long()
    {
        await Open(Account, deposits: 1);
        Store.Plan(StoreCall.ReadStream, Fault.HangBefore);

        var late = Past.At<Account, AccountCommand, AccountEvent>(
            _id, version: 1, time: null, TestContext.Current.CancellationToken);
        await Store.Struck(Fault.HangBefore);
        cluster.Clock.Advance(cluster.Options.Limit);

        await Should.ThrowAsync<TimeoutException>(() => late);
    }

    [Fact]
    public async Task An_unreadable_event_behind_it_is_read_once_for_all_commands_that_wait()
    {
        await Open(cluster.Elsewhere(_id), deposits: Every + 1);
        await Saved();
        Store.IsDamaged = true;
        await Should.ThrowAsync<InvalidDataException>(() => Account.Get());
        var (calls, snapshotCalls) = (Store.Calls, Store.SnapshotCalls(Stream));
        Store.Plan(StoreCall.ReadStream, Fault.Hold);
        var waiting = await Gather(Enumerable.Range(0, 20).Select(_ => Command()));
        await Store.Struck(Fault.Hold);
        Store.Release();

        foreach (var command in waiting)
            (await Should.ThrowAsync<InvalidDataException>(() => command)).Message.ShouldContain("is unreadable");

        // One read for the first, which nobody waited with, and one for all others.
        (Store.Calls - calls, Store.SnapshotCalls(Stream) - snapshotCalls).ShouldBe((2, 0));
        Store.IsDamaged = false;
        (await Account.Deposit(Command(), 1_00, null)).View!.Balance.ShouldBe(7_00);
    }

    [Fact]
    public async Task A_repeated_command_whose_event_cannot_be_read_fails_alone()
    {
        var first = Command();
        await cluster.Elsewhere(_id).Open(first, "ann", "EUR");
        await Deposit(cluster.Elsewhere(_id), Every - 1);
        await Saved();
        await Account.Get();
        Store.IsDamaged = true;

        (await Should.ThrowAsync<InvalidDataException>(() => Account.Open(first, "ann", "EUR")))
            .Message.ShouldContain($"Event 1 of account-{_id}");
        (await Account.Deposit(Command(), 1_00, null)).View!.Balance.ShouldBe(5_00);

        Store.IsDamaged = false;
    }

    [Fact]
    public async Task Of_an_aggregate_whose_events_are_about_a_person_there_is_none()
    {
        for (var n = 0; n < Every * 2; n++)
            (await cluster.Guest(_id).Name(Command(), $"Ann {n}")).Status.ShouldBe(OutcomeStatus.Accepted);

        Store.SnapshotCalls(new StreamName("guest", _id)).ShouldBe(0);
    }

    [Fact]
    public async Task Of_an_aggregate_whose_streams_stay_short_none_is_looked_for()
    {
        (await cluster.Ride(_id).Get()).Status.ShouldBe(OutcomeStatus.NotFound);
        (await Account.Get()).Status.ShouldBe(OutcomeStatus.NotFound);

        Store.SnapshotCalls(new StreamName("ride", _id)).ShouldBe(0);
        Store.SnapshotCalls(Stream).ShouldBe(1);
    }

    private static CommandContext Command() => new(Guid.CreateVersion7(), "correlation", null, "ann");

    private static string Json(Snapshot snapshot) => Encoding.UTF8.GetString(snapshot.State);

    private static async Task Open(IAccountGrain account, int deposits)
    {
        await account.Open(Command(), "ann", "EUR");
        await Deposit(account, deposits);
    }

    private static async Task Deposit(IAccountGrain account, int times)
    {
        for (var n = 0; n < times; n++)
            (await account.Deposit(Command(), 1_00, null)).Status.ShouldBe(OutcomeStatus.Accepted);
    }

    // Sends deposits one after another, and waits until all have arrived.
    private async Task<List<Task<Outcome<AccountView>>>> Gather(IEnumerable<CommandContext> commands)
    {
        var arrivals = cluster.Arrivals.Of(_id);
        var waiting = new List<Task<Outcome<AccountView>>>();
        foreach (var command in commands)
        {
            var arrived = arrivals.Reached(arrivals.Count + 1);
            waiting.Add(Account.Deposit(command, 1_00, null));
            await arrived;
        }
        return waiting;
    }

    // The next snapshot of this test's own account.
    private async Task<Snapshot> Saved()
    {
        while (true)
        {
            var (stream, snapshot) = await Store.Saved();
            if (stream == Stream)
                return snapshot;
        }
    }

    // By way of another shape, since of one shape only a newer snapshot takes the place of the last.
    private async Task Replace(Snapshot snapshot)
    {
        await Store.Snapshots.SaveSnapshotAsync(Stream, snapshot with { Shape = "none" });
        await Store.Snapshots.SaveSnapshotAsync(Stream, snapshot);
    }

    private ValueTask<List<StoredEvent>> Recorded() =>
        Store.ReadStreamAsync(Stream).ToListAsync(TestContext.Current.CancellationToken);

    public sealed class SnapshottingCluster : AccountCluster
    {
        public override SourcingOptions Options { get; } = new() { SnapshotEvery = Every, RecallMax = Recalled };
    }
}
