using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Grains.Accounts;

/// <summary>An account in the list of its owner's. Amounts are whole minor units of the currency.</summary>
/// <param name="AccountId">Its id.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Currency">Its currency.</param>
/// <param name="Balance">What is on it.</param>
/// <param name="Held">What of that is set aside.</param>
/// <param name="Holds">What each hold sets aside, as <see cref="Accounts.Holds"/> writes it.</param>
/// <param name="Status">Where it stands in its life.</param>
/// <param name="OpenedAt">When it was opened.</param>
/// <param name="ChangedAt">When something last happened to it.</param>
/// <param name="Version">The version of what happened then.</param>
public sealed record AccountRow(
    string AccountId,
    string Owner,
    string Currency,
    long Balance,
    long Held,
    string Holds,
    AccountStatus Status,
    DateTimeOffset OpenedAt,
    DateTimeOffset ChangedAt,
    long Version);

/// <summary>The accounts that there are, to be found by their owners.</summary>
public sealed class AccountList : IProjection<AccountRow>
{
    /// <inheritdoc/>
    public static ReadModel<AccountRow> Model { get; } = new(
        "account_list", 2, [nameof(AccountRow.AccountId)], [[nameof(AccountRow.Owner), nameof(AccountRow.AccountId)]]);

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
            Held: 0,
            Holds.None.ToString(),
            AccountStatus.Open,
            recorded.Time,
            recorded.Time,
            recorded.Version),
        ({ }, MoneyDeposited e) => Changed(row, recorded) with { Balance = checked(row.Balance + e.Amount) },
        ({ }, MoneyWithdrawn e) => Changed(row, recorded) with { Balance = checked(row.Balance - e.Amount) },
        ({ }, InterestCredited e) => Changed(row, recorded) with { Balance = checked(row.Balance + e.Amount) },
        ({ }, MoneyHeld e) => Holding(row, recorded, Holds.Parse(row.Holds).With(e.HoldId, e.Amount)),
        ({ }, HoldReleased e) => Holding(row, recorded, Holds.Parse(row.Holds).Without(e.HoldId)),
        ({ }, HoldCaptured e) => Holding(row, recorded, Holds.Parse(row.Holds).Without(e.HoldId)) with
        {
            Balance = checked(row.Balance - e.Amount),
        },
        ({ }, Closed) => Changed(row, recorded) with { Status = AccountStatus.Closed },
        _ => throw new InvalidDataException($"An account's {recorded.Type} does not follow what came before."),
    };

    private static AccountRow Holding(AccountRow row, RecordedEvent recorded, Holds holds) =>
        Changed(row, recorded) with { Held = holds.Total, Holds = holds.ToString() };

    private static AccountRow Changed(AccountRow row, RecordedEvent recorded) =>
        row with { ChangedAt = recorded.Time, Version = recorded.Version };
}
