using Waybill.EventStore.ReadModels;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Projections;

// Rows that are made anew from their streams.
public abstract partial class ProjectionHostTests
{
    [Fact]
    public async Task A_row_that_was_made_anew_is_not_written_over_by_a_host_that_knows_it_as_it_was()
    {
        var id = Unique("a");
        await Open(id, deposits: 2);
        await TallyHost().TickAsync();
        await Spoil(id);
        await Append(id, new MoneyDeposited(3));
        var (host, other) = (TallyHost(), TallyHost());
        await host.TickAsync();
        await other.TickAsync();

        (await other.RebuildRowsAsync(new("account", id))).Status.ShouldBe(RedriveStatus.Done);
        await Append(id, new MoneyDeposited(4));
        await host.TickAsync();

        (await TallyOf(id)).ShouldBe(new(id, 10, "1 2 3 4 5 "));
    }

    [Fact]
    public async Task One_streams_rows_are_made_anew_and_no_others()
    {
        var ids = new[] { Unique("a"), Unique("b") };
        foreach (var id in ids)
            await Open(id, deposits: 3);
        var host = TallyHost();
        await host.TickAsync();
        await Spoil(ids[0]);
        await Spoil(ids[1]);

        (await host.RebuildRowsAsync(new("account", ids[0]))).ShouldBe(new(RedriveStatus.Done, 4, null));

        (await TallyOf(ids[0])).ShouldBe(new(ids[0], 6, "1 2 3 4 "));
        (await TallyOf(ids[1])).ShouldNotBeNull().Sum.ShouldBe(-1);
        await Append(ids[0], new MoneyDeposited(1));
        await host.TickAsync();
        (await TallyOf(ids[0])).ShouldBe(new(ids[0], 7, "1 2 3 4 5 "));
    }

    [Fact]
    public async Task Every_line_of_a_statement_is_made_anew_and_one_that_has_no_event_is_left_to_a_rebuild()
    {
        await Open("a", deposits: 3);
        var host = Host<Statement, StatementRow>();
        await host.TickAsync();
        var before = await Table(Statement.Model);

        (await host.RebuildRowsAsync(new("account", "a"))).Status.ShouldBe(RedriveStatus.Done);

        (await Table(Statement.Model)).ShouldBe(before);
    }

    // As a fault of an earlier release has left it.
    private async Task Spoil(string id)
    {
        var at = (await Rows.ReadPositionAsync(Tally.Model, Queue, Cancellation))!;
        await Rows.CommitAsync(
            Tally.Model,
            new ProjectionCommit<TallyRow>(at, at.Position)
            {
                Upserts = [new(id, -1, "spoilt")],
            },
            Cancellation);
    }
}
