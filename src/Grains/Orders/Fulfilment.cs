using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Sagas;
using static Waybill.Grains.Sourcing.Sagas.SagaInput;

namespace Waybill.Grains.Orders;

/// <summary>
/// What becomes of an order: its stock and its money are reserved, the money is charged, and it is shipped; or it is
/// cancelled, and what was done is undone.
/// </summary>
/// <remarks>
/// The order decides whether it is shipped or cancelled, and neither can be undone. So until it has been asked to ship,
/// this may go back by itself; while it is being asked, only if the order lets itself be cancelled; and never after.
/// <para>
/// A hold makes a capture certain: the merchant is paid at the same time.
/// </para>
/// </remarks>
/// <param name="OrderId">The order.</param>
/// <param name="AccountId">The account that pays.</param>
/// <param name="Currency">The currency.</param>
/// <param name="Total">What is to be paid, in whole minor units of the currency.</param>
/// <param name="Items">What is to be shipped.</param>
/// <param name="RecallReason">Why the order is asked to be cancelled though it may be shipped, if it is.</param>
[GenerateSerializer, Immutable, Alias("waybill.fulfilment")]
public sealed record Fulfilment(
    string OrderId,
    string AccountId,
    string Currency,
    long Total,
    IReadOnlyList<FulfilledItem> Items,
    string? RecallReason = null) : ISaga<Fulfilment>
{
    /// <summary>The stock is being promised, the money held.</summary>
    public const string Reserving = "reserving";

    /// <summary>The money is on its way to the merchant.</summary>
    public const string Charging = "charging";

    /// <summary>The order is being asked to ship.</summary>
    public const string Shipping = "shipping";

    /// <summary>It has not answered, and is being asked to be cancelled instead.</summary>
    public const string Recalling = "recalling";

    /// <summary>It is shipped; the stock leaves.</summary>
    public const string Dispatching = "dispatching";

    /// <summary>Far longer than any of it takes, and not so long that whoever waits gives up.</summary>
    public static readonly TimeSpan StageLimit = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public static string Category => "fulfilment";

    /// <inheritdoc/>
    public static Fulfilment Initial { get; } = new("", "", "", Total: 0, []);

    /// <inheritdoc/>
    public static JsonTypeInfo<Fulfilment> DataJson => FulfilmentJson.Default.Fulfilment;

    /// <inheritdoc/>
    public static JsonTypeInfo<Saga<Fulfilment>> Json => FulfilmentJson.Default.SagaFulfilment;

    /// <inheritdoc/>
    public static IReadOnlyList<string> Plan { get; } =
        ["reserve", "hold", "note-reserved", "capture", "pay", "ship", "dispatch"];

    /// <inheritdoc/>
    public static Step React(Saga<Fulfilment> saga, SagaInput input) => (saga.Stage, input) switch
    {
        ("", OrderPlaced { Order: var order }) => order.Reserve(saga.To(Reserving, order)).Within(StageLimit),
        (Reserving, Done) when saga.IsDone("reserve", "hold") => saga.Data.Charge(saga.To(Charging)).Within(StageLimit),
        (Charging, Done) when saga.IsDone("capture", "pay") => saga.To(Shipping)
            .Send("ship", OrderMessages.Ship.To(saga.Data.OrderId, new())).Within(StageLimit),
        (Shipping or Recalling, Done { Command: "ship" }) =>
            saga.Data.Dispatch(saga.To(Dispatching)).Within(StageLimit),
        (Dispatching, Done) when saga.IsDone("dispatch") => saga.Complete(),

        // Past the point of no return only a person can help, and only forward.
        (Dispatching, Refused refused) when refused.Command.StartsWith("dispatch:", StringComparison.Ordinal) =>
            saga.Stop($"{refused.Command}: {refused.Code}"),
        (Dispatching, TimedOut) => saga.Stop("timed-out"),
        (Dispatching, AskedBack) => Step.Refuse("order-shipped"),
        (Dispatching, _) => Step.Ignored,

        (not "", OrderCancelled cancelled) => saga.Compensate(cancelled.Reason),
        (_, Refused { Code: "order-cancelled" } refused) => saga.Compensate(refused.Code),
        (_, Refused { Command: "note-reserved" }) => Step.Ignored,

        (Shipping, TimedOut) => Recall(saga, "timed-out"),
        (Shipping, AskedBack) => Recall(saga, "asked-to-compensate"),
        (Recalling, Done { Command: "recall" }) => saga.Compensate(saga.Data.RecallReason!),
        (Recalling, Refused { Command: "recall" }) => Step.Ignored, // It is shipped, and is going to say so.
        (Recalling, TimedOut) => saga.Stop("timed-out"),
        (Recalling, AskedBack) => saga.Stay().Within(StageLimit),

        (_, Refused refused) => GiveUp(saga, refused.Code),
        (not "", TimedOut) => GiveUp(saga, "timed-out"),
        (not "", AskedBack) => GiveUp(saga, "asked-to-compensate"),
        _ => Step.Ignored,
    };

    /// <summary>The order was placed.</summary>
    public sealed record OrderPlaced(Fulfilment Order) : SagaInput.Request("order-placed");

    /// <summary>Somebody has cancelled the order.</summary>
    public sealed record OrderCancelled(string Reason) : SagaInput.Request("order-cancelled");

    private Step Reserve(Step step) => Items
        .Aggregate(step, (step, item) => step.Send(
            $"reserve:{item.Sku}",
            StockMessages.Reserve.To(item.Sku, new(OrderId, item.Quantity)),
            undo: StockMessages.Release.To(item.Sku, new(OrderId, item.Quantity))))
        .Send(
            "hold",
            AccountMessages.Hold.To(AccountId, new(HoldId, Total, Reference)),
            undo: AccountMessages.Release.To(AccountId, new(HoldId)));

    private Step Charge(Step step) => step
        .Send("note-reserved", OrderMessages.Reserve.To(OrderId, new()))
        .Send(
            "capture",
            AccountMessages.Capture.To(AccountId, new(HoldId, Total, Reference)),
            undo: AccountMessages.Deposit.To(AccountId, new(Total, Reference)))
        .Send(
            "pay",
            AccountMessages.Deposit.To(Merchant.AccountIn(Currency), new(Total, Reference)),
            undo: AccountMessages.Withdraw.To(Merchant.AccountIn(Currency), new(Total, Reference)));

    private Step Dispatch(Step step) => Items.Aggregate(step, (step, item) => step.Send(
        $"dispatch:{item.Sku}", StockMessages.Ship.To(item.Sku, new(OrderId, item.Quantity))));

    private static Step Recall(Saga<Fulfilment> saga, string reason) => saga
        .To(Recalling, saga.Data with { RecallReason = reason })
        .Send("recall", OrderMessages.Cancel.To(saga.Data.OrderId, new(reason))).Within(StageLimit);

    private static Step GiveUp(Saga<Fulfilment> saga, string reason) => saga.Compensate(reason)
        .Send("cancel", OrderMessages.Cancel.To(saga.Data.OrderId, new(reason)));

    private string Reference => $"order {OrderId}";

    // No id has a slash in it, so no ride has it.
    private string HoldId => $"order/{OrderId}";
}

/// <summary>A part of what is to be shipped.</summary>
[GenerateSerializer, Immutable, Alias("waybill.fulfilled-item")]
public sealed record FulfilledItem(string Sku, long Quantity);

/// <summary>The JSON of a fulfilment; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Fulfilment))]
[JsonSerializable(typeof(Saga<Fulfilment>))]
internal sealed partial class FulfilmentJson : JsonSerializerContext;
