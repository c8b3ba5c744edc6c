using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Orders;

/// <summary>The order as a grain: every rule stands in <see cref="Order"/>.</summary>
public sealed class OrderGrain(StoreAccess access)
    : EventSourcedGrain<OrderCommand, OrderEvent, Order, OrderView>(access), IOrderGrain
{
    /// <inheritdoc/>
    public async Task<Outcome<OrderView>> Place(CommandContext context, OrderRequest request)
    {
        // A repeat is answered as it was then, whatever the shop asks now.
        var items = new OrderItem[request.Items.Count];
        var hasBegun = Current.Version > 0;
        if (!hasBegun && items.Length <= Order.ItemsMax && await Price(request, items) is { } no)
            return no;
        return await Execute(context, new OrderCommand.Place(
            request.CustomerId, request.AccountId, request.Currency, items, request.ShippingAddress));
    }

    /// <inheritdoc/>
    public Task<Outcome<OrderView>> Reserve(CommandContext context) => Execute(context, new OrderCommand.Reserve());

    /// <inheritdoc/>
    public Task<Outcome<OrderView>> Ship(CommandContext context) =>
        Execute(context, new OrderCommand.Ship(TrackingNumber.Of(this.GetPrimaryKeyString())));

    /// <inheritdoc/>
    public Task<Outcome<OrderView>> Deliver(CommandContext context) => Execute(context, new OrderCommand.Deliver());

    /// <inheritdoc/>
    public Task<Outcome<OrderView>> Cancel(CommandContext context, string reason) =>
        Execute(context, new OrderCommand.Cancel(reason));

    /// <inheritdoc/>
    public Task<Outcome<OrderView>> Get(long after = 0) => Read(after);

    /// <inheritdoc/>
    protected override OrderView View(Order order, long version) =>
        OrderView.Of(this.GetPrimaryKeyString(), order, version);

    // Accounts and items never vanish, nor do their currencies change: what is found out here still holds later.
    private async Task<Outcome<OrderView>?> Price(OrderRequest request, OrderItem[] items)
    {
        var account = GrainFactory.GetGrain<IAccountGrain>(request.AccountId).Get();
        var stock = await Task.WhenAll(
            request.Items.Select(item => GrainFactory.GetGrain<IStockGrain>(item.Sku).Get()));
        if (stock.FirstOrDefault(item => item.Status is not OutcomeStatus.Accepted) is { } missing)
            return Not(missing);
        if (await account is { Status: not OutcomeStatus.Accepted } none)
            return Not(none);
        var (payer, currency) = ((await account).View!, request.Currency);
        if (payer.Currency != currency || stock.Any(item => item.View!.Currency != currency))
            return new(OutcomeStatus.Refused, "currency-mismatch", null, 0, 0);
        if (payer.Status is AccountStatus.Closed)
            return new(OutcomeStatus.Refused, "account-closed", null, 0, 0);
        for (var i = 0; i < items.Length; i++)
            items[i] = new(
                request.Items[i].Sku, stock[i].View!.Name, request.Items[i].Quantity, stock[i].View!.UnitPrice);
        return null;
    }

    private static Outcome<OrderView> Not<TView>(Outcome<TView> other)
        where TView : class => new(other.Status, other.Code, null, 0, 0);
}
