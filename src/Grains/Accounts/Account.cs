using System.Diagnostics;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using static Waybill.Grains.Accounts.AccountCommand;
using static Waybill.Grains.Accounts.AccountEvent;
using static Waybill.Grains.Sourcing.Decision;

namespace Waybill.Grains.Accounts;

/// <summary>What can be asked of an account.</summary>
public abstract record AccountCommand
{
    /// <summary>Opens it, with nothing on it.</summary>
    public sealed record Open(string Owner, string Currency) : AccountCommand;

    /// <summary>Adds money.</summary>
    public sealed record Deposit(long Amount, string? Reference) : AccountCommand;

    /// <summary>Takes money.</summary>
    public sealed record Withdraw(long Amount, string? Reference) : AccountCommand;

    /// <summary>Adds what the money on it has earned.</summary>
    public sealed record CreditInterest(long Amount, string? Reference) : AccountCommand;

    /// <summary>Sets money aside, so that nobody else can take it.</summary>
    public sealed record Hold(string HoldId, long Amount, string? Reference) : AccountCommand;

    /// <summary>Ends a hold; the money can be taken again.</summary>
    public sealed record Release(string HoldId) : AccountCommand;

    /// <summary>
    /// Takes money and ends the hold that it was set aside by. It may be more than that, or without any hold at all,
    /// if so much is available.
    /// </summary>
    public sealed record Capture(string HoldId, long Amount, string? Reference) : AccountCommand;

    /// <summary>Ends it.</summary>
    public sealed record Close : AccountCommand;

    private AccountCommand() { }
}

// Stored for ever: who changes a shape that has shipped raises its version and adds an upcaster from the old one.

/// <summary>What can have happened to an account. Amounts are whole minor units of its currency.</summary>
public abstract record AccountEvent
{
    /// <summary>It was opened, with nothing on it.</summary>
    [EventType("account.opened", 1)]
    public sealed record Opened(string Owner, string Currency) : AccountEvent;

    /// <summary>Money came in.</summary>
    [EventType("account.money-deposited", 1)]
    public sealed record MoneyDeposited(long Amount, string? Reference = null) : AccountEvent;

    /// <summary>Money went out.</summary>
    [EventType("account.money-withdrawn", 1)]
    public sealed record MoneyWithdrawn(long Amount, string? Reference = null) : AccountEvent;

    /// <summary>The money on it has earned some more.</summary>
    [EventType("account.interest-credited", 1)]
    public sealed record InterestCredited(long Amount, string? Reference = null) : AccountEvent;

    /// <summary>Money was set aside.</summary>
    [EventType("account.money-held", 1)]
    public sealed record MoneyHeld(string HoldId, long Amount, string? Reference = null) : AccountEvent;

    /// <summary>What a hold had set aside can be taken again.</summary>
    [EventType("account.hold-released", 1)]
    public sealed record HoldReleased(string HoldId) : AccountEvent;

    /// <summary>Money went out, and the hold it was set aside by has ended, whatever that held.</summary>
    [EventType("account.hold-captured", 1)]
    public sealed record HoldCaptured(string HoldId, long Amount, string? Reference = null) : AccountEvent;

    /// <summary>It was closed, with nothing left on it.</summary>
    [EventType("account.closed", 1)]
    public sealed record Closed : AccountEvent;

    private AccountEvent() { }
}

