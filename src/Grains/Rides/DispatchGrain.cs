using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Rides;

/// <summary>The search for a ride's driver. The grain's key is the ride's id.</summary>
/// <remarks>What happens to the ride comes from the log, in order, perhaps more than once.</remarks>
[Alias("waybill.dispatch-grain")]
public interface IDispatchGrain : ISagaGrain
{
    /// <summary>The ride was requested.</summary>
    [Alias("start")]
    Task<Outcome<SagaExplanation>> Start(CommandContext context, Dispatch dispatch);

    /// <summary>The ride was taken from its driver.</summary>
    [Alias("pass-over")]
    Task<Outcome<SagaExplanation>> PassOver(CommandContext context, string driverId);

    /// <summary>The driver has come.</summary>
    [Alias("arrive")]
    Task<Outcome<SagaExplanation>> Arrive(CommandContext context);

    /// <summary>The ride is over.</summary>
    [Alias("complete")]
    Task<Outcome<SagaExplanation>> Complete(CommandContext context);

    /// <summary>The ride was called off.</summary>
    [Alias("cancel")]
    Task<Outcome<SagaExplanation>> Cancel(CommandContext context, string reason);
}

/// <inheritdoc cref="IDispatchGrain"/>
[GrainType("dispatch")]
public sealed class DispatchGrain(StoreAccess access, SagaAccess sagas)
    : SagaGrain<Dispatch, SagaExplanation>(access, sagas), IDispatchGrain
{
    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Start(CommandContext context, Dispatch dispatch) =>
        Take(context, new Dispatch.Requested(dispatch));

    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> PassOver(CommandContext context, string driverId) =>
        Take(context, new Dispatch.PassedOver(driverId));

    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Arrive(CommandContext context) => Take(context, new Dispatch.Arrived());

    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Complete(CommandContext context) => Take(context, new Dispatch.Completed());

    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Cancel(CommandContext context, string reason) =>
        Take(context, new Dispatch.Cancelled(reason));

    /// <inheritdoc/>
    protected override SagaExplanation View(Saga<Dispatch> saga, long version) => SagaExplanation.Of(saga);
}
