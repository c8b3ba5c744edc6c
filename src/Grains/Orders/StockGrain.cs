using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Orders;

/// <summary>The stock item as a grain: every rule stands in <see cref="Stock"/>.</summary>
public sealed class StockGrain(StoreAccess access)
    : EventSourcedGrain<StockCommand, StockEvent, Stock, StockView>(access), IStockGrain
{
    /// <inheritdoc/>
    public async Task<Outcome<StockView>> Offer(
        CommandContext context, string name, long unitPrice, string currency)
    {
        // What can be bought can be paid for: the merchant's account is there before the item is.
        var isListed = Current.Version > 0;
        if (!isListed && await Merchant.Refusal<StockView>(GrainFactory, context, currency) is { } no)
            return no;
        return await Execute(context, new StockCommand.Offer(name, unitPrice, currency));
    }

    /// <inheritdoc/>
    public Task<Outcome<StockView>> Receive(CommandContext context, long quantity) =>
        Execute(context, new StockCommand.Receive(quantity));

    /// <inheritdoc/>
    public Task<Outcome<StockView>> Reserve(CommandContext context, string orderId, long quantity) =>
        Execute(context, new StockCommand.Reserve(orderId, quantity));

    /// <inheritdoc/>
    public Task<Outcome<StockView>> Release(CommandContext context, string orderId) =>
        Execute(context, new StockCommand.Release(orderId));

    /// <inheritdoc/>
    public Task<Outcome<StockView>> Ship(CommandContext context, string orderId) =>
        Execute(context, new StockCommand.Ship(orderId));

    /// <inheritdoc/>
    public Task<Outcome<StockView>> Get(long after = 0) => Read(after);

    /// <inheritdoc/>
    protected override StockView View(Stock stock, long version) =>
        StockView.Of(this.GetPrimaryKeyString(), stock, version);
}