/// <summary>
/// An account in one currency, in whole minor units. Neither it nor what is available of it is ever below zero.
/// </summary>
[GenerateSerializer, Immutable, Alias("waybill.account-state")]
public sealed record Account(AccountStatus Status, string Owner, string Currency, long Balance, Holds Holds)
    : IAggregate<Account, AccountCommand, AccountEvent>
{
    /// <inheritdoc/>
    public static string Category => "account";

    /// <inheritdoc/>
    public static JsonTypeInfo<Account> Json => AccountJson.Default.Account;

    /// <inheritdoc/>
    public static Account Initial { get; } = new(AccountStatus.None, Owner: "", Currency: "", Balance: 0, Holds.None);

    /// <summary>What can be taken: the balance without what is set aside.</summary>
    [JsonIgnore]
    public long Available => Balance - Holds.Total;

    // Arms stand in order of precedence: whether there is an account, whether it takes commands, what each one needs.

    /// <inheritdoc/>
    public static Decision<AccountEvent> Decide(AccountCommand command, Account account, DateTimeOffset now) =>
        (account.Status, command) switch
        {
            (AccountStatus.None, Open { Owner: "" }) => Refuse("owner-missing"),
            (AccountStatus.None, Open open) when !IsCurrency(open.Currency) => Refuse("currency-invalid"),
            (AccountStatus.None, Open open) => new Opened(open.Owner, open.Currency),
            (AccountStatus.None, _) => Missing("account-not-found"),
            (_, Open) => Refuse("account-already-open"),
            (AccountStatus.Closed, Release) => Nothing, // Nothing was left on it, so no hold either.
            (AccountStatus.Closed, _) => Refuse("account-closed"),

            (_, Deposit { Amount: <= 0 } or Withdraw { Amount: <= 0 } or CreditInterest { Amount: <= 0 }
                or Hold { Amount: <= 0 } or Capture { Amount: <= 0 }) => Refuse("amount-not-positive"),

            (_, Deposit d) when d.Amount > account.Room => Refuse("balance-too-large"),
            (_, Deposit d) => new MoneyDeposited(d.Amount, d.Reference),
            (_, CreditInterest i) when i.Amount > account.Room => Refuse("balance-too-large"),
            (_, CreditInterest i) => new InterestCredited(i.Amount, i.Reference),
            (_, Withdraw w) when w.Amount > account.Available => Refuse("insufficient-funds"),
            (_, Withdraw w) => new MoneyWithdrawn(w.Amount, w.Reference),

            (_, Hold h) when account.Holds.Amount(h.HoldId) == h.Amount => Nothing,
            (_, Hold h) when account.Holds.Amount(h.HoldId) != 0 => Refuse("hold-exists"),
            (_, Hold h) when h.Amount > account.Available => Refuse("insufficient-funds"),
            (_, Hold h) => new MoneyHeld(h.HoldId, h.Amount, h.Reference),
            (_, Release r) when account.Holds.Amount(r.HoldId) == 0 => Nothing,
            (_, Release r) => new HoldReleased(r.HoldId),
            (_, Capture c) when c.Amount > account.Available + account.Holds.Amount(c.HoldId) =>
                Refuse("insufficient-funds"),
            (_, Capture c) => new HoldCaptured(c.HoldId, c.Amount, c.Reference),

            (_, Close) when account.Balance != 0 => Refuse("balance-not-zero"),
            (_, Close) => new Closed(),

            _ => throw new UnreachableException($"No decision for {command.GetType().Name}."),
        };

    /// <inheritdoc/>
    public static Account Evolve(Account account, AccountEvent happened) => happened switch
    {
        Opened e => account with { Status = AccountStatus.Open, Owner = e.Owner, Currency = e.Currency },
        MoneyDeposited e => account with { Balance = checked(account.Balance + e.Amount) },
        MoneyWithdrawn e => account with { Balance = checked(account.Balance - e.Amount) },
        InterestCredited e => account with { Balance = checked(account.Balance + e.Amount) },
        MoneyHeld e => account with { Holds = account.Holds.With(e.HoldId, e.Amount) },
        HoldReleased e => account with { Holds = account.Holds.Without(e.HoldId) },
        HoldCaptured e => account with
        {
            Balance = checked(account.Balance - e.Amount),
            Holds = account.Holds.Without(e.HoldId),
        },
        Closed => account with { Status = AccountStatus.Closed },
        _ => throw new UnreachableException($"No fold for {happened.GetType().Name}."),
    };

    // What can still be added.
    private long Room => long.MaxValue - Balance;

    // ISO 4217's form; which of its codes are in use changes over the years, so that is not asked here.
    private static bool IsCurrency(string currency) => currency.Length == 3 && currency.All(char.IsAsciiLetterUpper);
}
