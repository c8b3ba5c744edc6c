using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using static Waybill.Grains.Orders.StockCommand;
using static Waybill.Grains.Orders.StockEvent;
using static Waybill.Grains.Sourcing.Decision;

namespace Waybill.Grains.Orders;

/// <summary>What can be asked of a stock item.</summary>
public abstract record StockCommand
{
    /// <summary>Offers it, or changes the offer. Its currency is for ever.</summary>
    public sealed record Offer(string Name, long UnitPrice, string Currency) : StockCommand;

    /// <summary>Adds what was delivered to the shop.</summary>
    public sealed record Receive(long Quantity) : StockCommand;

    /// <summary>Promises some to an order.</summary>
    public sealed record Reserve(string OrderId, long Quantity) : StockCommand;

    /// <summary>Takes back what was promised to an order, if anything was.</summary>
    public sealed record Release(string OrderId) : StockCommand;

    /// <summary>Sends off what was promised to an order.</summary>
    public sealed record Ship(string OrderId) : StockCommand;

    private StockCommand() { }
}

// Stored for ever: who changes a shape that has shipped raises its version and adds an upcaster from the old one.

/// <summary>What can have happened to a stock item. Prices are whole minor units of its currency.</summary>
public abstract record StockEvent
{
    /// <summary>It was offered for the first time, with nothing on hand.</summary>
    [EventType("stock.item-listed", 1)]
    public sealed record ItemListed(string Name, long UnitPrice, string Currency) : StockEvent;

    /// <summary>The offer was changed, for orders to come.</summary>
    [EventType("stock.item-revised", 1)]
    public sealed record ItemRevised(string Name, long UnitPrice) : StockEvent;

    /// <summary>Some came in.</summary>
    [EventType("stock.received", 1)]
    public sealed record Received(long Quantity) : StockEvent;

    /// <summary>Some were promised to an order.</summary>
    [EventType("stock.reserved", 1)]
    public sealed record Reserved(string OrderId, long Quantity) : StockEvent;

    /// <summary>What was promised to an order is free again.</summary>
    [EventType("stock.released", 1)]
    public sealed record Released(string OrderId, long Quantity) : StockEvent;

    /// <summary>What was promised to an order has left.</summary>
    [EventType("stock.shipped", 1)]
    public sealed record Shipped(string OrderId, long Quantity) : StockEvent;

    private StockEvent() { }
}

/// <summary>
/// A stock item: what it costs, how many there are, and to whom they are promised; never more than there are.
/// </summary>
/// <param name="Name">What it is; empty if it was never listed.</param>
/// <param name="UnitPrice">In whole minor units of <paramref name="Currency"/>.</param>
/// <param name="Currency">The currency.</param>
/// <param name="OnHand">How many there are.</param>
/// <param name="Reserved">How many of them are promised.</param>
/// <param name="Reservations">How many to each order.</param>
[GenerateSerializer, Immutable, Alias("waybill.stock-state")]
public sealed record Stock(
    string Name,
    long UnitPrice,
    string Currency,
    long OnHand,
    long Reserved,
    ImmutableDictionary<string, long> Reservations) : IAggregate<Stock, StockCommand, StockEvent>
{
    /// <inheritdoc/>
    public static string Category => "stock";

    /// <inheritdoc/>
    public static JsonTypeInfo<Stock> Json => StockJson.Default.Stock;

    /// <inheritdoc/>
    public static Stock Initial { get; } = new("", 0, "", 0, 0, ImmutableDictionary<string, long>.Empty);

    // Arms stand in order of precedence: whether it is listed, then what each command needs.

    /// <inheritdoc/>
    public static Decision<StockEvent> Decide(StockCommand command, Stock stock, DateTimeOffset now) => command switch
    {
        Offer { Name: "" } => Refuse("name-missing"),
        Offer { UnitPrice: <= 0 } => Refuse("unit-price-not-positive"),
        Offer offer when stock.Name == "" => new ItemListed(offer.Name, offer.UnitPrice, offer.Currency),
        _ when stock.Name == "" => Missing("stock-not-found"),
        Offer offer when offer.Currency != stock.Currency => Refuse("currency-mismatch"),
        Offer offer when (offer.Name, offer.UnitPrice) == (stock.Name, stock.UnitPrice) => Nothing,
        Offer offer => new ItemRevised(offer.Name, offer.UnitPrice),

        Receive { Quantity: <= 0 } or Reserve { Quantity: <= 0 } => Refuse("quantity-not-positive"),
        Receive receive when receive.Quantity > long.MaxValue - stock.OnHand => Refuse("stock-too-large"),
        Receive receive => new Received(receive.Quantity),

        Reserve reserve when stock.PromisedTo(reserve.OrderId) == reserve.Quantity => Nothing,
        Reserve reserve when stock.PromisedTo(reserve.OrderId) > 0 => Refuse("reservation-exists"),
        Reserve reserve when reserve.Quantity > stock.OnHand - stock.Reserved => Refuse("insufficient-stock"),
        Reserve reserve => new Reserved(reserve.OrderId, reserve.Quantity),

        Release release when stock.PromisedTo(release.OrderId) == 0 => Nothing,
        Release release => new Released(release.OrderId, stock.PromisedTo(release.OrderId)),
        Ship ship when stock.PromisedTo(ship.OrderId) == 0 => Refuse("not-reserved"),
        Ship ship => new Shipped(ship.OrderId, stock.PromisedTo(ship.OrderId)),

        _ => throw new UnreachableException($"No decision for {command.GetType().Name}."),
    };

    /// <inheritdoc/>
    public static Stock Evolve(Stock stock, StockEvent happened) => happened switch
    {
        ItemListed e => stock with { Name = e.Name, UnitPrice = e.UnitPrice, Currency = e.Currency },
        ItemRevised e => stock with { Name = e.Name, UnitPrice = e.UnitPrice },
        Received e => stock with { OnHand = checked(stock.OnHand + e.Quantity) },
        Reserved e => stock with
        {
            Reserved = checked(stock.Reserved + e.Quantity),
            Reservations = stock.Reservations.SetItem(e.OrderId, e.Quantity),
        },
        Released e => stock.Without(e.OrderId, e.Quantity),
        Shipped e => stock.Without(e.OrderId, e.Quantity) with { OnHand = stock.OnHand - e.Quantity },
        _ => throw new UnreachableException($"No fold for {happened.GetType().Name}."),
    };

    private long PromisedTo(string orderId) => Reservations.GetValueOrDefault(orderId);

    private Stock Without(string orderId, long quantity) =>
        this with { Reserved = Reserved - quantity, Reservations = Reservations.Remove(orderId) };
}

/// <summary>The JSON of stock items' events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ItemListed))]
[JsonSerializable(typeof(ItemRevised))]
[JsonSerializable(typeof(Received))]
[JsonSerializable(typeof(Reserved))]
[JsonSerializable(typeof(Released))]
[JsonSerializable(typeof(Shipped))]
internal sealed partial class StockEventJson : JsonSerializerContext;

/// <summary>The JSON of stock items' snapshots.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Stock))]
internal sealed partial class StockJson : JsonSerializerContext;
