using System.Globalization;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Tests.Postgres;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Projections;

public sealed class ProjectionHostOnSqlite : ProjectionHostTests
{
    private Action _remove = () => { };

    protected override RelationalEventStore Open(EventTypes types)
    {
        (var store, _remove) = OpenSqlite(types, Clock);
        return store;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _remove();
    }
}

[Collection(OnPostgres.Name)]
public sealed class ProjectionHostOnPostgres(PostgresServer server) : ProjectionHostTests
{
    protected override RelationalEventStore Open(EventTypes types) => OpenPostgres(server, types, Clock);
}

/// <summary>What a host does with what it is given and what it finds.</summary>
public abstract partial class ProjectionHostTests : ProjectionBed
{
    private static LogQueue Queue => new(0, 1);

    [Fact]
    public async Task The_list_of_accounts_and_the_statement_say_what_has_happened()
    {
        await Append("a", new Opened("ann", "EUR"), new MoneyDeposited(5_00, "rent"), new MoneyWithdrawn(1_00));
        await Append("a", new InterestCredited(25, "May"), new MoneyHeld("h1", 1_00, "order"));
        await Append("a", new MoneyHeld("h2", 2_00), new HoldReleased("h3"), new HoldCaptured("h1", 1_00, "order 1"));
        await Append("b", new Opened("bob", "USD"), new Closed());

        await Host<AccountList, AccountRow>().TickAsync();
        await Host<Statement, StatementRow>().TickAsync();

        var now = Clock.GetUtcNow();
        (await Table(AccountList.Model)).ShouldBe(
        [
            new("a", "ann", "EUR", 3_25, 2_00, Holds.None.With("h2", 2_00).ToString(), AccountStatus.Open, now, now, 8),
            new("b", "bob", "USD", 0, 0, "[]", AccountStatus.Closed, now, now, Version: 2),
        ]);
        (await Table(Statement.Model)).ShouldBe(
        [
            new("a", 1, now, "opened", 0, 0, null),
            new("a", 2, now, "deposited", 5_00, 5_00, "rent"),
            new("a", 3, now, "withdrawn", -1_00, 4_00, null),
            new("a", 4, now, "interest", 25, 4_25, "May"),
            new("a", 5, now, "held", 0, 4_25, "order"),
            new("a", 6, now, "held", 0, 4_25, null),
            new("a", 7, now, "released", 0, 4_25, null),
            new("a", 8, now, "charged", -1_00, 3_25, "order 1"),
            new("b", 1, now, "opened", 0, 0, null),
            new("b", 2, now, "closed", 0, 0, null),
        ]);
    }

    [Fact]
    public async Task Whatever_is_delivered_in_whichever_order_the_rows_are_those_of_a_plain_fold()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await AppendAtRandom(random, appends: 60);
        // Small pages, so that filling a gap does not bring the rest along.
        var access = Access(options: Options with { PageSize = 3 });
        var tally = TallyHost(access);
        var statement = Host<Statement, StatementRow>(access);
        var events = await Everything();

