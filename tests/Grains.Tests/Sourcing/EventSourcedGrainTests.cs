using Waybill.EventStore;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>
/// The shell around every aggregate, shown on the account. Each test has an account of its own; the clock stands still
/// unless a test moves it, so that nothing is answered as unavailable by accident.
/// </summary>
public sealed class EventSourcedGrainTests(AccountCluster cluster) : IClassFixture<AccountCluster>
{
    private readonly string _id = $"a{Guid.NewGuid():N}";

    private IAccountGrain Account => cluster.Here(_id);

    private FaultyEventStore Store => cluster.Store;

    [Fact]
    public async Task Each_accepted_command_raises_the_version_by_one()
    {
        var opened = await Account.Open(Command(), "ann", "EUR");
        var deposited = await Account.Deposit(Command(), 5_00, "rent");
        var withdrawn = await Account.Withdraw(Command(), 2_00, null);

        opened.View.ShouldNotBeNull()
            .ShouldBe(new AccountView(_id, "ann", "EUR", 0, 0, AccountStatus.Open, Version: 1));
        deposited.View.ShouldBe(opened.View with { Balance = 5_00, Available = 5_00, Version = 2 });
        withdrawn.View.ShouldBe(opened.View with { Balance = 3_00, Available = 3_00, Version = 3 });
        (await Account.Get()).ShouldBe(withdrawn);
        (await Recorded()).Select(e => e.Position)
            .ShouldBe([opened.Position, deposited.Position, withdrawn.Position]);
    }

    [Fact]
    public async Task An_event_says_what_led_to_it()
    {
        var context = new CommandContext(
            Guid.CreateVersion7(), "correlation", "causation", "ann", TraceParent: "00-trace", SagaId: "saga");
        await Account.Open(context, "ann", "EUR");

        (await Recorded())[0].Metadata.ShouldBe(
            new EventMetadata(context.CommandId, "correlation", "causation", "ann", "saga", "00-trace"));
    }

