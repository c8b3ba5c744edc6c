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
        AccountEvent[] every = [Opened, new MoneyDeposited(7), new MoneyWithdrawn(7), new Closed()];
        var declared = typeof(AccountEvent).GetNestedTypes();
        var stored = new ServiceCollection().AddWaybillEvents().BuildServiceProvider()
            .GetRequiredService<EventTypes>().All.Select(type => type.Json.Type);

        every.Select(e => e.GetType()).ShouldBe(declared, ignoreOrder: true);
        declared.ShouldBeSubsetOf(stored);
        Account.Fold(every).ShouldBe(new Account(AccountStatus.Closed, "ann", "EUR", Balance: 0));
    }

    public static TheoryData<AccountCommand> CommandsOnAnAccount =>
        [new Deposit(1, null), new Withdraw(1, null), new Close()];
}
