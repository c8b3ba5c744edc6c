using Waybill.EventStore.Idempotency;
using Waybill.EventStore.Relational;
using static Waybill.EventStore.Idempotency.KeyedCommandStatus;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>What every store guarantees to those who send commands under keys.</summary>
public abstract partial class EventStoreContract
{
    private IIdempotencyStore Keys => ((RelationalEventStore)Store).IdempotencyKeys;

    [Fact]
    public async Task A_command_under_a_new_key_is_begun_once()
    {
        (await Begin("k", "deposit", 1)).ShouldBe(new(Begun, Id(1)));

        (await Begin("k", "deposit", 2)).ShouldBe(new(UnderWay, Id(1)));
        (await Begin("other", "deposit", 3)).ShouldBe(new(Begun, Id(3)));
    }

    [Fact]
    public async Task What_was_answered_is_answered_again_also_after_a_restart()
    {
        const string Answer = """{"body":"{\u0022a\u0022:\"\\\"}","status":200} ÄÖÜ €""";
        await Begin("k", "deposit", 1);
        await End(new KeyedCommandEnd("k", Answer));
        Reopen();

        (await Begin("k", "deposit", 2, seconds: 100_000)).ShouldBe(new(Answered, Id(1), Answer));
    }

    [Fact]
    public async Task The_first_answer_stays()
    {
        await Begin("k", "deposit", 1);
        await End(new KeyedCommandEnd("k", "first"));
        await End(new KeyedCommandEnd("k", "second"));
        await End(new KeyedCommandEnd("k", null, IsVoid: true));

        (await Begin("k", "deposit", 2)).Answer.ShouldBe("first");
    }

    [Fact]
    public async Task A_key_is_that_of_one_request()
    {
        await Begin("k", "deposit", 1);
        (await Begin("k", "withdrawal", 2, seconds: 100)).ShouldBe(new(OtherRequest, Id(1)));
        await End(new KeyedCommandEnd("k", "done"));
        (await Begin("k", "withdrawal", 2)).ShouldBe(new(OtherRequest, Id(1)));
    }

    [Fact]
    public async Task A_command_whose_sender_died_is_begun_again_under_its_id_when_the_lease_ends()
    {
        await Begin("k", "deposit", 1);

        (await Begin("k", "deposit", 2, seconds: 9)).Status.ShouldBe(UnderWay);
        (await Begin("k", "deposit", 3, seconds: 10)).ShouldBe(new(Begun, Id(1)));
        (await Begin("k", "deposit", 4, seconds: 19)).Status.ShouldBe(UnderWay);
    }

    [Fact]
    public async Task A_command_whose_outcome_is_not_known_is_begun_again_at_once_under_its_id()
    {
        await Begin("k", "deposit", 1);
        await End(new KeyedCommandEnd("k", null));

        (await Begin("k", "withdrawal", 2)).Status.ShouldBe(OtherRequest);
        (await Begin("k", "deposit", 3)).ShouldBe(new(Begun, Id(1)));
    }

    [Fact]
    public async Task The_key_of_what_could_not_be_carried_out_is_free_for_something_else()
    {
        await Begin("k", "nonsense", 1);
        await End(new KeyedCommandEnd("k", null, IsVoid: true));

        (await Begin("k", "deposit", 2)).Status.ShouldBe(Begun);
        (await Begin("k", "nonsense", 3)).Status.ShouldBe(OtherRequest);
    }

    [Fact]
    public async Task Many_begin_and_end_together_each_for_itself()
    {
        await Begin("answered", "a", 1);
        await Begin("under way", "b", 2);
        await End(new("answered", "done"), new("never begun", "nobody's"));

        var found = await Keys.BeginAsync(
            [
                new("new", "c", Id(3)), new("answered", "a", Id(4)), new("new", "d", Id(5)),
                new("under way", "b", Id(6)), new("new", "c", Id(7)), new("answered", "other", Id(8)),
            ],
            Now,
            Now.AddSeconds(10),
            Cancellation);

        found.Select(command => command.Status)
            .ShouldBe([Begun, Answered, OtherRequest, UnderWay, UnderWay, OtherRequest]);
        found[0].CommandId.ShouldBe(Id(3));
        found[1].Answer.ShouldBe("done");
        (await Begin("never begun", "e", 9)).Status.ShouldBe(Begun);
    }

    [Fact]
    public async Task Of_many_at_once_one_is_begun()
    {
        var found = await Task.WhenAll(Enumerable.Range(1, 20).Select(n => Begin("k", "deposit", n)));

        found.Count(command => command.Status is Begun).ShouldBe(1);
        found.Count(command => command.Status is UnderWay).ShouldBe(19);
        found.DistinctBy(command => command.CommandId).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Keys_are_purged_by_age_some_at_a_time()
    {
        foreach (var (key, n) in new[] { "a", "b", "c", "d" }.Select((key, n) => (key, n)))
            await Begin(key, "deposit", n, seconds: n);

        (await Keys.PurgeAsync(Now.AddSeconds(3), max: 2, Cancellation)).ShouldBe(2);
        (await Keys.PurgeAsync(Now.AddSeconds(3), max: 2, Cancellation)).ShouldBe(1);

        (await Begin("a", "anything", 9)).Status.ShouldBe(Begun);
        (await Begin("d", "deposit", 9)).Status.ShouldBe(UnderWay);
    }

    private protected async Task<KeyedCommand> Begin(string key, string request, int command, int seconds = 0) =>
        (await Keys.BeginAsync(
            [new(key, request, Id(command))], Now.AddSeconds(seconds), Now.AddSeconds(seconds + 10), Cancellation))
        .ShouldHaveSingleItem();

    private Task End(params KeyedCommandEnd[] ends) => Keys.EndAsync(ends, Now, Cancellation);
}
