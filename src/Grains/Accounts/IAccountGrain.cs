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

    /// <summary>Takes money, never more than there is.</summary>
    [Alias("withdraw")]
    Task<Outcome<AccountView>> Withdraw(CommandContext context, long amount, string? reference);

    /// <summary>Closes the account for good; its balance must be zero.</summary>
    [Alias("close")]
    Task<Outcome<AccountView>> Close(CommandContext context);

    /// <summary>The account as it stands.</summary>
    [Alias("get")]
    Task<Outcome<AccountView>> Get();
}
