using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Orders;

/// <summary>An order. The grain's key is its id.</summary>
/// <remarks><see cref="Order"/> names the refusals.</remarks>
[Alias("waybill.order")]
public interface IOrderGrain : IGrainWithStringKey
{
    /// <summary>
    /// Places it, at the prices that the shop asks now. Once that is accepted it comes to an end by itself: it is
    /// shipped, or it is cancelled and all that was done for it is undone.
    /// </summary>
    [Alias("place")]
    Task<Outcome<OrderView>> Place(CommandContext context, OrderRequest request);

    /// <summary>Takes note that the stock and the money for it are set aside.</summary>
    [Alias("reserve")]
    Task<Outcome<OrderView>> Reserve(CommandContext context);

    /// <summary>Takes note that it is paid, and sends it off; refused if it was cancelled.</summary>
    [Alias("ship")]
    Task<Outcome<OrderView>> Ship(CommandContext context);

    /// <summary>Takes note that it has arrived.</summary>
    [Alias("deliver")]
    Task<Outcome<OrderView>> Deliver(CommandContext context);

    /// <summary>Calls it off; refused once it was shipped.</summary>
    [Alias("cancel")]
    Task<Outcome<OrderView>> Cancel(CommandContext context, string reason);

    /// <summary>The order as it stands.</summary>
    /// <param name="after">A position that what is answered must not be older than.</param>
    [Alias("get")]
    Task<Outcome<OrderView>> Get(long after = 0);
}

/// <summary>What a customer orders.</summary>
/// <param name="CustomerId">Who orders.</param>
/// <param name="AccountId">The account that pays; in the order's currency.</param>
/// <param name="Currency">That of all its items.</param>
/// <param name="Items">What, and how many.</param>
/// <param name="ShippingAddress">Where it goes to.</param>
[GenerateSerializer, Immutable, Alias("waybill.order-request")]
public sealed record OrderRequest(
    string CustomerId,
    string AccountId,
    string Currency,
    IReadOnlyList<RequestedItem> Items,
    string ShippingAddress);

/// <summary>An item that is ordered; what it costs is the shop's to say.</summary>
[GenerateSerializer, Immutable, Alias("waybill.requested-item")]
public sealed record RequestedItem(string Sku, long Quantity);