        for (var delivery = 0; delivery < 40; delivery++)
        {
            // A chunk of any length from anywhere: overlapping, repeated, with gaps before it, or far too early.
            var reached = (int)(await tally.ProgressAsync()).Position.GetValueOrDefault();
            var after = Math.Clamp(reached + random.Next(-9, 6), 0, events.Count - 1);
            var readTo = Math.Min(after + random.Next(1, 20), events.Count);
            List<StoredEvent> chunk = [.. events.Where(e => e.Position > after && e.Position <= readTo)];
            await tally.TakeAsync(after, readTo, chunk);
            await statement.TakeAsync(after, readTo, chunk);
            if (random.Next(10) == 0)
                (tally, statement) = (TallyHost(access), Host<Statement, StatementRow>(access));
        }
        await tally.CatchUpToAsync(events.Count);
        await statement.CatchUpToAsync(events.Count);

        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
        (await Table(Statement.Model)).ShouldBe(await Fold<Statement, StatementRow>(), ignoreOrder: true);
    }

    [Fact]
    public async Task Of_two_hosts_of_one_queue_each_goes_on_from_what_the_other_has_done()
    {
        var random = new Random(4);
        List<ProjectionHost<Tally, TallyRow>> hosts = [TallyHost(), TallyHost()];

        for (var round = 0; round < 12; round++)
        {
            await AppendAtRandom(random, appends: 5);
            await Task.WhenAll(hosts.Select(host => host.CatchUpToAsync(long.MaxValue)));
        }

        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
    }

    [Fact]
    public async Task A_row_is_loaded_once_as_long_as_its_host_keeps_it()
    {
        await Open("a", deposits: 1);
        await Open("b", deposits: 1);
        var host = TallyHost(Access(options: Options with { RowsMax = 1 }));
        await host.TickAsync();
        List<string> loaded = [];
        Faults.BeforeLoad = keys => loaded.AddRange(keys.Select(key => (string)key[0]!));

        foreach (var id in (string[])["a", "a", "a", "b", "a"])
        {
            await Append(id, new MoneyDeposited(1));
            await host.TickAsync();
        }

        // With so little room it keeps what the last commit was about.
        loaded.ShouldBe(["b", "a"], Case.Sensitive);
        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_not_made_again()
    {
        await Open("a", deposits: 3);
        var host = TallyHost();
        Faults.LoseAnswers(1);

        await host.TickAsync();
        (await host.ProgressAsync()).Error.ShouldBe("The answer was lost.");
        await host.TickAsync();

        (await TallyOf("a")).ShouldBe(new("a", 6, "1 2 3 4 "));
        (await host.ProgressAsync()).Error.ShouldBeNull();
    }

    [Fact]
    public async Task A_chunk_that_comes_late_finds_its_gap_filled_from_the_store()
    {
        await Open("a", deposits: 5);
        var host = TallyHost();
        var last = (await Everything())[^1];

        await host.TakeAsync(last.Position - 1, last.Position, [last]);

        (await TallyOf("a")).ShouldBe(new("a", 15, "1 2 3 4 5 6 "));
    }

    [Fact]
    public async Task A_row_that_a_projection_returns_no_more_is_removed()
    {
        await Open("a", deposits: 1);
        var host = TallyHost();
        await host.TickAsync();
        await Append("a", new Closed());

        await host.TickAsync();

        (await TallyOf("a")).ShouldBeNull();
    }

    [Fact]
    public async Task Events_that_concern_no_row_move_the_position_too()
    {
        await Open("a", deposits: 1);
        var order = new StreamName("order", "1");
        await Log.AppendAsync(order, 0, [new(Guid.CreateVersion7(), new Other("x"), Metadata)], Cancellation);
        var host = TallyHost();

        await host.TickAsync();

        (await host.ProgressAsync()).Position.ShouldBe(3);
        (await Rows.ReadPositionAsync(Tally.Model, Queue, Cancellation)).ShouldNotBeNull().Position.ShouldBe(3);
    }

    [Fact]
    public async Task Who_asks_for_a_position_reads_what_it_wrote()
    {
        var host = TallyHost();
        await host.TickAsync();
        await Open("a", deposits: 1);

        (await host.CatchUpToAsync(2)).ShouldBe(2);

        (await TallyOf("a")).ShouldBe(new("a", 1, "1 2 "));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_out_of_reach_shows_in_the_lag_with_its_reason_within_five_seconds(bool hangs)
    {
        await Open("a", deposits: 2);
        var stopped = TallyHost();
        var other = Host<AccountList, AccountRow>();
        (Faults.Hangs, Faults.IsAway) = (hangs, !hangs);

        var tick = stopped.TickAsync();
        if (hangs)
        {
            // What there is to do is visible before it is known why it is not done.
            await Clock.WaitForTimersAsync(1);
            var early = stopped.ProgressAsync();
            await Clock.WaitForTimersAsync(2);
            Clock.Advance(Options.StatusLimit);
            (await early).EventsBehind.ShouldBe(3);
            Clock.Advance(Options.StoreLimit - Options.StatusLimit);
        }
        await tick;

        var progress = await stopped.ProgressAsync();
        progress.Error.ShouldBe(hangs ? "There was no answer in time." : "The read models are away.");
        (progress.EventsBehind, progress.Head).ShouldBe((3, 3));
        progress.OldestAge.ShouldBe(hangs ? Options.StoreLimit : TimeSpan.Zero);
        Options.StoreLimit.ShouldBeLessThan(TimeSpan.FromSeconds(5));

        (Faults.Hangs, Faults.IsAway) = (false, false);
        await stopped.TickAsync();
        await other.TickAsync();
        (await stopped.ProgressAsync()).ShouldBe(
            new(0, 3, 3, 0, true, null, Clock.GetUtcNow(), null, 0, null, 0));
    }

    [Fact]
    public async Task While_the_store_is_out_of_reach_deliveries_are_left_to_the_ticks()
    {
        await Open("a", deposits: 1);
        var host = TallyHost();
        Faults.IsAway = true;
        await host.TickAsync();
        var calls = 0;
        Faults.Before = _ => Task.FromResult(calls++);
        Faults.IsAway = false;

        await host.TakeAsync(0, 2, await Everything());

        calls.ShouldBe(0);
        await host.TickAsync();
        (await TallyOf("a")).ShouldBe(new("a", 1, "1 2 "));
    }

    [Fact]
    public async Task A_swap_takes_a_host_along_to_the_new_generation()
    {
        await Open("a", deposits: 2);
        var host = TallyHost();
        await host.TickAsync();
        (await RebuildAsync()).ShouldBeTrue();
        await Append("a", new MoneyDeposited(7));

        await host.TickAsync();

        (await TallyOf("a")).ShouldBe(new("a", 10, "1 2 3 4 "));
        (await Rows.ReadStateAsync(Tally.Model, Cancellation)).Positions.ShouldHaveSingleItem().Position.ShouldBe(4);
    }

    [Fact]
    public async Task A_host_without_traffic_finds_out_about_a_swap_when_it_is_woken()
    {
        var id = Unique("q");
        await Open(id, deposits: 2);
        Tally.Break(id, recorded => recorded.Version == 3);
        var host = TallyHost();
        await host.TickAsync();
        Tally.Mend(id);
        (await RebuildAsync()).ShouldBeTrue();

        host.LookAgain();
        await host.TickAsync();

        (await host.ProgressAsync()).Parked.ShouldBe(0);
    }

    [Fact]
    public async Task A_notification_whose_commit_was_not_answered_is_delivered()
    {
        var host = TallyHost(Access(notifier: Notified));
        await host.TickAsync();
        await host.Delivering;
        await Append("a", new Opened("ann", "EUR"), new MoneyDeposited(5, "tell"));
        Faults.LoseAnswers(1);
        await host.TickAsync();

        await host.TickAsync();
        await host.Delivering;

        Notified.Taken.ShouldHaveSingleItem().Position.ShouldBe(2);
    }

    [Fact]
    public async Task Notifications_come_once_for_each_event_and_after_its_row()
    {
        var host = TallyHost(Access(notifier: Notified));
        await Append("a", new Opened("ann", "EUR"), new MoneyDeposited(5, "tell"), new MoneyDeposited(6, "tell"));
        for (var tick = 0; tick < 3; tick++)
        {
            await host.TickAsync();
            await host.Delivering;
        }
        await host.TakeAsync(0, 3, await Everything());
        await host.Delivering;

        Notified.Taken.Select(notice => notice.Data).ShouldBe(
        [
            """{"id":"a","version":2,"sum":5}""",
            """{"id":"a","version":3,"sum":11}""",
        ]);
        Notified.Taken.Select(notice => notice.EventId)
            .ShouldBe((await Everything()).Skip(1).Select(stored => stored.EventId));
    }

    [Fact]
    public async Task A_notification_that_fails_holds_up_those_of_its_stream_alone_and_no_rows()
    {
        var host = TallyHost(Access(notifier: Notified));
        Notified.Refuses = notice => notice.Stream.Id == "a";
        await Append("a", new Opened("ann", "EUR"), new MoneyDeposited(5, "tell"), new MoneyDeposited(6, "tell"));
        await Append("b", new Opened("bob", "EUR"), new MoneyDeposited(7, "tell"));

        await host.TickAsync();
        await host.Delivering;

        (await TallyOf("a")).ShouldNotBeNull().Sum.ShouldBe(11);
        Notified.Taken.Select(notice => notice.Stream.Id).ShouldBe(["b"]);
        (await host.ProgressAsync()).NoticeError.ShouldBe("The notifier is away.");

        // Another host, since the one that failed may be gone.
        Notified.Refuses = _ => false;
        var next = TallyHost(Access(notifier: Notified));
        await next.TickAsync();
        await next.Delivering;
        Notified.Taken.Select(notice => (notice.Stream.Id, notice.Position)).ShouldBe([("b", 5), ("a", 2), ("a", 3)]);
    }

    [Fact]
    public async Task However_many_notifications_of_one_stream_fail_those_of_others_are_delivered()
    {
        var host = TallyHost(Access(notifier: Notified));
        Notified.Refuses = notice => notice.Stream.Id == "a";
        await Append("a", [new Opened("ann", "EUR"), .. Enumerable.Repeat(new MoneyDeposited(5, "tell"), 120)]);
        await Append("b", new Opened("bob", "EUR"), new MoneyDeposited(7, "tell"), new MoneyDeposited(8, "tell"));

        await host.TickAsync();
        await host.Delivering;

        Notified.Taken.Select(notice => notice.Position).ShouldBe([123, 124]);
        Notified.Refuses = _ => false;
        await host.TickAsync();
        await host.Delivering;
        Notified.Taken.Count.ShouldBe(122);
        (await host.ProgressAsync()).NoticeError.ShouldBeNull();
    }

    [Fact]
    public async Task A_notifier_that_hangs_holds_up_no_rows()
    {
        var host = TallyHost(Access(notifier: Notified));
        var answered = new TaskCompletionSource();
        Notified.Answer = answered.Task;
        await Append("a", new Opened("ann", "EUR"), new MoneyDeposited(5, "tell"));
        await host.TickAsync();
        await Append("a", new MoneyDeposited(6, "tell"));

        await host.TickAsync();

        (await TallyOf("a")).ShouldNotBeNull().Sum.ShouldBe(11);
        host.Delivering.IsCompleted.ShouldBeFalse();
        answered.SetResult();
        await host.Delivering;
        Notified.Taken.Select(notice => notice.Position).ShouldBe([2, 3]);
    }

    [Fact]
    public async Task A_rebuild_tells_nobody_of_what_has_been_told_and_keeps_back_nothing_that_has_not()
    {
        var access = Access(notifier: Notified);
        await Append("a", new Opened("ann", "EUR"), new MoneyDeposited(5, "tell"));
        var host = TallyHost(access);
        await host.TickAsync();
        await Append("a", new MoneyDeposited(6, "tell"));

        (await RebuildAsync(access, catchUp: async position =>
        {
            await host.CatchUpToAsync(position);
            // This one comes when no host can see it any more before the swap.
            await Append("a", new MoneyDeposited(7, "tell"));
        })).ShouldBeTrue();
        await host.Delivering;
        await host.TickAsync();
        await host.Delivering;

        Notified.Taken.Select(notice => notice.Position).ShouldBe([2, 3, 4]);
    }

    [Fact]
    public async Task A_step_through_says_what_each_event_does_and_writes_nothing()
    {
        var id = Unique("a");
        await Open(id, deposits: 3);
        Tally.Break(id, recorded => recorded.Version == 3);
        Faults.Before = name => throw new InvalidOperationException($"{name} is called.");

        var steps = await new ProjectionRegistration<Tally, TallyRow, IAccountListGrain>()
            .StepThroughAsync(Access(), new("account", id), fromVersion: 1, limit: 10);

        steps.Select(step => (step.Version, step.Type, step.Before, step.After)).ShouldBe(
        [
            (1, "account.opened v1", null, Row(0, "1 ")),
            (2, "account.money-deposited v1", Row(0, "1 "), Row(1, "1 2 ")),
            (3, "account.money-deposited v1", Row(1, "1 2 "), null),
        ]);
        steps[2].Error.ShouldNotBeNull().ShouldContain($"Event 3 of {id} is broken.");
        Tally.Mend(id);

        string Row(long sum, string seen) => new TallyRow(id, sum, seen).ToString();
    }

    private static EventMetadata Metadata => new(Guid.CreateVersion7(), "test", null, "ann");

    private static string Unique(string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}{Guid.NewGuid():N}");
}
