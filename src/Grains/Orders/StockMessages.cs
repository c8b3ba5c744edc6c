using System.Text.Json.Serialization;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Orders;

/// <summary>What sagas ask of stock items.</summary>
public static class StockMessages
{
    /// <summary>Promises some to an order.</summary>
    public static MessageType<ReservationMessage> Reserve { get; } = new(
        "stock.reserve",
        StockMessageJson.Default.ReservationMessage,
        async (grains, sku, reservation, context) => Answer.Of(
            await grains.GetGrain<IStockGrain>(sku).Reserve(context, reservation.OrderId, reservation.Quantity)));

    /// <summary>Takes back what was promised to an order.</summary>
    public static MessageType<ReservationMessage> Release { get; } = new(
        "stock.release",
        StockMessageJson.Default.ReservationMessage,
        async (grains, sku, reservation, context) => Answer.Of(
            await grains.GetGrain<IStockGrain>(sku).Release(context, reservation.OrderId)));

    /// <summary>Sends off what was promised to an order.</summary>
    public static MessageType<ReservationMessage> Ship { get; } = new(
        "stock.ship",
        StockMessageJson.Default.ReservationMessage,
        async (grains, sku, reservation, context) => Answer.Of(
            await grains.GetGrain<IStockGrain>(sku).Ship(context, reservation.OrderId)));
}

/// <summary>A part of the stock that is an order's.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Quantity">How many.</param>
public sealed record ReservationMessage(string OrderId, long Quantity);

/// <summary>The JSON of what sagas ask of stock items; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ReservationMessage))]
internal sealed partial class StockMessageJson : JsonSerializerContext;
