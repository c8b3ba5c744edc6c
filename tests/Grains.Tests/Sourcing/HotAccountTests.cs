using Waybill.EventStore;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>Commands that arrive at an account while an append of it is under way.</summary>
public sealed class HotAccountTests(AccountCluster cluster) : IClassFixture<AccountCluster>
{
    private readonly string _id = $"a{Guid.NewGuid():N}";

    private IAccountGrain Account => cluster.Here(_id);

    private FaultyEventStore Store => cluster.Store;

    [Fact]
    public async Task They_are_appended_together_and_each_is_answered_with_its_own_outcome()
    {
        var held = await Hold();
        var opened = await Account.Get();
        var waiting = await Gather([.. Enumerable.Repeat(() => Account.Deposit(Command(), 10, null), 20)]);
        Store.Release();

        ShouldBeAccepted(await held, version: 2, balance: 100);
        for (var i = 0; i < waiting.Length; i++)
            ShouldBeAccepted(await waiting[i], version: 3 + i, balance: 110 + (i * 10));
        Store.TakeAppends().ShouldBe([1, 1, 20]);
        (await Recorded()).Select(stored => stored.Position)
            .ShouldBe([opened.Position, .. await Positions(held), .. await Positions(waiting)]);
    }

    [Fact]
    public async Task Each_is_decided_on_the_state_that_the_one_before_leaves()
    {
        await Hold();
        var waiting = await Gather(
            () => Account.Withdraw(Command(), 101, null),
            () => Account.Deposit(Command(), 1, null),
            () => Account.Withdraw(Command(), 101, null),
            () => Account.Withdraw(Command(), 1, null),
            () => Account.Close(Command()),
            () => Account.Deposit(Command(), 1, null));
        Store.Release();

        ShouldBeRefused(await waiting[0], "insufficient-funds", version: 2);
        ShouldBeAccepted(await waiting[1], version: 3, balance: 101);
        ShouldBeAccepted(await waiting[2], version: 4, balance: 0);
        ShouldBeRefused(await waiting[3], "insufficient-funds", version: 4);
        ShouldBeAccepted(await waiting[4], version: 5, balance: 0);
        ShouldBeRefused(await waiting[5], "account-closed", version: 5);
        Store.TakeAppends().ShouldBe([1, 1, 3]);
        var positions = (await Recorded()).Select(stored => stored.Position).ToList();
        (await waiting[0]).Position.ShouldBe(positions[1]);
        (await waiting[3]).Position.ShouldBe(positions[3]);
        (await waiting[5]).Position.ShouldBe(positions[4]);
    }

    [Fact]
    public async Task An_expected_version_is_the_one_at_the_command_s_turn()
    {
        await Hold();
        var waiting = await Gather(
            () => Account.Deposit(Command(expectedVersion: 2), 1, null),
            () => Account.Deposit(Command(expectedVersion: 2), 1, null),
            () => Account.Deposit(Command(expectedVersion: 3), 1, null));
        Store.Release();

        ShouldBeAccepted(await waiting[0], version: 3, balance: 101);
        var stopped = await waiting[1];
        (stopped.Status, stopped.Version).ShouldBe((OutcomeStatus.VersionMismatch, 3));
        ShouldBeAccepted(await waiting[2], version: 4, balance: 102);
    }

    [Fact]
    public async Task A_question_is_answered_meanwhile_with_what_is_in_the_stream_and_a_refusal_is_not()
    {
        await Hold();
        (await Account.Get()).View!.Balance.ShouldBe(0);
        var waiting = await Gather(
            () => Account.Deposit(Command(), 1, null), () => Account.Withdraw(Command(), 200, null));
        Store.Plan(StoreCall.Append, Fault.Hold);
        Store.Release();
        await Store.Struck(Fault.Hold);

        (await Account.Get()).View!.Balance.ShouldBe(100);
        waiting[1].IsCompleted.ShouldBeFalse();

        Store.Release();
        ShouldBeRefused(await waiting[1], "insufficient-funds", version: 3);
        (await Account.Get()).ShouldBe(await waiting[0]);
    }

    [Fact]
    public async Task Those_that_lose_to_another_writer_are_decided_again_all_together()
    {
        await Hold();
        var waiting = await Gather(
            () => Account.Withdraw(Command(), 100, null), () => Account.Withdraw(Command(), 1, null));
        Store.Plan(StoreCall.Append, Fault.Rival);
        Store.Release();

        // The second was refused at first: the rival's 1 is what it needs.
        ShouldBeAccepted(await waiting[0], version: 4, balance: 1);
        ShouldBeAccepted(await waiting[1], version: 5, balance: 0);
        Store.TakeAppends().ShouldBe([1, 1, 1, 2]);
    }

