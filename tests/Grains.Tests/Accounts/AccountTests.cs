using System.Text.Json;
using Waybill.EventStore;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Tests.Grains.Sourcing;
using Microsoft.Extensions.DependencyInjection;
using static Waybill.Grains.Accounts.AccountCommand;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Accounts;

public sealed class AccountTests
{
    private static readonly Specification<Account, AccountCommand, AccountEvent> Account = new();

    private static readonly Opened Opened = new("ann", "EUR");

    [Fact]
    public void An_account_is_opened_once() => Account
        .Given()
        .When(new Open("ann", "EUR"))
        .Then(new Opened("ann", "EUR"));

    [Fact]
    public void An_open_account_cannot_be_opened_again() => Account
        .Given(Opened)
        .When(new Open("ann", "EUR"))
        .ThenRefused("account-already-open");

    [Fact]
    public void A_closed_account_cannot_be_opened_again() => Account
        .Given(Opened, new Closed())
        .When(new Open("ann", "EUR"))
        .ThenRefused("account-already-open");

    [Fact]
    public void An_account_needs_an_owner() => Account
        .Given()
        .When(new Open("", "EUR"))
        .ThenRefused("owner-missing");

    [Theory]
    [InlineData("")]
    [InlineData("eur")]
    [InlineData("EURO")]
    [InlineData("ÄÖÜ")]
    public void A_currency_is_three_capital_letters(string currency) => Account
        .Given()
        .When(new Open("ann", currency))
        .ThenRefused("currency-invalid");

    [Theory, MemberData(nameof(CommandsOnAnAccount))]
    public void What_was_never_opened_is_missing(AccountCommand command) => Account
        .Given()
        .When(command)
        .ThenMissing("account-not-found");

    [Theory, MemberData(nameof(CommandsOnAnAccount))]
    public void Nothing_moves_on_a_closed_account(AccountCommand command) => Account
        .Given(Opened, new Closed())
        .When(command)
        .ThenRefused("account-closed");

    [Fact]
    public void A_deposit_comes_in_with_its_reference() => Account
        .Given(Opened)
        .When(new Deposit(5_00, "rent"))
        .Then(new MoneyDeposited(5_00, "rent"));

    [Fact]
    public void A_deposit_may_fill_the_account_to_the_brim() => Account
        .Given(Opened, new MoneyDeposited(1))
        .When(new Deposit(long.MaxValue - 1, null))
        .Then(new MoneyDeposited(long.MaxValue - 1));

    [Fact]
    public void A_deposit_above_what_an_account_can_count_is_refused() => Account
        .Given(Opened, new MoneyDeposited(1))
        .When(new Deposit(long.MaxValue, null))
        .ThenRefused("balance-too-large");

    [Fact]
    public void A_withdrawal_may_take_everything() => Account
        .Given(Opened, new MoneyDeposited(5_00))
        .When(new Withdraw(5_00, null))
        .Then(new MoneyWithdrawn(5_00));

    [Fact]
    public void A_withdrawal_above_the_balance_is_refused() => Account
        .Given(Opened, new MoneyDeposited(5_00))
        .When(new Withdraw(5_01, null))
        .ThenRefused("insufficient-funds");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void Money_moves_in_positive_amounts_only(long amount)
    {
        Account.Given(Opened).When(new Deposit(amount, null)).ThenRefused("amount-not-positive");
        Account.Given(Opened).When(new Withdraw(amount, null)).ThenRefused("amount-not-positive");
        Account.Given(Opened).When(new CreditInterest(amount, null)).ThenRefused("amount-not-positive");
        Account.Given(Opened).When(new Hold("h1", amount, null)).ThenRefused("amount-not-positive");
        Account.Given(Opened).When(new Capture("h1", amount, null)).ThenRefused("amount-not-positive");
    }

    [Fact]
    public void Interest_comes_in_with_its_reference() => Account
        .Given(Opened)
        .When(new CreditInterest(10, "January"))
        .Then(new InterestCredited(10, "January"));

    [Fact]
    public void Interest_above_what_an_account_can_count_is_refused() => Account
        .Given(Opened, new MoneyDeposited(1))
        .When(new CreditInterest(long.MaxValue, null))
        .ThenRefused("balance-too-large");

    [Fact]
    public void Money_is_set_aside_with_its_reference() => Account
        .Given(Opened, new MoneyDeposited(5_00))
        .When(new Hold("h1", 5_00, "order 1"))
        .Then(new MoneyHeld("h1", 5_00, "order 1"));

    [Fact]
    public void What_is_set_aside_stays_on_the_balance_and_is_not_available()
    {
        var account = Account.Fold(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 2_00), new MoneyHeld("h2", 1));

