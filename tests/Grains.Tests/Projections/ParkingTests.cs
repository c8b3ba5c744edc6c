using System.Globalization;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Tests.Postgres;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Projections;

public sealed class ParkingOnSqlite : ParkingTests
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
public sealed class ParkingOnPostgres(PostgresServer server) : ParkingTests
{
    protected override RelationalEventStore Open(EventTypes types) => OpenPostgres(server, types, Clock);
}

/// <summary>What becomes of events that cannot be applied, and of those behind them.</summary>
public abstract class ParkingTests : ProjectionBed
{
    // No other test's account has this name: what is broken, is broken in the whole process.
    private readonly string _id = string.Create(CultureInfo.InvariantCulture, $"p{Guid.NewGuid():N}");

    private const int TenMegabytes = 10 << 20;

    public static TheoryData<string> Poisons => ["unknown type", "unreadable data", "throwing apply", "ten megabytes"];

    [Theory, MemberData(nameof(Poisons))]
    public async Task Poison_keeps_its_own_stream_waiting_until_it_is_redriven_in_order_and_once(string poison)
    {
        object third = poison switch
        {
            "throwing apply" => new MoneyDeposited(1_000),
            "ten megabytes" => new Other(new string('x', TenMegabytes)),
            _ => new Other("x"),
        };
        if (poison is "throwing apply")
            Tally.Break(_id, recorded => recorded.Version == 3);
        var host = TallyHost(Access(poison switch
        {
            "unknown type" => Types(),
            "unreadable data" => Types(OtherMisreadJson.Default),
            _ => AllTypes,
        }));
        await Append(_id, new Opened("ann", "EUR"), new MoneyDeposited(1));
        await host.TickAsync();
        await Append(_id, third, new MoneyDeposited(3));
        await Open("other", deposits: 1);
        await host.TickAsync();
        await Append(_id, new MoneyDeposited(4));
        await Append("other", new MoneyDeposited(2));
        await host.TickAsync();

        (await TallyOf(_id)).ShouldBe(new(_id, 1, "1 2 "));
        (await TallyOf("other")).ShouldBe(new("other", 3, "1 2 3 "));
        var run = await OnlyParked();
        (run.Stream, run.FirstVersion, run.LastVersion).ShouldBe((new("account", _id), 3, 5));
        run.Attempts.ShouldHaveSingleItem().Error.ShouldContain(poison switch
        {
            "throwing apply" => "is broken",
            "ten megabytes" => "more than 8388608 bytes",
            _ => "unreadable",
        });
        run.Cause.ShouldNotContain(_id);
        (await host.ProgressAsync()).ShouldSatisfyAllConditions(
            progress => progress.Parked.ShouldBe(1),
            progress => progress.EventsBehind.ShouldBe(0));
        var position = (await Rows.ReadStateAsync(Tally.Model, Cancellation)).Position;

        Tally.Mend(_id);
        var mended = TallyHost(Access(options: Options with { EventBytesMax = 2 * TenMegabytes }));
        (await mended.RedriveAsync(run.Id, "bob")).ShouldBe(new(RedriveStatus.Done, 3, null));
        (await mended.RedriveAsync(run.Id, "bob")).ShouldBe(new(RedriveStatus.NotParked, 0, null));
        (await TallyHost().RedriveAsync(run.Id, "bob")).Status.ShouldBe(RedriveStatus.NotParked);

        (await TallyOf(_id)).ShouldBe(new(_id, 1_008, "1 2 3 4 5 "));
        (await Rows.ReadStateAsync(Tally.Model, Cancellation)).Position.ShouldBe(position);
        var act = (await Rows.ListActsAsync(Tally.Model, run.Id, 10, Cancellation)).ShouldHaveSingleItem();
        (act.Act, act.By, act.At, act.Result).ShouldBe(
            ("redrive", "bob", Clock.GetUtcNow(), "applied 3 events; nothing is left"));
        await Append(_id, new MoneyDeposited(9));
        await mended.TickAsync();
        (await TallyOf(_id)).ShouldBe(new(_id, 1_017, "1 2 3 4 5 6 "));
    }

    [Fact]
    public async Task What_fails_is_tried_again_after_growing_pauses_and_then_waits_for_a_person()
    {
        await Open(_id, deposits: 3);
        Tally.Break(_id, recorded => recorded.Version == 3);
        var host = TallyHost();
        await host.TickAsync();
        var start = Clock.GetUtcNow();

        for (var second = 0; second < 60; second++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await host.TickAsync();
        }

        (await OnlyParked()).Attempts.Select(attempt => (attempt.At - start).TotalSeconds)
            .ShouldBe([0, 1, 3, 7, 15]);
        Tally.Mend(_id);
    }

