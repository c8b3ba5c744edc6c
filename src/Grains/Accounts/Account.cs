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

    /// <summary>It was closed, with nothing left on it.</summary>
    [EventType("account.closed", 1)]
    public sealed record Closed : AccountEvent;

    private AccountEvent() { }
}

/// <summary>An account in one currency, in whole minor units; never below zero.</summary>
[GenerateSerializer, Immutable, Alias("waybill.account-state")]
public sealed record Account(AccountStatus Status, string Owner, string Currency, long Balance)
    : IAggregate<Account, AccountCommand, AccountEvent>
{
    /// <inheritdoc/>
    public static string Category => "account";

    /// <inheritdoc/>
    public static JsonTypeInfo<Account> Json => AccountJson.Default.Account;

    /// <inheritdoc/>
    public static Account Initial { get; } = new(AccountStatus.None, Owner: "", Currency: "", Balance: 0);

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
            (AccountStatus.Closed, _) => Refuse("account-closed"),

            (_, Deposit { Amount: <= 0 } or Withdraw { Amount: <= 0 }) => Refuse("amount-not-positive"),
            (_, Deposit deposit) when deposit.Amount > long.MaxValue - account.Balance => Refuse("balance-too-large"),
            (_, Deposit deposit) => new MoneyDeposited(deposit.Amount, deposit.Reference),
            (_, Withdraw withdraw) when withdraw.Amount > account.Balance => Refuse("insufficient-funds"),
            (_, Withdraw withdraw) => new MoneyWithdrawn(withdraw.Amount, withdraw.Reference),
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
        Closed => account with { Status = AccountStatus.Closed },
        _ => throw new UnreachableException($"No fold for {happened.GetType().Name}."),
    };

    // ISO 4217's form; which of its codes are in use changes over the years, so that is not asked here.
    private static bool IsCurrency(string currency) => currency.Length == 3 && currency.All(char.IsAsciiLetterUpper);
}

/// <summary>The JSON of an account's events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Opened))]
[JsonSerializable(typeof(MoneyDeposited))]
[JsonSerializable(typeof(MoneyWithdrawn))]
[JsonSerializable(typeof(Closed))]
internal sealed partial class AccountEventJson : JsonSerializerContext;

/// <summary>The JSON of an account's snapshots.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Account))]
internal sealed partial class AccountJson : JsonSerializerContext;