    [Fact]
    public async Task A_refusal_for_what_was_never_appended_is_not_given()
    {
        await Hold();
        var waiting = await Gather(
            () => Account.Withdraw(Command(), 100, null), () => Account.Withdraw(Command(), 1, null));
        Store.Plan(StoreCall.Append, Fault.HangBefore);
        Store.Release();
        await Store.Struck(Fault.HangBefore);
        cluster.Clock.Advance(cluster.Options.Limit);

        (await Task.WhenAll(waiting)).ShouldAllBe(outcome => outcome.Status == OutcomeStatus.Unavailable);
        cluster.Clock.Advance(cluster.Options.Rest);
        (await Account.Get()).View!.Balance.ShouldBe(100);
    }

    [Fact]
    public async Task A_command_that_comes_twice_is_one()
    {
        await Hold();
        var (twice, again) = (Command(), Command());
        var waiting = await Gather(
            () => Account.Deposit(twice, 1, null),
            () => Account.Deposit(twice, 1, null),
            () => Account.Withdraw(again, 200, null),
            () => Account.Withdraw(again, 200, null));
        Store.Release();

        ShouldBeAccepted(await waiting[0], version: 3, balance: 101);
        (await waiting[1]).ShouldBe(await waiting[0]);
        ShouldBeRefused(await waiting[2], "insufficient-funds", version: 3);
        (await waiting[3]).ShouldBe(await waiting[2]);
        (await Recorded()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task Those_recorded_earlier_are_answered_with_what_they_did_and_the_others_are_carried_out()
    {
        await Account.Open(Command(), "ann", "EUR");
        var repeated = Enumerable.Range(0, 5).Select(_ => Command()).ToList();
        var before = new List<Outcome<AccountView>>();
        foreach (var context in repeated)
            before.Add(await cluster.Elsewhere(_id).Deposit(context, 100, null));
        Store.TakeAppends();
        Store.Plan(StoreCall.Append, Fault.Hold);
        _ = Account.Deposit(Command(), 1, null);
        await Store.Struck(Fault.Hold);
        var waiting = await Gather(
        [
            () => Account.Withdraw(Command(), 501, null),
            .. repeated.Select<CommandContext, Func<Task<Outcome<AccountView>>>>(
                context => () => Account.Deposit(context, 100, null)),
            () => Account.Withdraw(Command(), 1, null),
        ]);
        Store.Release();

        for (var i = 0; i < repeated.Count; i++)
            (await waiting[1 + i]).ShouldBe(before[i]);
        ShouldBeAccepted(await waiting[0], version: 8, balance: 0);
        ShouldBeRefused(await waiting[^1], "insufficient-funds", version: 8);
        // The held one loses to what was done elsewhere; then the five repeats are found out all at once.
        Store.TakeAppends().ShouldBe([1, 1, 7, 1]);
    }

    [Fact]
    public async Task There_is_a_limit_to_how_many_are_decided_at_a_time()
    {
        await Hold();
        var max = cluster.Options.BatchMax;
        var waiting = await Gather([.. Enumerable.Repeat(() => Account.Deposit(Command(), 1, null), max + 44)]);
        Store.Release();

        ShouldBeAccepted(await waiting[^1], version: 2 + waiting.Length, balance: 100 + waiting.Length);
        Store.TakeAppends().ShouldBe([1, 1, max, 44]);
    }

    [Fact]
    public async Task One_that_breaks_something_fails_alone()
    {
        await Hold();
        var waiting = await Gather(
            () => Account.Deposit(Command(), 1, null),
            () => Account.Deposit(Command() with { CorrelationId = "no store can hold a \0" }, 1, null),
            () => Account.Deposit(Command(), 1, null));
        Store.Release();

        ShouldBeAccepted(await waiting[0], version: 3, balance: 101);
        await Should.ThrowAsync<ArgumentException>(() => waiting[1]);
        ShouldBeAccepted(await waiting[2], version: 4, balance: 102);
    }

    [Fact]
    public async Task With_the_store_hanging_nobody_waits_longer_than_the_limit_and_nobody_behind_is_lost()
    {
        await Account.Open(Command(), "ann", "EUR");
        var deposits = Enumerable.Range(0, 3).Select(_ => Command()).ToList();
        Store.Plan(StoreCall.Append, Fault.HangAfter);
        var first = Account.Deposit(deposits[0], 1, null);
        await Store.Struck(Fault.HangAfter);
        cluster.Clock.Advance(cluster.Options.Limit - TimeSpan.FromSeconds(1));
        var behind = await Gather(
            () => Account.Deposit(deposits[1], 1, null), () => Account.Deposit(deposits[2], 1, null));
        first.IsCompleted.ShouldBeFalse();

        cluster.Clock.Advance(TimeSpan.FromSeconds(1));

        (await Task.WhenAll([first, .. behind])).ShouldAllBe(outcome => outcome.Status == OutcomeStatus.Unavailable);
        cluster.Clock.Advance(cluster.Options.Rest);
        var again = await Task.WhenAll(deposits.Select(context => Account.Deposit(context, 1, null)));
        again.Select(outcome => outcome.Version).ShouldBe([2, 3, 4], ignoreOrder: true);
        (await Recorded()).Count.ShouldBe(4);
    }

    [Fact]
    public async Task With_the_store_away_all_are_told_in_time_it_is_tried_a_few_times_only_and_all_goes_on_after_it()
    {
        await Account.Open(Command(), "ann", "EUR");
        Store.IsAway = true;
        var calls = Store.Calls;
        var deposits = Enumerable.Range(0, 10).Select(_ => Command()).ToList();
        var waiting = await Gather([.. deposits.Select<CommandContext, Func<Task<Outcome<AccountView>>>>(
            context => () => Account.Deposit(context, 1, null))]);
        await cluster.Clock.WaitForTimersAsync(LimitAndPause);
        cluster.Clock.Advance(cluster.Options.Limit);

        (await Task.WhenAll(waiting)).ShouldAllBe(outcome => outcome.Status == OutcomeStatus.Unavailable);
        (Store.Calls - calls).ShouldBeLessThan(10);

        Store.IsAway = false;
        cluster.Clock.Advance(cluster.Options.Rest);
        var again = await Task.WhenAll(deposits.Select(context => Account.Deposit(context, 1, null)));
        again.ShouldAllBe(outcome => outcome.Status == OutcomeStatus.Accepted);
        (await Recorded()).Count.ShouldBe(11);
    }

    [Fact]
    public async Task Whose_time_is_spent_waiting_is_told_so_alone_while_the_store_is_well()
    {
        var moment = TimeSpan.FromMilliseconds(5);
        var held = await Hold();
        var late = await Gather(() => Account.Deposit(Command(), 1, null));
        cluster.Clock.Advance(cluster.Options.Limit - moment);
        var fresh = await Gather([.. Enumerable.Repeat(() => Account.Deposit(Command(), 1, null), 5)]);
        Store.Plan(StoreCall.Append, Fault.Hold);
        Store.Release();
        await Store.Struck(Fault.Hold);
        cluster.Clock.Advance(moment);
        Store.Release();

        ShouldBeAccepted(await held, version: 2, balance: 100);
        (await late[0]).ShouldBe(new(OutcomeStatus.Unavailable, "waited-too-long", null, 0, 0));
        for (var i = 0; i < fresh.Length; i++)
            ShouldBeAccepted(await fresh[i], version: 3 + i, balance: 101 + i);
        ShouldBeAccepted(await Account.Deposit(Command(), 1, null), version: 8, balance: 106);
    }

    [Fact]
    public async Task No_refusal_is_given_while_an_append_that_would_belie_it_may_still_be_made()
    {
        await Hold();
        var withdrawal = Command();
        var waiting = await Gather(
            () => Account.Deposit(Command(), 1, null), () => Account.Withdraw(withdrawal, 101, null));
        Store.Plan(StoreCall.Append, Fault.Late);
        Store.Release();
        await Store.Struck(Fault.Late);
        cluster.Clock.Advance(cluster.Options.Limit);
        (await Task.WhenAll(waiting)).ShouldAllBe(outcome => outcome.Status == OutcomeStatus.Unavailable);
        cluster.Clock.Advance(cluster.Options.Rest);

        // Alone it would be refused, were it not for what is still on its way.
        var again = await Gather(() => Account.Withdraw(withdrawal, 101, null));
        Store.Release();

        ShouldBeAccepted(await again[0], version: 4, balance: 0);
        (await Recorded()).Count.ShouldBe(4);
    }

    private const int LimitAndPause = 2;

    private static CommandContext Command(long? expectedVersion = null) =>
        new(Guid.CreateVersion7(), "correlation", null, "ann", expectedVersion);

    // Opens the account, and holds up the append of a deposit of 100.
    private async Task<Task<Outcome<AccountView>>> Hold()
    {
        Store.TakeAppends();
        await Account.Open(Command(), "ann", "EUR");
        Store.Plan(StoreCall.Append, Fault.Hold);
        var held = Account.Deposit(Command(), 100, null);
        await Store.Struck(Fault.Hold);
        return held;
    }

    // Sends commands one after another and waits until all have arrived.
    private async Task<Task<Outcome<AccountView>>[]> Gather(params Func<Task<Outcome<AccountView>>>[] commands)
    {
        var arrivals = cluster.Arrivals.Of(_id);
        var sent = new List<Task<Outcome<AccountView>>>();
        foreach (var command in commands)
        {
            var next = arrivals.Count + 1;
            sent.Add(command());
            await arrivals.Reached(next);
        }
        return [.. sent];
    }

    private static async Task<IEnumerable<long>> Positions(params Task<Outcome<AccountView>>[] outcomes) =>
        (await Task.WhenAll(outcomes)).Select(outcome => outcome.Position);

    private ValueTask<List<StoredEvent>> Recorded() =>
        Store.ReadStreamAsync(new StreamName("account", _id)).ToListAsync(TestContext.Current.CancellationToken);

    private static void ShouldBeAccepted(Outcome<AccountView> outcome, long version, long balance) =>
        (outcome.Status, outcome.Version, outcome.View?.Balance).ShouldBe((OutcomeStatus.Accepted, version, balance));

    private static void ShouldBeRefused(Outcome<AccountView> outcome, string code, long version) =>
        (outcome.Status, outcome.Code, outcome.Version).ShouldBe((OutcomeStatus.Refused, code, version));
}