    [Fact]
    public async Task What_failed_for_a_moment_only_heals_by_itself_even_under_another_host()
    {
        await Open(_id, deposits: 3);
        Tally.Break(_id, recorded => recorded.Version == 3);
        await TallyHost().TickAsync();
        Tally.Mend(_id);
        Clock.Advance(Options.RetryPause);

        await TallyHost().TickAsync();

        (await TallyOf(_id)).ShouldBe(new(_id, 6, "1 2 3 4 "));
        (await Rows.ListParkedAsync(Tally.Model, null, 0, 10, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_host_goes_on_from_the_rows_that_a_redrive_has_written()
    {
        await Open(_id, deposits: 3);
        Tally.Break(_id, recorded => recorded.Version is 3);
        var host = TallyHost();
        await host.TickAsync();
        Tally.Mend(_id);
        await host.RedriveAsync((await OnlyParked()).Id, "bob");

        await Append(_id, new MoneyDeposited(4));
        await host.TickAsync();

        (await TallyOf(_id)).ShouldBe(new(_id, 10, "1 2 3 4 5 "));
    }

    [Fact]
    public async Task A_redrive_that_fails_further_on_keeps_what_went_well_and_parks_the_rest()
    {
        await Open(_id, deposits: 5);
        Tally.Break(_id, recorded => recorded.Version is 3 or 5);
        var host = TallyHost();
        await host.TickAsync();
        var run = await OnlyParked();
        Tally.Break(_id, recorded => recorded.Version is 5);

        var failed = await host.RedriveAsync(run.Id, "bob");

        (failed.Status, failed.Applied).ShouldBe((RedriveStatus.Failed, 2));
        (await TallyOf(_id)).ShouldBe(new(_id, 6, "1 2 3 4 "));
        var rest = await OnlyParked();
        (rest.Id, rest.FirstVersion, rest.LastVersion, rest.Attempts.Count).ShouldBe((run.Id, 5, 6, 1));
        Tally.Mend(_id);
        (await host.RedriveAsync(run.Id, "bob")).Status.ShouldBe(RedriveStatus.Done);
        (await TallyOf(_id)).ShouldBe(new(_id, 15, "1 2 3 4 5 6 "));
    }

    [Fact]
    public async Task A_long_run_is_redriven_in_several_transactions_and_goes_on_after_a_loss()
    {
        await Open(_id, deposits: 10);
        Tally.Break(_id, recorded => recorded.Version is 2);
        var host = TallyHost(Access(options: Options with { RedriveSize = 3 }));
        await host.TickAsync();
        var run = await OnlyParked();
        Tally.Mend(_id);
        Faults.LoseAnswers(2);

        (await host.RedriveAsync(run.Id, "bob")).Status.ShouldBe(RedriveStatus.Unavailable);
        (await host.RedriveAsync(run.Id, "bob")).Status.ShouldBe(RedriveStatus.Unavailable);
        (await host.RedriveAsync(run.Id, "bob")).ShouldBe(new(RedriveStatus.Done, 4, null));

        (await TallyOf(_id)).ShouldBe(new(_id, 55, "1 2 3 4 5 6 7 8 9 10 11 "));
    }

    [Fact]
    public async Task Of_two_hosts_that_redrive_a_run_one_does()
    {
        await Open(_id, deposits: 5);
        Tally.Break(_id, recorded => recorded.Version is 2);
        var hosts = new[] { TallyHost(), TallyHost() };
        await hosts[0].TickAsync();
        await hosts[1].TickAsync();
        var run = await OnlyParked();
        Tally.Mend(_id);

        var results = await Task.WhenAll(hosts.Select(host => host.RedriveAsync(run.Id, "bob")));

        results.Count(result => result.Status is RedriveStatus.Done).ShouldBe(1);
        (await TallyOf(_id)).ShouldBe(new(_id, 15, "1 2 3 4 5 6 "));

        // The host that lost must not let later events wait for a run that is gone.
        await Append(_id, new MoneyDeposited(1));
        foreach (var host in hosts)
            await host.CatchUpToAsync(7);
        (await TallyOf(_id)).ShouldBe(new(_id, 16, "1 2 3 4 5 6 7 "));
    }

    [Fact]
    public async Task A_host_that_finds_a_run_redriven_goes_on_from_the_rows_that_this_has_left()
    {
        await Open(_id, deposits: 5);
        Tally.Break(_id, recorded => recorded.Version is 2);
        var (host, other) = (TallyHost(), TallyHost());
        await host.TickAsync();
        await other.TickAsync();
        var run = await OnlyParked();
        Tally.Mend(_id);

        (await other.RedriveAsync(run.Id, "bob")).Status.ShouldBe(RedriveStatus.Done);
        (await host.RedriveAsync(run.Id, "bob")).Status.ShouldBe(RedriveStatus.NotParked);
        await Append(_id, new MoneyDeposited(1));
        await host.CatchUpToAsync(7);

        (await TallyOf(_id)).ShouldBe(new(_id, 16, "1 2 3 4 5 6 7 "));
    }

    [Fact]
    public async Task A_redrive_that_takes_long_lets_the_queues_other_events_come_in_between()
    {
        await Open(_id, deposits: 8);
        Tally.Break(_id, recorded => recorded.Version is 2);
        var host = TallyHost(Access(options: Options with { RedriveSize = 3 }));
        await host.TickAsync();
        var run = await OnlyParked();
        Tally.Mend(_id);
        await Open("other", deposits: 1);
        Faults.Before = name =>
        {
            if (name == nameof(IReadModelStore.CommitAsync))
                Clock.Advance(Options.CatchUpLimit + TimeSpan.FromSeconds(1));
            return Task.CompletedTask;
        };

        (await host.RedriveAsync(run.Id, "bob")).ShouldBe(new(RedriveStatus.GoesOn, 3, null));
        Faults.Before = _ => Task.CompletedTask;
        await host.TickAsync();

        (await TallyOf("other")).ShouldBe(new("other", 1, "1 2 "));
        (await TallyOf(_id)).ShouldBe(new(_id, 36, "1 2 3 4 5 6 7 8 9 "));
        (await Rows.ListParkedAsync(Tally.Model, null, 0, 10, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Parked_events_with_much_data_are_applied_few_at_a_time()
    {
        await Append(_id, [new Opened("ann", "EUR"), .. Enumerable.Range(0, 4).Select(_ => new Other(new('x', 400)))]);
        Tally.Break(_id, recorded => recorded.Version is 2);
        var host = TallyHost(Access(options: Options with { RedriveBytes = 1_000 }));
        await host.TickAsync();
        var run = await OnlyParked();
        Tally.Mend(_id);

        (await host.RedriveAsync(run.Id, "bob")).ShouldBe(new(RedriveStatus.Done, 4, null));

        (await TallyOf(_id)).ShouldBe(new(_id, 4_000, "1 2 3 4 5 "));
        (await Rows.ListActsAsync(Tally.Model, run.Id, 10, Cancellation)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_another_host_has_redriven_meanwhile_is_not_applied_again()
    {
        await Open(_id, deposits: 8);
        Tally.Break(_id, recorded => recorded.Version is 2);
        var access = Access(options: Options with { RedriveSize = 3 });
        var (slow, fast) = (TallyHost(access), TallyHost(access));
        await slow.TickAsync();
        await fast.TickAsync();
        var run = await OnlyParked();
        Tally.Break(_id, recorded => recorded.Version is 7);
        Faults.Before = async name =>
        {
            if (name != nameof(IReadModelStore.CommitAsync))
                return;
            Faults.Before = _ => Task.CompletedTask;
            (await fast.RedriveAsync(run.Id, "bob")).Status.ShouldBe(RedriveStatus.Failed);
        };

        (await slow.RedriveAsync(run.Id, "ann")).Status.ShouldBe(RedriveStatus.Failed);

        (await TallyOf(_id)).ShouldBe(new(_id, 15, "1 2 3 4 5 6 "));
        Tally.Mend(_id);
        (await slow.RedriveAsync(run.Id, "ann")).Status.ShouldBe(RedriveStatus.Done);
        (await TallyOf(_id)).ShouldBe(new(_id, 36, "1 2 3 4 5 6 7 8 9 "));
    }

    [Fact]
    public async Task A_discarded_event_is_left_out_and_those_behind_it_are_applied()
    {
        await Open(_id, deposits: 4);
        Tally.Break(_id, recorded => recorded.Version is 3 or 4);
        var host = TallyHost();
        await host.TickAsync();
        var run = await OnlyParked();

        (await host.DiscardAsync(run.Id, version: 3, "bob")).Status.ShouldBe(RedriveStatus.Failed);
        (await host.DiscardAsync(run.Id, version: 3, "bob")).Status.ShouldBe(RedriveStatus.NotParked);
        (await host.DiscardAsync(run.Id, version: 4, "bob")).Status.ShouldBe(RedriveStatus.Done);

        (await TallyOf(_id)).ShouldBe(new(_id, 5, "1 2 5 "));
        (await Rows.ListActsAsync(Tally.Model, run.Id, 10, Cancellation)).Select(act => (act.Act, act.By))
            .ShouldBe([("discard", "bob"), ("discard", "bob")]);
        Tally.Mend(_id);
    }

    [Fact]
    public async Task A_row_that_no_table_can_hold_parks_its_own_stream_alone()
    {
        await Append("a", new Opened("ann", "EUR"), new MoneyDeposited(1, "a \0 in it"), new MoneyDeposited(2));
        await Append("b", new Opened("bob", "EUR"), new MoneyDeposited(3));
        var host = Host<Statement, StatementRow>();

        await host.TickAsync();

        (await Table(Statement.Model)).Select(row => (row.AccountId, row.Version))
            .ShouldBe([("a", 1), ("b", 1), ("b", 2)]);
        (await host.ProgressAsync()).Parked.ShouldBe(1);
    }

    [Fact]
    public async Task A_key_or_a_notification_that_cannot_be_stored_parks_its_own_stream_alone()
    {
        await Append("number", new Opened("ann", "EUR"));
        await Append("elsewhere", new Opened("ann", "EUR"));
        await Append("notice", new Opened("ann", "EUR"));
        await Append("good", new Opened("ann", "EUR"));
        var host = Host<Careless, TallyRow>(Access(notifier: Notified));

        await host.TickAsync();
        await host.Delivering;

        (await Table(Careless.Model)).ShouldHaveSingleItem().Id.ShouldBe("good");
        Notified.Taken.ShouldHaveSingleItem().Data.ShouldBe("good");
        (await Rows.ListParkedAsync(Careless.Model, null, 0, 10, Cancellation)).Select(run => run.Stream.Id)
            .ShouldBe(["number", "elsewhere", "notice"]);
    }

    [Fact]
    public async Task A_rebuild_clears_what_has_become_obsolete_and_parks_what_has_not()
    {
        var other = _id + "x";
        await Open(_id, deposits: 3);
        await Open(other, deposits: 3);
        Tally.Break(_id, recorded => recorded.Version == 3);
        Tally.Break(other, recorded => recorded.Version == 3);
        var host = TallyHost();
        await host.TickAsync();
        Tally.Mend(_id);

        (await RebuildAsync()).ShouldBeTrue();

        (await TallyOf(_id)).ShouldBe(new(_id, 6, "1 2 3 4 "));
        var run = await OnlyParked();
        (run.Stream.Id, run.FirstVersion, run.LastVersion).ShouldBe((other, 3, 4));
        await Append(other, new MoneyDeposited(4));
        await host.TickAsync();
        (await OnlyParked()).LastVersion.ShouldBe(5);
        Tally.Mend(other);
        (await host.RedriveAsync(run.Id, "bob")).Status.ShouldBe(RedriveStatus.Done);
        (await TallyOf(other)).ShouldBe(new(other, 10, "1 2 3 4 5 "));
    }

    [Fact]
    public async Task A_parked_event_is_told_of_when_it_is_redriven()
    {
        await Append(_id, new Opened("ann", "EUR"), new MoneyDeposited(5, "tell"), new MoneyDeposited(6, "tell"));
        Tally.Break(_id, recorded => recorded.Version == 3);
        var host = TallyHost(Access(notifier: Notified));
        await host.TickAsync();
        await host.Delivering;
        Notified.Taken.Count.ShouldBe(1);
        Tally.Mend(_id);

        await host.RedriveAsync((await OnlyParked()).Id, "bob");
        await host.TickAsync();
        await host.Delivering;

        Notified.Taken.Select(notice => notice.Position).ShouldBe([2, 3]);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task What_was_told_before_a_rebuild_parked_it_is_not_told_again(bool wasParked)
    {
        var access = Access(notifier: Notified);
        await Append(_id, new Opened("ann", "EUR"), new MoneyDeposited(5, "tell"), new MoneyDeposited(6, "tell"));
        if (wasParked)
            Tally.Break(_id, recorded => recorded.Version == 3);
        var host = TallyHost(access);
        await host.TickAsync();
        await host.Delivering;
        Tally.Break(_id, recorded => recorded.Version == 2);
        (await RebuildAsync(access)).ShouldBeTrue();
        (await RebuildAsync(access)).ShouldBeTrue(); // It is remembered across more than one.
        await Append(_id, new MoneyDeposited(7, "tell"));
        host.LookAgain();
        await host.TickAsync();
        Tally.Mend(_id);

        (await host.RedriveAsync((await OnlyParked()).Id, "bob")).Status.ShouldBe(RedriveStatus.Done);
        await host.TickAsync();
        await host.Delivering;

        Notified.Taken.Select(notice => notice.Position).ShouldBe([2, 3, 4]);
    }

    [Fact]
    public async Task The_rows_of_a_parked_stream_are_made_anew_up_to_what_waits()
    {
        await Open(_id, deposits: 4);
        Tally.Break(_id, recorded => recorded.Version == 4);
        var host = TallyHost();
        await host.TickAsync();

        (await host.RebuildRowsAsync(new("account", _id))).ShouldBe(new(RedriveStatus.Done, 3, null));

        (await TallyOf(_id)).ShouldBe(new(_id, 3, "1 2 3 "));
        Tally.Mend(_id);
    }
}
