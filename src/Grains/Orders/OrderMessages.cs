using System.Text.Json.Serialization;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Orders;

/// <summary>What sagas ask of orders.</summary>
public static class OrderMessages
{
    /// <summary>Takes note that the stock and the money for it are set aside.</summary>
    public static MessageType<NothingMore> Reserve { get; } = new(
        "order.reserve",
        OrderMessageJson.Default.NothingMore,
        async (grains, order, _, context) => Answer.Of(await grains.GetGrain<IOrderGrain>(order).Reserve(context)));

    /// <summary>Takes note that it is paid, and sends it off.</summary>
    public static MessageType<NothingMore> Ship { get; } = new(
        "order.ship",
        OrderMessageJson.Default.NothingMore,
        async (grains, order, _, context) => Answer.Of(await grains.GetGrain<IOrderGrain>(order).Ship(context)));

    /// <summary>Calls it off. That somebody else has done so already is as good.</summary>
    public static MessageType<CancelMessage> Cancel { get; } = new(
        "order.cancel",
        OrderMessageJson.Default.CancelMessage,
        async (grains, order, cancel, context) =>
            Answer.Of(await grains.GetGrain<IOrderGrain>(order).Cancel(context, cancel.Reason)) is var answer
                && answer.Code == "order-cancelled"
                    ? new(AnswerStatus.Done, null)
                    : answer);
}

/// <summary>What is asked says all.</summary>
public sealed record NothingMore;

/// <summary>An order to call off.</summary>
public sealed record CancelMessage(string Reason);

/// <summary>The JSON of what sagas ask of orders; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(NothingMore))]
[JsonSerializable(typeof(CancelMessage))]
internal sealed partial class OrderMessageJson : JsonSerializerContext;