        (account.Balance, account.Available).ShouldBe((5_00, 2_99));
    }

    [Fact]
    public void A_withdrawal_above_what_is_available_is_refused() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 2_00))
        .When(new Withdraw(3_01, null))
        .ThenRefused("insufficient-funds");

    [Fact]
    public void A_withdrawal_may_take_all_that_is_available() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 2_00))
        .When(new Withdraw(3_00, null))
        .Then(new MoneyWithdrawn(3_00));

    [Fact]
    public void No_more_is_set_aside_than_is_available() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 2_00))
        .When(new Hold("h2", 3_01, null))
        .ThenRefused("insufficient-funds");

    [Fact]
    public void The_same_hold_again_changes_nothing() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 5_00))
        .When(new Hold("h1", 5_00, null))
        .Then();

    [Theory]
    [InlineData(1)]
    [InlineData(9_00)]
    public void A_hold_of_another_amount_under_the_same_id_is_refused(long amount) => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 3_00))
        .When(new Hold("h1", amount, null))
        .ThenRefused("hold-exists");

    [Fact]
    public void A_hold_that_has_ended_can_be_made_again() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 3_00), new HoldReleased("h1"))
        .When(new Hold("h1", 4_00, null))
        .Then(new MoneyHeld("h1", 4_00));

    [Fact]
    public void What_is_released_is_available_again()
    {
        Account.Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 3_00))
            .When(new Release("h1"))
            .Then(new HoldReleased("h1"));
        Account.Fold(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 3_00), new HoldReleased("h1"))
            .Available.ShouldBe(5_00);
    }

    [Fact]
    public void Where_there_is_no_hold_its_release_changes_nothing()
    {
        AccountEvent[][] histories =
        [
            [Opened],
            [Opened, new MoneyDeposited(3), new MoneyHeld("h2", 3)],
            [Opened, new MoneyDeposited(3), new MoneyHeld("h1", 3), new HoldReleased("h1")],
            [Opened, new MoneyDeposited(3), new MoneyHeld("h1", 3), new HoldCaptured("h1", 3)],
            [Opened, new Closed()],
        ];
        foreach (var happened in histories)
            Account.Given(happened).When(new Release("h1")).Then();
    }

    [Fact]
    public void A_hold_on_an_account_that_was_never_opened_cannot_be_released() => Account
        .Given()
        .When(new Release("h1"))
        .ThenMissing("account-not-found");

    [Fact]
    public void A_capture_takes_what_was_set_aside_with_its_reference() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 5_00))
        .When(new Capture("h1", 5_00, "order 1"))
        .Then(new HoldCaptured("h1", 5_00, "order 1"));

    [Fact]
    public void A_capture_of_less_makes_the_rest_available()
    {
        var account = Account.Fold(
            Opened,
            new MoneyDeposited(5_00),
            new MoneyHeld("h1", 4_00),
            new MoneyHeld("h2", 1),
            new HoldCaptured("h1", 3_00));

        (account.Balance, account.Available, account.Holds.Total).ShouldBe((2_00, 1_99, 1));
    }

    [Fact]
    public void A_capture_may_take_more_than_was_set_aside_if_that_is_available() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 2_00), new MoneyHeld("h2", 1_00))
        .When(new Capture("h1", 4_00, null))
        .Then(new HoldCaptured("h1", 4_00));

    [Fact]
    public void A_capture_takes_nothing_that_is_set_aside_for_something_else() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h1", 2_00), new MoneyHeld("h2", 1_00))
        .When(new Capture("h1", 4_01, null))
        .ThenRefused("insufficient-funds");

    [Fact]
    public void A_capture_without_a_hold_takes_what_is_available() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyHeld("h2", 1_00))
        .When(new Capture("h1", 4_00, null))
        .Then(new HoldCaptured("h1", 4_00));

    [Fact]
    public void A_capture_too_large_for_any_account_is_refused_and_does_not_wrap() => Account
        .Given(Opened, new MoneyDeposited(long.MaxValue), new MoneyHeld("h1", long.MaxValue))
        .When(new Capture("h2", long.MaxValue, null))
        .ThenRefused("insufficient-funds");

    [Fact]
    public void An_account_with_money_set_aside_cannot_be_closed() => Account
        .Given(Opened, new MoneyDeposited(1), new MoneyHeld("h1", 1))
        .When(new Close())
        .ThenRefused("balance-not-zero");

    [Fact]
    public void Holds_are_read_as_they_were_written()
    {
        var holds = Holds.None.With("o-2", 5).With("o-1", 7).With("o-3", 1).Without("o-2");
        var account = Account.Fold(Opened, new MoneyDeposited(9), new MoneyHeld("o-1", 7), new MoneyHeld("o-2", 1));

        Holds.Parse(holds.ToString()).ShouldBe(holds);
        Holds.Parse(Holds.None.ToString()).ShouldBe(Holds.None);
        var json = Waybill.Grains.Accounts.Account.Json;
        JsonSerializer.Deserialize(JsonSerializer.Serialize(account, json), json).ShouldBe(account);
    }

    [Fact]
    public void An_empty_account_can_be_closed() => Account
        .Given(Opened, new MoneyDeposited(5_00), new MoneyWithdrawn(5_00))
        .When(new Close())
        .Then(new Closed());

    [Fact]
    public void An_account_with_money_on_it_cannot_be_closed() => Account
        .Given(Opened, new MoneyDeposited(1))
        .When(new Close())
        .ThenRefused("balance-not-zero");

    [Fact]
    public void Every_event_type_can_be_stored_and_is_folded()
    {
        AccountEvent[] every =
        [
            Opened, new MoneyDeposited(9), new InterestCredited(1), new MoneyHeld("h1", 3), new MoneyHeld("h2", 4),
            new HoldReleased("h1"), new HoldCaptured("h2", 3), new MoneyWithdrawn(7), new Closed(),
        ];
        var declared = typeof(AccountEvent).GetNestedTypes();
        var stored = new ServiceCollection().AddWaybillEvents().BuildServiceProvider()
            .GetRequiredService<EventTypes>().All.Select(type => type.Json.Type);

        every.Select(e => e.GetType()).Distinct().ShouldBe(declared, ignoreOrder: true);
        declared.ShouldBeSubsetOf(stored);
        Account.Fold(every).ShouldBe(new Account(AccountStatus.Closed, "ann", "EUR", Balance: 0, Holds.None));
    }

    public static TheoryData<AccountCommand> CommandsOnAnAccount =>
    [
        new Deposit(1, null), new Withdraw(1, null), new CreditInterest(1, null), new Hold("h1", 1, null),
        new Capture("h1", 1, null), new Close(),
    ];
}