    [Fact]
    public async Task A_refusal_records_nothing_and_names_its_code()
    {
        await Open(balance: 5_00);

        var refused = await Account.Withdraw(Command(), 9_00, null);

        (refused.Status, refused.Code, refused.Version)
            .ShouldBe((OutcomeStatus.Refused, "insufficient-funds", 2));
        (await Recorded()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_account_that_was_never_opened_is_not_found()
    {
        (await Account.Get()).ShouldBe(new(OutcomeStatus.NotFound, "account-not-found", null, 0, 0));
        (await Account.Deposit(Command(), 1, null)).Status.ShouldBe(OutcomeStatus.NotFound);
    }

    public static TheoryData<string> EveryCommand => ["open", "deposit", "withdraw", "close"];

    [Theory, MemberData(nameof(EveryCommand))]
    public async Task A_command_sent_again_is_answered_with_what_it_did_then(string name)
    {
        if (name != "open")
            await Open(balance: name == "withdraw" ? 1 : 0);
        var command = Command();
        var first = await Send();
        if (name != "close")
            await Account.Deposit(Command(), 7, null);
        var version = (await Account.Get()).Version;

        (await Send()).ShouldBe(first);

        first.Status.ShouldBe(OutcomeStatus.Accepted);
        (await Account.Get()).Version.ShouldBe(version);

        Task<Outcome<AccountView>> Send() => name switch
        {
            "open" => Account.Open(command, "ann", "EUR"),
            "deposit" => Account.Deposit(command, 1, null),
            "withdraw" => Account.Withdraw(command, 1, null),
            _ => Account.Close(command),
        };
    }

    [Fact]
    public async Task A_command_sent_again_is_recognised_even_where_the_rules_would_refuse_it_by_now()
    {
        await Open(balance: 5_00);
        var withdrawal = Command();
        var first = await Account.Withdraw(withdrawal, 5_00, null);

        (await Account.Withdraw(withdrawal, 5_00, null)).ShouldBe(first);
    }

    [Fact]
    public async Task An_expected_version_that_holds_lets_a_command_through_and_one_that_does_not_stops_it()
    {
        await Open(balance: 5_00);

        (await Account.Withdraw(Command(expectedVersion: 2), 1, null)).Status.ShouldBe(OutcomeStatus.Accepted);
        var stopped = await Account.Withdraw(Command(expectedVersion: 2), 1, null);

        (stopped.Status, stopped.Version).ShouldBe((OutcomeStatus.VersionMismatch, 3));
        (await Recorded()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_command_sent_again_is_not_held_against_its_own_effect_on_the_version()
    {
        await Open(balance: 5_00);
        var withdrawal = Command(expectedVersion: 2);
        var first = await Account.Withdraw(withdrawal, 1, null);

        (await Account.Withdraw(withdrawal, 1, null)).ShouldBe(first);
    }

    [Theory]
    [InlineData(Fault.ThrowBefore)]
    [InlineData(Fault.ThrowAfter)]
    public async Task An_append_that_fails_once_is_tried_again_and_recorded_once(Fault fault)
    {
        await Open(balance: 5_00);
        Store.Plan(StoreCall.Append, fault);

        var deposit = Account.Deposit(Command(), 1, null);
        await PassPause();

        ShouldBeAccepted(await deposit, version: 3, balance: 5_01);
        (await Recorded()).Count.ShouldBe(3);
    }

    [Theory]
    [InlineData(Fault.ThrowBefore)]
    [InlineData(Fault.ThrowAfter)]
    public async Task A_read_that_fails_once_is_tried_again(Fault fault)
    {
        Store.Plan(StoreCall.ReadStream, fault);

        var opened = Account.Open(Command(), "ann", "EUR");
        await PassPause();

        ShouldBeAccepted(await opened, version: 1, balance: 0);
    }

    [Fact]
    public async Task A_command_that_loses_to_another_writer_is_decided_again()
    {
        await Open(balance: 5_00);
        Store.Plan(StoreCall.Append, Fault.Rival);

        // The rival's 1 is needed: on the first decision's state this would have been refused.
        ShouldBeAccepted(await Account.Withdraw(Command(), 5_00, null), version: 4, balance: 1);
        (await Recorded()).Count.ShouldBe(4);
    }

    [Fact]
    public async Task A_command_that_loses_again_and_again_is_given_up_and_may_be_sent_again()
    {
        await Open(balance: 5_00);
        var attempts = cluster.Options.DecisionsMax;
        Store.Plan(StoreCall.Append, [.. Enumerable.Repeat(Fault.Rival, attempts)]);
        var deposit = Command();

        var givenUp = await Account.Deposit(deposit, 100, null);

        (givenUp.Status, givenUp.Code).ShouldBe((OutcomeStatus.Unavailable, "too-many-conflicts"));
        ShouldBeAccepted(await Account.Deposit(deposit, 100, null), version: 3 + attempts, balance: 6_00 + attempts);
    }

    [Theory]
    [InlineData(Fault.HangBefore)]
    [InlineData(Fault.HangAfter)]
    public async Task An_append_that_hangs_is_unavailable_in_time_and_has_one_effect_when_sent_again(Fault fault)
    {
        await Open(balance: 5_00);
        Store.Plan(StoreCall.Append, fault);
        var deposit = Command();

        var unavailable = Account.Deposit(deposit, 1, null);
        await Store.Struck(fault);
        cluster.Clock.Advance(cluster.Options.Limit);

        (await unavailable).ShouldBe(new(OutcomeStatus.Unavailable, "store-unavailable", null, 0, 0));
        cluster.Clock.Advance(cluster.Options.Rest);
        ShouldBeAccepted(await Account.Deposit(deposit, 1, null), version: 3, balance: 5_01);
        (await Recorded()).Count.ShouldBe(3);
    }

    [Theory]
    [InlineData(Fault.HangBefore)]
    [InlineData(Fault.HangAfter)]
    public async Task An_activation_whose_read_hangs_is_unavailable_in_time_and_recovers(Fault fault)
    {
        Store.Plan(StoreCall.ReadStream, fault);

        var unavailable = Account.Get();
        await Store.Struck(fault);
        cluster.Clock.Advance(cluster.Options.Limit);

        (await unavailable).Status.ShouldBe(OutcomeStatus.Unavailable);
        cluster.Clock.Advance(cluster.Options.Rest);
        ShouldBeAccepted(await Account.Open(Command(), "ann", "EUR"), version: 1, balance: 0);
    }

    [Fact]
    public async Task While_the_store_is_away_commands_are_unavailable_and_it_is_left_alone_between_attempts()
    {
        await Open(balance: 5_00);
        Store.IsAway = true;
        var first = Account.Deposit(Command(), 1, null);
        await cluster.Clock.WaitForTimersAsync(LimitAndPause);
        cluster.Clock.Advance(cluster.Options.Limit);
        (await first).Status.ShouldBe(OutcomeStatus.Unavailable);
        var calls = Store.Calls;

        (await Account.Deposit(Command(), 1, null)).Status.ShouldBe(OutcomeStatus.Unavailable);
        (await Account.Get()).Status.ShouldBe(OutcomeStatus.Unavailable);

        Store.Calls.ShouldBe(calls);
        Store.IsAway = false;
        cluster.Clock.Advance(cluster.Options.Rest);
        ShouldBeAccepted(await Account.Deposit(Command(), 1, null), version: 3, balance: 5_01);
    }

    [Fact]
    public async Task An_unreadable_event_is_named_to_the_caller_and_stops_nothing_else()
    {
        await cluster.Elsewhere(_id).Open(Command(), "ann", "EUR");
        Store.IsDamaged = true;

        var unreadable = await Should.ThrowAsync<InvalidDataException>(() => Account.Deposit(Command(), 1, null));

        unreadable.Message.ShouldContain($"Event 1 of account-{_id}");
        unreadable.Message.ShouldContain("account.lost v1) is unreadable");
        Store.IsDamaged = false;
        ShouldBeAccepted(await Account.Deposit(Command(), 1, null), version: 2, balance: 1);
    }

    [Fact]
    public async Task Nothing_is_decided_on_a_stream_in_which_an_event_is_missing()
    {
        await cluster.Elsewhere(_id).Open(Command(), "ann", "EUR");
        await cluster.Elsewhere(_id).Deposit(Command(), 5_00, null);
        await cluster.Elsewhere(_id).Deposit(Command(), 5_00, null);
        Store.Missing = 2;

        var unreadable = await Should.ThrowAsync<InvalidDataException>(() => Account.Withdraw(Command(), 1, null));

        Store.Missing = null;
        unreadable.Message.ShouldContain($"Event 3 of account-{_id}");
        unreadable.Message.ShouldContain("is unreadable: it comes after event 1.");
        ShouldBeAccepted(await Account.Withdraw(Command(), 1, null), version: 4, balance: 9_99);
    }

    [Fact]
    public async Task Of_two_activations_the_one_that_comes_second_decides_on_what_the_first_did()
    {
        await Open(balance: 5_00);
        (await cluster.Elsewhere(_id).Get()).Version.ShouldBe(2);

        ShouldBeAccepted(await Account.Withdraw(Command(), 5_00, null), version: 3, balance: 0);

        (await cluster.Elsewhere(_id).Withdraw(Command(), 5_00, null)).Code.ShouldBe("insufficient-funds");
        ShouldBeAccepted(await cluster.Elsewhere(_id).Deposit(Command(), 1, null), version: 4, balance: 1);
    }

    [Fact]
    public async Task A_refusal_never_rests_on_an_outdated_state()
    {
        await Open(balance: 0);
        (await cluster.Elsewhere(_id).Get()).Version.ShouldBe(1);
        await Account.Deposit(Command(), 5_00, null);

        ShouldBeAccepted(await cluster.Elsewhere(_id).Withdraw(Command(), 5_00, null), version: 3, balance: 0);
    }

    [Fact]
    public async Task Two_activations_under_load_lose_no_update()
    {
        await Open(balance: 0);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(n =>
            (n % 2 == 0 ? Account : cluster.Elsewhere(_id)).Deposit(Command(), 1, null)));

        var accepted = outcomes.Where(outcome => outcome.Status is OutcomeStatus.Accepted).ToList();
        accepted.Select(outcome => outcome.Version).Order()
            .ShouldBe(Enumerable.Range(2, accepted.Count).Select(n => (long)n));
        (await Recorded()).Count.ShouldBe(1 + accepted.Count);
    }

    private const int LimitAndPause = 2;

    private static CommandContext Command(long? expectedVersion = null) =>
        new(Guid.CreateVersion7(), "correlation", null, "ann", expectedVersion);

    private async Task Open(long balance)
    {
        await Account.Open(Command(), "ann", "EUR");
        if (balance > 0)
            await Account.Deposit(Command(), balance, null);
    }

    private async Task PassPause()
    {
        await cluster.Clock.WaitForTimersAsync(LimitAndPause);
        cluster.Clock.Advance(cluster.Options.Pause);
    }

    private ValueTask<List<StoredEvent>> Recorded() =>
        Store.ReadStreamAsync(new StreamName("account", _id)).ToListAsync(TestContext.Current.CancellationToken);

    private static void ShouldBeAccepted(Outcome<AccountView> outcome, long version, long balance) =>
        (outcome.Status, outcome.Version, outcome.View?.Balance).ShouldBe((OutcomeStatus.Accepted, version, balance));
}
