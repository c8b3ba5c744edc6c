using Waybill.EventStore;
using Waybill.EventStore.Relational;
using static Waybill.EventStore.AppendResult;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>What every store guarantees to those who want to be woken.</summary>
public abstract partial class EventStoreContract
{
    private IDueStore DueTable => ((RelationalEventStore)Store).DueTable;

    private DateTimeOffset Now => Clock.GetUtcNow();

    [Fact]
    public async Task Who_is_due_is_claimed_once_until_the_lease_ends()
    {
        await Enter(Due("a", seconds: 1), Due("b", seconds: 3));
        (await Claim(seconds: 0)).ShouldBeEmpty();

        (await Claim(seconds: 1)).Select(claim => claim.Stream.Id).ShouldBe(["a"]);
        (await Claim(seconds: 2)).ShouldBeEmpty();
        (await Claim(seconds: 11)).Select(claim => claim.Stream.Id).Order().ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task Those_that_have_waited_longest_are_claimed_first()
    {
        await Enter(Due("late", 3), Due("early", 1), Due("middle", 2));

        (await Claim(seconds: 9, max: 2)).Select(claim => claim.Stream.Id).Order().ShouldBe(["early", "middle"]);
    }

    [Fact]
    public async Task Of_two_times_for_one_the_earlier_holds()
    {
        await Task.WhenAll(Enter(Due("a", 5)), Enter(Due("b", 9)));
        await Enter(Due("a", 2));
        await Enter(Due("a", 4));

        (await Claim(seconds: 1)).ShouldBeEmpty();
        (await Claim(seconds: 2)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Who_is_settled_is_due_at_the_next_time_or_never()
    {
        await Enter(Due("again", 1), Due("over", 1));
        var claims = (await Claim(seconds: 1)).ToDictionary(claim => claim.Stream.Id);
        await Settle(
            new(claims["over"].Stream, claims["over"].At),
            new(claims["again"].Stream, claims["again"].At, Next: Now.AddSeconds(30)));

        (await Claim(seconds: 29)).ShouldBeEmpty();
        (await Claim(seconds: 30)).ShouldHaveSingleItem().Stream.Id.ShouldBe("again");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    public async Task What_was_entered_since_is_not_settled_away(int seconds)
    {
        await Enter(Due("a", 1));
        var claim = (await Claim(seconds: 1)).Single();
        await Enter(Due("a", seconds));
        await Settle(new DueSettlement(claim.Stream, claim.At));

        (await Claim(seconds)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Who_is_due_is_due_after_a_restart()
    {
        await Enter(Due("a", 1));
        Reopen();

        (await Claim(seconds: 1)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Two_times_in_one_commit_leave_the_earlier()
    {
        // The second append is on its way before the first is answered.
        var first = Append(Due("a", 5), version: 0);
        var second = Append(Due("a", 2), version: 1);
        (await first, await second).ShouldBe((new Appended(1, 1), new Appended(2, 2)));

        (await Claim(seconds: 2)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Nobody_is_woken_for_an_append_that_added_nothing()
    {
        await Append(Stream("a"), 0, Event(1, command: 1));

        (await Append(Due("a", 1), version: 0)).ShouldBeOfType<Conflict>();
        (await Store.AppendAsync(Stream("a"), 1, [Event(2, command: 1)], Now, Cancellation))
            .ShouldBeOfType<AlreadyRecorded>();
        (await Store.AppendAsync(Stream("a"), 0, [Event(1, command: 1)], Now, Cancellation))
            .ShouldBe(new Appended(1, 1));

        (await Claim(seconds: 9)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_appends_and_who_settles_the_same_ones_do_not_stop_each_other()
    {
        const int many = 200, rounds = 20;
        var due = Enumerable.Range(0, many).Select(n => Due($"s{n}", seconds: 1)).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            await Task.WhenAll(due.Select(one => Append(one, version: 2 * round)));
            var claims = await Claim(seconds: 2, max: many);
            claims.Count.ShouldBe(many);

            // In the opposite order. Where each waits for the other, the database ends one of them after a second.
            var settling = Settle([.. claims
                .OrderByDescending(claim => claim.Stream.Id, StringComparer.Ordinal)
                .Select(claim => new DueSettlement(claim.Stream, claim.At))]);
            var results = await Task.WhenAll(due.Select(one => Append(one, version: 2 * round + 1)));
            results.ShouldAllBe(result => result is Appended);
            await settling;
        }
    }

    private Due Due(string id, int seconds) => new(Stream(id), Now.AddSeconds(seconds));

    private async Task Enter(params Due[] due)
    {
        foreach (var one in due)
        {
            var version = await Store.ReadStreamAsync(one.Stream, cancellation: Cancellation).CountAsync(Cancellation);
            (await Append(one, version)).ShouldBeOfType<Appended>();
        }
    }

    private Task<AppendResult> Append(Due due, long version) =>
        Store.AppendAsync(due.Stream, version, [Any()], due.At, Cancellation);

    private static NewEvent Any() => new(
        Guid.CreateVersion7(), new Note.Written("text"), new(Guid.CreateVersion7(), "correlation", null, "ann"));

    private Task Settle(params DueSettlement[] settled) => DueTable.SettleDueAsync(settled, Cancellation);

    private Task<IReadOnlyList<DueClaim>> Claim(int seconds, int max = 100) => DueTable.ClaimDueAsync(
        Now.AddSeconds(seconds), Now.AddSeconds(seconds + 10), max, Cancellation);
}
