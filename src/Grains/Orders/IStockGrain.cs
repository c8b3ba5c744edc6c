using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Orders;

/// <summary>A stock item. The grain's key is its stock keeping unit, the SKU.</summary>
/// <remarks><see cref="Stock"/> names the refusals.</remarks>
[Alias("waybill.stock")]
public interface IStockGrain : IGrainWithStringKey
{
    /// <summary>Lists the item, or revises what it is called and costs; its currency is for ever.</summary>
    [Alias("offer")]
    Task<Outcome<StockView>> Offer(CommandContext context, string name, long unitPrice, string currency);

    /// <summary>Adds what was delivered to the shop.</summary>
    [Alias("receive")]
    Task<Outcome<StockView>> Receive(CommandContext context, long quantity);

    /// <summary>Promises some to an order; once, however often it is asked.</summary>
    [Alias("reserve")]
    Task<Outcome<StockView>> Reserve(CommandContext context, string orderId, long quantity);

    /// <summary>Takes back what was promised to an order; accepted also if nothing was.</summary>
    [Alias("release")]
    Task<Outcome<StockView>> Release(CommandContext context, string orderId);

    /// <summary>Sends off what was promised to an order.</summary>
    [Alias("ship")]
    Task<Outcome<StockView>> Ship(CommandContext context, string orderId);

    /// <summary>The item as it stands.</summary>
    /// <param name="after">A position that what is answered must not be older than.</param>
    [Alias("get")]
    Task<Outcome<StockView>> Get(long after = 0);
}

/// <summary>A stock item as the shop shows it.</summary>
/// <param name="Sku">Its stock keeping unit.</param>
/// <param name="Name">What it is.</param>
/// <param name="UnitPrice">In whole minor units of <paramref name="Currency"/>.</param>
/// <param name="Currency">The currency.</param>
/// <param name="OnHand">How many there are.</param>
/// <param name="Reserved">How many of them are promised to orders.</param>
/// <param name="Available">How many can still be promised.</param>
/// <param name="Version">The version of its stream.</param>
[GenerateSerializer, Immutable, Alias("waybill.stock-view")]
public sealed record StockView(
    string Sku,
    string Name,
    long UnitPrice,
    string Currency,
    long OnHand,
    long Reserved,
    long Available,
    long Version)
{
    /// <summary>What a stock item's state shows.</summary>
    public static StockView Of(string sku, Stock stock, long version) => new(
        sku,
        stock.Name,
        stock.UnitPrice,
        stock.Currency,
        stock.OnHand,
        stock.Reserved,
        Available: stock.OnHand - stock.Reserved,
        version);
}
