using System.Text.Json;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Orders.OrderEvent;

namespace Waybill.Grains.Orders;

/// <summary>An order in the list of its customer's. Prices are whole minor units of the currency.</summary>
/// <param name="OrderId">Its id.</param>
/// <param name="CustomerId">Who placed it.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Items">What was ordered, as JSON.</param>
/// <param name="Total">What it costs.</param>
/// <param name="Currency">The currency.</param>
/// <param name="Reason">Why it was cancelled.</param>
/// <param name="TrackingNumber">Under which it was sent off.</param>
/// <param name="PlacedAt">When it was placed.</param>
/// <param name="ChangedAt">When something last happened to it.</param>
/// <param name="Version">The version of its stream.</param>
public sealed record OrderRow(
    string OrderId,
    string CustomerId,
    OrderStatus Status,
    string Items,
    long Total,
    string Currency,
    string? Reason,
    string? TrackingNumber,
    DateTimeOffset PlacedAt,
    DateTimeOffset ChangedAt,
    long Version)
{
    /// <summary>What the row shows.</summary>
    public OrderView View() => new(
        OrderId,
        CustomerId,
        Status,
        JsonSerializer.Deserialize(Items, OrderEventJson.Default.IReadOnlyListOrderItem)!,
        Total,
        Currency,
        Reason,
        TrackingNumber,
        Version);
}

/// <summary>The orders that there are, to be found by customer and status. Where they go to is not in it.</summary>
public sealed class OrderList : IProjection<OrderRow>
{
    /// <inheritdoc/>
    public static ReadModel<OrderRow> Model { get; } = new(
        "order_list",
        1,
        [nameof(OrderRow.OrderId)],
        [
            [nameof(OrderRow.CustomerId), nameof(OrderRow.OrderId)],
            [nameof(OrderRow.Status), nameof(OrderRow.OrderId)],
        ]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) =>
        stored.Stream.Category == Order.Category ? (RowKey?)stored.Stream.Id : null;

    /// <inheritdoc/>
    public static OrderRow? Apply(OrderRow? row, RecordedEvent recorded) => (row, recorded.Event) switch
    {
        (null, Placed e) => new(
            recorded.Stream.Id,
            e.CustomerId,
            OrderStatus.Placed,
            JsonSerializer.Serialize(e.Items, OrderEventJson.Default.IReadOnlyListOrderItem),
            e.Total,
            e.Currency,
            Reason: null,
            TrackingNumber: null,
            recorded.Time,
            recorded.Time,
            recorded.Version),
        ({ }, Reserved) => Changed(row, recorded, OrderStatus.Reserved),
        ({ }, Paid) => Changed(row, recorded, OrderStatus.Paid),
        ({ }, Shipped e) => Changed(row, recorded, OrderStatus.Shipped) with { TrackingNumber = e.TrackingNumber },
        ({ }, Delivered) => Changed(row, recorded, OrderStatus.Delivered),
        ({ }, Cancelled e) => Changed(row, recorded, OrderStatus.Cancelled) with { Reason = e.Reason },
        _ => throw new InvalidDataException($"An order's {recorded.Type} does not follow what came before."),
    };

    private static OrderRow Changed(OrderRow row, RecordedEvent recorded, OrderStatus status) =>
        row with { Status = status, ChangedAt = recorded.Time, Version = recorded.Version };
}

/// <summary>The host of <see cref="OrderList"/> for one queue.</summary>
[Alias("waybill.order-list")]
public interface IOrderListGrain : IProjectionGrain;

/// <inheritdoc cref="IOrderListGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class OrderListGrain(ProjectionAccess access)
    : ProjectionGrain<OrderList, OrderRow>(access), IOrderListGrain;
