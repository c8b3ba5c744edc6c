using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Grains.Accounts;

/// <summary>A line of an account's statement. Amounts are whole minor units of its currency.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Version">The version of the event that the line is about.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Type">
/// What happened: <c>opened</c>, <c>deposited</c>, <c>withdrawn</c>, <c>interest</c>, <c>charged</c> (what was set
/// aside was taken), <c>closed</c>; or <see cref="Statement.Held"/>, <see cref="Statement.Released"/>.
/// </param>
/// <param name="Amount">What it added to the balance; below zero for what it took.</param>
/// <param name="Balance">The balance after it.</param>
/// <param name="Reference">What the money was for, in the words of whoever moved it.</param>
public sealed record StatementRow(
    string AccountId, long Version, DateTimeOffset Time, string Type, long Amount, long Balance, string? Reference);

/// <summary>The statements of all accounts: a line with each event, which goes on from the line before.</summary>
/// <remarks>
/// Money that is set aside has not moved, so these lines are not for the owner; they are kept because the next one goes
/// on from them.
/// </remarks>
public sealed class Statement : IProjection<StatementRow>
{
    /// <summary>Money was set aside.</summary>
    public const string Held = "held";

    /// <summary>What was set aside can be taken again.</summary>
    public const string Released = "released";

    /// <inheritdoc/>
    public static ReadModel<StatementRow> Model { get; } =
        new("statement", 1, [nameof(StatementRow.AccountId), nameof(StatementRow.Version)]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) => Line(stored, stored.Version);

    /// <inheritdoc/>
    public static RowKey? PriorOf(StoredEvent stored) => Line(stored, stored.Version - 1);

    /// <inheritdoc/>
    public static StatementRow? Apply(StatementRow? row, RecordedEvent recorded) => (row, recorded.Event) switch
    {
        (null, Opened) => Next(recorded, "opened", 0, balance: 0),
        ({ }, MoneyDeposited e) => Next(recorded, "deposited", e.Amount, row.Balance, e.Reference),
        ({ }, MoneyWithdrawn e) => Next(recorded, "withdrawn", -e.Amount, row.Balance, e.Reference),
        ({ }, InterestCredited e) => Next(recorded, "interest", e.Amount, row.Balance, e.Reference),
        ({ }, MoneyHeld e) => Next(recorded, Held, 0, row.Balance, e.Reference),
        ({ }, HoldReleased) => Next(recorded, Released, 0, row.Balance),
        ({ }, HoldCaptured e) => Next(recorded, "charged", -e.Amount, row.Balance, e.Reference),
        ({ }, Closed) => Next(recorded, "closed", 0, row.Balance),
        _ => throw new InvalidDataException($"An account's {recorded.Type} does not follow what came before."),
    };

    private static RowKey? Line(StoredEvent stored, long version) =>
        stored.Stream.Category == Account.Category ? (RowKey?)RowKey.Of(stored.Stream.Id, version) : null;

    private static StatementRow Next(
        RecordedEvent recorded, string type, long amount, long balance, string? reference = null) => new(
            recorded.Stream.Id, recorded.Version, recorded.Time, type, amount, checked(balance + amount), reference);
}
