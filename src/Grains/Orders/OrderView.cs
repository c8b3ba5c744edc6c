using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Waybill.Grains.Orders;

/// <summary>An order as its customer sees it. Prices are whole minor units of <paramref name="Currency"/>.</summary>
/// <param name="OrderId">Its id.</param>
/// <param name="CustomerId">Who placed it.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Items">What was ordered.</param>
/// <param name="Total">What it costs.</param>
/// <param name="Currency">The currency.</param>
/// <param name="Reason">Why it was cancelled.</param>
/// <param name="TrackingNumber">Under which it was sent off.</param>
/// <param name="Version">The version of its stream.</param>
[GenerateSerializer, Immutable, Alias("waybill.order-view")]
public sealed record OrderView(
    string OrderId,
    string CustomerId,
    OrderStatus Status,
    IReadOnlyList<OrderItem> Items,
    long Total,
    string Currency,
    string? Reason,
    string? TrackingNumber,
    long Version)
{
    /// <summary>What an order's state shows.</summary>
    public static OrderView Of(string orderId, Order order, long version) => new(
        orderId,
        order.CustomerId,
        order.Status,
        order.Items,
        order.Total,
        order.Currency,
        order.Reason,
        order.TrackingNumber,
        version);
}

/// <summary>A line of an order.</summary>
/// <param name="Sku">The stock item.</param>
/// <param name="Name">What it was called when the order was placed.</param>
/// <param name="Quantity">How many.</param>
/// <param name="UnitPrice">What each cost then, in whole minor units of the order's currency.</param>
[GenerateSerializer, Immutable, Alias("waybill.order-item")]
public sealed record OrderItem(string Sku, string Name, long Quantity, long UnitPrice);

/// <summary>Where an order stands in its life.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OrderStatus>))]
[GenerateSerializer, Alias("waybill.order-status")]
public enum OrderStatus
{
    /// <summary>It was never placed.</summary>
    [JsonStringEnumMemberName("none")] None,

    /// <summary>The shop has it.</summary>
    [JsonStringEnumMemberName("placed")] Placed,

    /// <summary>The stock and the money for it are set aside.</summary>
    [JsonStringEnumMemberName("reserved")] Reserved,

    /// <summary>The merchant has the money.</summary>
    [JsonStringEnumMemberName("paid")] Paid,

    /// <summary>It was sent off, and can no longer be cancelled.</summary>
    [JsonStringEnumMemberName("shipped")] Shipped,

    /// <summary>It has arrived.</summary>
    [JsonStringEnumMemberName("delivered")] Delivered,

    /// <summary>It was called off; what was done for it is undone.</summary>
    [JsonStringEnumMemberName("cancelled")] Cancelled,
}

/// <summary>The numbers under which orders are sent off.</summary>
internal static class TrackingNumber
{
    private const int DigitsMax = 16;

    /// <summary>The number of an order, made of its id: whoever ships it again ships it under the same.</summary>
    public static string Of(string orderId) =>
        $"WB{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(orderId)))[..DigitsMax]}";
}
