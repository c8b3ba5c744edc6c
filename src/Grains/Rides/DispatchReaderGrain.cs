using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Rides;

/// <summary>Tells <see cref="Dispatch"/> what happens to rides.</summary>
[Alias("waybill.dispatch-reader")]
public interface IDispatchReaderGrain : ILogReaderGrain;

/// <inheritdoc cref="IDispatchReaderGrain"/>
/// <remarks>
/// A ride that is in the log is dispatched, though the process that put it there has died: nobody else starts one.
/// </remarks>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class DispatchReaderGrain(LogReaderAccess access, EventTypes types, DispatchOptions options)
    : LogReaderGrain(access), IDispatchReaderGrain
{
    /// <inheritdoc/>
    protected override string ReaderName => "dispatch";

    /// <inheritdoc/>
    protected override bool Concerns(StoredEvent stored) => stored.Type is "ride.requested" or "ride.driver-passed-over"
        or "ride.driver-arrived" or "ride.completed" or "ride.cancelled";

    /// <inheritdoc/>
    protected override async Task Handle(StoredEvent stored)
    {
        var ride = stored.Stream.Id;
        var dispatch = GrainFactory.GetGrain<IDispatchGrain>(ride);
        var context = new CommandContext(
            NameBasedId.Of(stored.EventId, ReaderName),
            stored.Metadata.CorrelationId,
            $"{stored.EventId}",
            stored.Metadata.Actor);
        var told = await (types.Read(stored).Event switch
        {
            RideEvent.Requested e => dispatch.Start(context, Dispatched(ride, e)),
            RideEvent.DriverPassedOver e => dispatch.PassOver(context, e.DriverId),
            RideEvent.DriverArrived => dispatch.Arrive(context),
            RideEvent.Completed => dispatch.Complete(context),
            RideEvent.Cancelled e => dispatch.Cancel(context, e.Reason),
            var other => throw new InvalidOperationException($"{other.GetType().Name} is nothing to tell of."),
        });
        if (told.Status is OutcomeStatus.Unavailable)
            throw new StoreUnavailableException($"{stored.Stream} {stored.Version} could not be told.");
    }

    private Dispatch Dispatched(string rideId, RideEvent.Requested ride) => Dispatch.Initial with
    {
        RideId = rideId,
        AccountId = ride.AccountId,
        Currency = ride.Currency,
        Pickup = ride.Pickup,
        Estimate = ride.Estimate,
        Radius = options.Radius,
        ArrivalLimit = options.ArrivalLimit,
    };
}
