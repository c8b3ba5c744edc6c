using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Orders.StockEvent;

namespace Waybill.Grains.Orders;

/// <summary>A stock item in the list of all. The price is in whole minor units of the currency.</summary>
public sealed record InventoryRow(
    string Sku,
    string Name,
    long UnitPrice,
    string Currency,
    long OnHand,
    long Reserved,
    DateTimeOffset ChangedAt,
    long Version);

/// <summary>The stock items that there are.</summary>
public sealed class InventoryList : IProjection<InventoryRow>
{
    /// <inheritdoc/>
    public static ReadModel<InventoryRow> Model { get; } = new("inventory_list", 1, [nameof(InventoryRow.Sku)]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) =>
        stored.Stream.Category == Stock.Category ? (RowKey?)stored.Stream.Id : null;

    /// <inheritdoc/>
    public static InventoryRow? Apply(InventoryRow? row, RecordedEvent recorded) => (row, recorded.Event) switch
    {
        (null, ItemListed e) => new(
            recorded.Stream.Id, e.Name, e.UnitPrice, e.Currency, 0, 0, recorded.Time, recorded.Version),
        ({ }, ItemRevised e) => Changed(row, recorded) with { Name = e.Name, UnitPrice = e.UnitPrice },
        ({ }, Received e) => Changed(row, recorded) with { OnHand = checked(row.OnHand + e.Quantity) },
        ({ }, Reserved e) => Changed(row, recorded) with { Reserved = checked(row.Reserved + e.Quantity) },
        ({ }, Released e) => Changed(row, recorded) with { Reserved = row.Reserved - e.Quantity },
        ({ }, Shipped e) => Changed(row, recorded) with
        {
            OnHand = row.OnHand - e.Quantity,
            Reserved = row.Reserved - e.Quantity,
        },
        _ => throw new InvalidDataException($"An item's {recorded.Type} does not follow what came before."),
    };

    private static InventoryRow Changed(InventoryRow row, RecordedEvent recorded) =>
        row with { ChangedAt = recorded.Time, Version = recorded.Version };
}

/// <summary>The host of <see cref="InventoryList"/> for one queue.</summary>
[Alias("waybill.inventory-list")]
public interface IInventoryListGrain : IProjectionGrain;

/// <inheritdoc cref="IInventoryListGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class InventoryListGrain(ProjectionAccess access)
    : ProjectionGrain<InventoryList, InventoryRow>(access), IInventoryListGrain;
