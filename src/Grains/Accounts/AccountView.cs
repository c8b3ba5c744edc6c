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
    long Version);

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
