using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Grains.Accounts;

/// <summary>An account in the list of its owner's. The balance is in whole minor units of the currency.</summary>
public sealed record AccountRow(
    string AccountId,
    string Owner,
    string Currency,
    long Balance,
    AccountStatus Status,
    DateTimeOffset OpenedAt,
    DateTimeOffset ChangedAt,
    long Version);

/// <summary>The accounts that there are, to be found by their owners.</summary>
public sealed class AccountList : IProjection<AccountRow>
{
    /// <inheritdoc/>
    public static ReadModel<AccountRow> Model { get; } = new(
        "account_list", 1, [nameof(AccountRow.AccountId)], [[nameof(AccountRow.Owner), nameof(AccountRow.AccountId)]]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) =>
        stored.Stream.Category == Account.Category ? (RowKey?)stored.Stream.Id : null;

    /// <inheritdoc/>
    public static AccountRow? Apply(AccountRow? row, RecordedEvent recorded) => (row, recorded.Event) switch
    {
        (null, Opened e) => new(
            recorded.Stream.Id,
            e.Owner,
            e.Currency,
            Balance: 0,
            AccountStatus.Open,
            recorded.Time,
            recorded.Time,
            recorded.Version),
        ({ }, MoneyDeposited e) => Changed(row, recorded) with { Balance = checked(row.Balance + e.Amount) },
        ({ }, MoneyWithdrawn e) => Changed(row, recorded) with { Balance = checked(row.Balance - e.Amount) },
        ({ }, Closed) => Changed(row, recorded) with { Status = AccountStatus.Closed },
        _ => throw new InvalidDataException($"An account's {recorded.Type} does not follow what came before."),
    };

    private static AccountRow Changed(AccountRow row, RecordedEvent recorded) =>
        row with { ChangedAt = recorded.Time, Version = recorded.Version };
}
