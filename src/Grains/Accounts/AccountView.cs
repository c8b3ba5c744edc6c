namespace Waybill.Grains.Accounts;

/// <summary>An account as its owner sees it. Amounts are whole minor units of <paramref name="Currency"/>.</summary>
[GenerateSerializer, Immutable, Alias("waybill.account-view")]
public sealed record AccountView(
    string AccountId,
    string Owner,
    string Currency,
    long Balance,
    long Available,
    AccountStatus Status,
    long Version)
{
    /// <summary>What an account's state shows.</summary>
    public static AccountView Of(string accountId, Account account, long version) => new(
        accountId,
        account.Owner,
        account.Currency,
        account.Balance,
        account.Available,
        account.Status,
        version);
}

/// <summary>Where an account stands in its life.</summary>
[GenerateSerializer, Alias("waybill.account-status")]
public enum AccountStatus
{
    /// <summary>It was never opened.</summary>
    None,

    /// <summary>Money may move.</summary>
    Open,

    /// <summary>Nothing moves any more.</summary>
    Closed,
}
