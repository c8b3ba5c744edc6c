using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Orders;

/// <summary>What becomes of an order. The grain's key is the order's id.</summary>
[Alias("waybill.fulfilment-grain")]
public interface IFulfilmentGrain : ISagaGrain
{
    /// <summary>Starts it; started again it changes nothing.</summary>
    [Alias("start")]
    Task<Outcome<SagaExplanation>> Start(CommandContext context, Fulfilment order);

    /// <summary>Tells it that somebody has cancelled the order.</summary>
    [Alias("cancelled")]
    Task<Outcome<SagaExplanation>> Cancelled(CommandContext context, string reason);
}

/// <summary>The fulfilment as a grain: every rule stands in <see cref="Fulfilment"/>.</summary>
[GrainType("fulfilment")]
public sealed class FulfilmentGrain(StoreAccess access, SagaAccess sagas)
    : SagaGrain<Fulfilment, SagaExplanation>(access, sagas), IFulfilmentGrain
{
    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Start(CommandContext context, Fulfilment order) =>
        Take(context, new Fulfilment.OrderPlaced(order));

    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Cancelled(CommandContext context, string reason) =>
        Take(context, new Fulfilment.OrderCancelled(reason));

    /// <inheritdoc/>
    protected override SagaExplanation View(Saga<Fulfilment> state, long version) => SagaExplanation.Of(state);
}

/// <summary>What starts the fulfilment of orders. The grain's key is the number of a queue of the log.</summary>
[Alias("waybill.fulfilment-start")]
public interface IFulfilmentStartGrain : ILogReaderGrain;

/// <summary>
/// Starts the fulfilment of each order that is placed, and tells it when the order is cancelled. An order's events come
/// in order, so what is cancelled has been started.
/// </summary>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class FulfilmentStartGrain(LogReaderAccess access, EventTypes types)
    : LogReaderGrain(access), IFulfilmentStartGrain
{
    /// <inheritdoc/>
    protected override string ReaderName => "fulfilment";

    /// <summary>What a fulfilment itself has cancelled is no news to it.</summary>
    protected override bool Concerns(StoredEvent stored) => stored.Stream.Category == Order.Category
        && (stored.Type == "order.placed" || (stored.Type == "order.cancelled" && stored.Metadata.SagaId is null));

    /// <inheritdoc/>
    protected override async Task Handle(StoredEvent stored)
    {
        var fulfilment = GrainFactory.GetGrain<IFulfilmentGrain>(stored.Stream.Id);
        var context = new CommandContext(
            NameBasedId.Of(stored.EventId, ReaderName),
            stored.Metadata.CorrelationId,
            $"{stored.EventId}",
            stored.Metadata.Actor);
        var outcome = types.Read(stored).Event switch
        {
            OrderEvent.Placed placed => await fulfilment.Start(context, new Fulfilment(
                stored.Stream.Id,
                placed.AccountId,
                placed.Currency,
                placed.Total,
                [.. placed.Items.Select(item => new FulfilledItem(item.Sku, item.Quantity))])),
            OrderEvent.Cancelled cancelled => await fulfilment.Cancelled(context, cancelled.Reason),
            var other => throw new InvalidOperationException($"{other.GetType()} is not for a fulfilment."),
        };
        if (outcome.Status is not OutcomeStatus.Accepted)
            throw new StoreUnavailableException($"The fulfilment of {stored.Stream} was not told of {stored.Type}.");
    }
}
