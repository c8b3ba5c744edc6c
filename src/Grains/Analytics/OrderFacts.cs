using System.Globalization;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Streams;
using Waybill.Grains.Orders;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Orders.OrderEvent;

namespace Waybill.Grains.Analytics;

// A read model in one file, and one line in WaybillGrains.cs. All events of a row are of one stream, so that a row
// cannot be a day: it is an order, with the day beside it, and days are made when they are asked for.

/// <summary>An order as it is counted.</summary>
/// <param name="OrderId">Its id.</param>
/// <param name="Day">The day on which it was placed, in UTC: <c>2026-03-31</c>.</param>
/// <param name="Currency">The currency.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Total">What it costs, in whole minor units.</param>
/// <param name="PlacedAt">When it was placed.</param>
public sealed record OrderFact(
    string OrderId, string Day, string Currency, OrderStatus Status, long Total, DateTimeOffset PlacedAt);

/// <summary>The orders of each day, by where they stand.</summary>
public sealed class OrderFacts : IProjection<OrderFact>
{
    /// <inheritdoc/>
    public static ReadModel<OrderFact> Model { get; } = new(
        "order_facts", 1, [nameof(OrderFact.OrderId)], [[nameof(OrderFact.PlacedAt)]]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) =>
        stored.Stream.Category == Order.Category ? (RowKey?)stored.Stream.Id : null;

    /// <inheritdoc/>
    public static OrderFact? Apply(OrderFact? row, RecordedEvent recorded) => (row, recorded.Event) switch
    {
        (null, Placed e) => new(
            recorded.Stream.Id,
            recorded.Time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            e.Currency,
            OrderStatus.Placed,
            e.Total,
            recorded.Time),
        ({ }, Reserved) => row with { Status = OrderStatus.Reserved },
        ({ }, Paid) => row with { Status = OrderStatus.Paid },
        ({ }, Shipped) => row with { Status = OrderStatus.Shipped },
        ({ }, Delivered) => row with { Status = OrderStatus.Delivered },
        ({ }, Cancelled) => row with { Status = OrderStatus.Cancelled },
        _ => throw new InvalidDataException($"An order's {recorded.Type} does not follow what came before."),
    };
}

/// <summary>The host of <see cref="OrderFacts"/> for one queue.</summary>
[Alias("waybill.order-facts")]
public interface IOrderFactsGrain : IProjectionGrain;

/// <inheritdoc cref="IOrderFactsGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class OrderFactsGrain(ProjectionAccess access)
    : ProjectionGrain<OrderFacts, OrderFact>(access), IOrderFactsGrain;
