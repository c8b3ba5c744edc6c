using System.Text.Json.Serialization;
using Waybill.Api.Http;
using Waybill.Grains.Orders;

namespace Waybill.Api.Orders;

/// <summary>An order as clients see it.</summary>
internal sealed record OrderBody(
    string OrderId,
    string CustomerId,
    OrderStatus Status,
    IReadOnlyList<OrderItem> Items,
    long Total,
    string Currency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TrackingNumber,
    long Version)
{
    public static OrderBody Of(OrderView order) => new(
        order.OrderId,
        order.CustomerId,
        order.Status,
        order.Items,
        order.Total,
        order.Currency,
        order.Reason,
        order.TrackingNumber,
        order.Version);
}

/// <summary>An order as clients place it.</summary>
internal sealed record NewOrder(
    ResourceId CustomerId,
    ResourceId AccountId,
    Currency Currency,
    IReadOnlyList<NewItem> Items,
    Text ShippingAddress,
    ResourceId? OrderId = null)
{
    /// <exception cref="MalformedException">There are no items, too many, or one twice.</exception>
    public OrderRequest Read()
    {
        if (Items.Count is 0 or > Order.ItemsMax)
            throw new MalformedException($"An order has 1 to {Order.ItemsMax} items.");
        if (Items.Contains(null!) || Items.DistinctBy(item => item.Sku).Count() < Items.Count)
            throw new MalformedException("Each item of an order has a SKU of its own.");
        return new(
            CustomerId.Value,
            AccountId.Value,
            Currency.Value,
            [.. Items.Select(item => new RequestedItem(item.Sku.Value, item.Quantity.Value))],
            ShippingAddress.Value);
    }
}

/// <summary>An item as clients order it. What it costs is the shop's to say.</summary>
internal sealed record NewItem(ResourceId Sku, Quantity Quantity);

/// <summary>Which orders are asked for, by <c>?customerId=</c> and <c>&amp;status=</c>.</summary>
internal sealed record OrderFilter(ResourceId? CustomerId, OrderStatus? Status) : IQuery
{
    public static IReadOnlyList<string> Names { get; } = ["customerId", "status"];

    public static ValueTask<OrderFilter> BindAsync(HttpContext http) => ValueTask.FromResult(
        new OrderFilter(http.QueryText<ResourceId>("customerId"), http.QueryEnum<OrderStatus>("status")));
}
