using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Accounts;

/// <summary>An account in one currency. The grain's key is the account's id.</summary>
/// <remarks>Amounts are whole minor units of its currency. <see cref="Account"/> names the refusals.</remarks>
[Alias("waybill.account")]
public interface IAccountGrain : IGrainWithStringKey
{
    /// <summary>Opens the account with a balance of zero.</summary>
    [Alias("open")]
    Task<Outcome<AccountView>> Open(CommandContext context, string owner, string currency);

    /// <summary>Adds money.</summary>
    [Alias("deposit")]
    Task<Outcome<AccountView>> Deposit(CommandContext context, long amount, string? reference);

    /// <summary>Takes money, never more than is available.</summary>
    [Alias("withdraw")]
    Task<Outcome<AccountView>> Withdraw(CommandContext context, long amount, string? reference);

    /// <summary>Adds what the money on it has earned.</summary>
    [Alias("credit-interest")]
    Task<Outcome<AccountView>> CreditInterest(CommandContext context, long amount, string? reference);

    /// <summary>
    /// Sets money aside, so that it is no longer available. Under an id that holds as much already there is nothing to
    /// do; one that holds another amount is refused.
    /// </summary>
    [Alias("hold")]
    Task<Outcome<AccountView>> Hold(CommandContext context, string holdId, long amount, string? reference);

    /// <summary>Ends a hold; if there is none, there is nothing to do.</summary>
    [Alias("release")]
    Task<Outcome<AccountView>> Release(CommandContext context, string holdId);

    /// <summary>
    /// Takes money and ends the hold, whatever that held; more than that, or without a hold, if it is available.
    /// </summary>
    [Alias("capture")]
    Task<Outcome<AccountView>> Capture(CommandContext context, string holdId, long amount, string? reference);

    /// <summary>Closes the account for good; its balance must be zero.</summary>
    [Alias("close")]
    Task<Outcome<AccountView>> Close(CommandContext context);

    /// <summary>The account as it stands.</summary>
    /// <param name="after">A position in the log up to which the answer must have read, whoever wrote there.</param>
    [Alias("get")]
    Task<Outcome<AccountView>> Get(long after = 0);
}
