using Waybill.EventStore;
using Waybill.EventStore.Relational;

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
        await Enter(Due("a", 5), Due("a", 2), Due("a", 3));
        await Enter(Due("a", 4));

        (await Claim(seconds: 1)).ShouldBeEmpty();
        (await Claim(seconds: 2)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Who_is_settled_is_due_at_the_next_time_or_never()
    {
        await Enter(Due("again", 1), Due("over", 1));
        var claims = (await Claim(seconds: 1)).ToDictionary(claim => claim.Stream.Id);
        claims["again"].Since.ShouldBe(Now);
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

    private Due Due(string id, int seconds) => new(new("saga", id), Now.AddSeconds(seconds));

    private Task Enter(params Due[] due) => DueTable.UpdateDueAsync(due, [], Now, Cancellation);

    private Task Settle(params DueSettlement[] settled) =>
        DueTable.UpdateDueAsync([], settled, Now, Cancellation);

    private Task<IReadOnlyList<DueClaim>> Claim(int seconds, int max = 100) => DueTable.ClaimDueAsync(
        Now.AddSeconds(seconds), Now.AddSeconds(seconds + 10), max, Cancellation);
}
