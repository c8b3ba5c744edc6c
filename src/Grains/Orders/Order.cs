using System.Diagnostics;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using static Waybill.Grains.Orders.OrderCommand;
using static Waybill.Grains.Orders.OrderEvent;
using static Waybill.Grains.Sourcing.Decision;

namespace Waybill.Grains.Orders;

/// <summary>What can be asked of an order.</summary>
public abstract record OrderCommand
{
    /// <summary>Places it, at the prices that the shop asks now.</summary>
    public sealed record Place(
        string CustomerId,
        string AccountId,
        string Currency,
        IReadOnlyList<OrderItem> Items,
        string ShippingAddress) : OrderCommand;

    /// <summary>Takes note that all of it is reserved.</summary>
    public sealed record Reserve : OrderCommand;

    /// <summary>Takes note that it is paid, and sends it off; from here on it cannot be cancelled.</summary>
    public sealed record Ship(string TrackingNumber) : OrderCommand;

    /// <summary>Takes note that it has arrived.</summary>
    public sealed record Deliver : OrderCommand;

    /// <summary>Calls it off.</summary>
    public sealed record Cancel(string Reason) : OrderCommand;

    private OrderCommand() { }
}

// Stored for ever: who changes a shape that has shipped raises its version and adds an upcaster from the old one.

/// <summary>What can have happened to an order. Prices are whole minor units of its currency.</summary>
public abstract record OrderEvent
{
    /// <summary>It was placed.</summary>
    [EventType("order.placed", 1)]
    public sealed record Placed(
        [Subject] string CustomerId,
        string AccountId,
        string Currency,
        IReadOnlyList<OrderItem> Items,
        long Total,
        [Personal] string ShippingAddress) : OrderEvent;

    /// <summary>The stock and the money for it are set aside.</summary>
    [EventType("order.reserved", 1)]
    public sealed record Reserved : OrderEvent;

    /// <summary>The merchant has the money.</summary>
    [EventType("order.paid", 1)]
    public sealed record Paid : OrderEvent;

    /// <summary>It was sent off.</summary>
    [EventType("order.shipped", 1)]
    public sealed record Shipped(string TrackingNumber) : OrderEvent;

    /// <summary>It has arrived.</summary>
    [EventType("order.delivered", 1)]
    public sealed record Delivered : OrderEvent;

    /// <summary>It was called off; what was done for it is undone.</summary>
    [EventType("order.cancelled", 1)]
    public sealed record Cancelled(string Reason) : OrderEvent;

    private OrderEvent() { }
}

/// <summary>
/// An order on its way: placed, reserved, paid, shipped, delivered; or cancelled, from wherever it was before it was
/// shipped. It alone decides between the two, for everybody who works on it.
/// </summary>
[GenerateSerializer, Immutable, Alias("waybill.order-state")]
public sealed record Order(
    OrderStatus Status,
    string CustomerId,
    string Currency,
    IReadOnlyList<OrderItem> Items,
    long Total,
    string? Reason,
    string? TrackingNumber) : IAggregate<Order, OrderCommand, OrderEvent>
{
    /// <summary>Bounds what one order's fulfilment has to do, and to remember.</summary>
    public const int ItemsMax = 100;

    /// <inheritdoc/>
    public static string Category => "order";

    /// <inheritdoc/>
    public static JsonTypeInfo<Order> Json => OrderJson.Default.Order;

    /// <inheritdoc/>
    public static Order Initial { get; } = new(OrderStatus.None, "", "", [], 0, null, null);

    // Arms stand in order of precedence: whether there is an order, repeats, whether it is over, what each one needs.

    /// <inheritdoc/>
    public static Decision<OrderEvent> Decide(OrderCommand command, Order order, DateTimeOffset now) =>
        (order.Status, command) switch
        {
            (OrderStatus.None, Place place) => Placing(place),
            (OrderStatus.None, _) => Missing("order-not-found"),
            (_, Place) => Refuse("order-already-exists"),

            (OrderStatus.Cancelled, _) => Refuse("order-cancelled"),
            (OrderStatus.Delivered, Cancel or Deliver) => Refuse("order-delivered"),
            (OrderStatus.Shipped, Cancel) => Refuse("order-shipped"),
            (_, Cancel cancel) => new Cancelled(cancel.Reason),
            (OrderStatus.Shipped, Deliver) => new Delivered(),
            (_, Deliver) => Refuse("order-not-shipped"),

            // A note that comes late, after what it leads to, changes nothing.
            (OrderStatus.Placed, Reserve) => new Reserved(),
            (_, Reserve) => Nothing,
            (OrderStatus.Placed, Ship ship) =>
                Happen<OrderEvent>(new Reserved(), new Paid(), new Shipped(ship.TrackingNumber)),
            (OrderStatus.Reserved, Ship ship) =>
                Happen<OrderEvent>(new Paid(), new Shipped(ship.TrackingNumber)),
            (_, Ship) => Nothing,

            _ => throw new UnreachableException($"No decision for {command.GetType().Name}."),
        };

    /// <inheritdoc/>
    public static Order Evolve(Order order, OrderEvent happened) => happened switch
    {
        Placed e => new(OrderStatus.Placed, e.CustomerId, e.Currency, e.Items, e.Total, null, null),
        Reserved => order with { Status = OrderStatus.Reserved },
        Paid => order with { Status = OrderStatus.Paid },
        Shipped e => order with { Status = OrderStatus.Shipped, TrackingNumber = e.TrackingNumber },
        Delivered => order with { Status = OrderStatus.Delivered },
        Cancelled e => order with { Status = OrderStatus.Cancelled, Reason = e.Reason },
        _ => throw new UnreachableException($"No fold for {happened.GetType().Name}."),
    };

    private static Decision<OrderEvent> Placing(Place place)
    {
        if (place.Items.Count is 0 or > ItemsMax)
            return Refuse(place.Items.Count == 0 ? "items-missing" : "too-many-items");
        if (place.Items.DistinctBy(item => item.Sku).Count() < place.Items.Count)
            return Refuse("sku-repeated");
        if (place.Items.Any(item => item.Quantity <= 0))
            return Refuse("quantity-not-positive");
        var total = place.Items.Aggregate(Int128.Zero, (sum, item) => sum + (Int128)item.Quantity * item.UnitPrice);
        return total > long.MaxValue
            ? Refuse("total-too-large")
            : new Placed(
                place.CustomerId, place.AccountId, place.Currency, place.Items, (long)total, place.ShippingAddress);
    }
}

/// <summary>The JSON of orders' events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Placed))]
[JsonSerializable(typeof(Reserved))]
[JsonSerializable(typeof(Paid))]
[JsonSerializable(typeof(Shipped))]
[JsonSerializable(typeof(Delivered))]
[JsonSerializable(typeof(Cancelled))]
internal sealed partial class OrderEventJson : JsonSerializerContext;

/// <summary>The JSON of orders' states.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Order))]
internal sealed partial class OrderJson : JsonSerializerContext;
