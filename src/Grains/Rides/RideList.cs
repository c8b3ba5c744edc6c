using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Rides.RideEvent;

namespace Waybill.Grains.Rides;

/// <summary>A ride in the lists of its parties. Amounts are whole minor units of the currency.</summary>
public sealed record RideRow(
    string RideId,
    string RiderId,
    string? DriverId,
    RideStatus Status,
    string AccountId,
    string Currency,
    string Pickup,
    string Dropoff,
    long? DistanceMetres,
    long? DurationSeconds,
    long? FareBase,
    long? FareDistance,
    long? FareTime,
    long? FareTotal,
    string? Reason,
    int? StarsByRider,
    int? StarsByDriver,
    DateTimeOffset RequestedAt,
    long Version);

/// <summary>The rides that there are, to be found by who takes part in them and where they stand.</summary>
public sealed class RideList : IProjection<RideRow>
{
    /// <inheritdoc/>
    public static ReadModel<RideRow> Model { get; } = new(
        "ride_list",
        1,
        [nameof(RideRow.RideId)],
        [
            [nameof(RideRow.RiderId), nameof(RideRow.RideId)],
            [nameof(RideRow.DriverId), nameof(RideRow.RideId)],
            [nameof(RideRow.Status), nameof(RideRow.RideId)],
        ]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) =>
        stored.Stream.Category == Ride.Category ? (RowKey?)stored.Stream.Id : null;

    /// <inheritdoc/>
    public static RideRow? Apply(RideRow? row, RecordedEvent recorded) => (row, recorded.Event) switch
    {
        (null, Requested e) => New(e, recorded),
        ({ }, RideEvent e) => Next(row, e) with { Version = recorded.Version },
        _ => throw new InvalidDataException($"A ride's {recorded.Type} does not follow what came before."),
    };

    private static RideRow New(Requested e, RecordedEvent recorded) => new(
        recorded.Stream.Id,
        e.RiderId,
        DriverId: null,
        RideStatus.Requested,
        e.AccountId,
        e.Currency,
        e.Pickup.ToString(),
        e.Dropoff.ToString(),
        null,
        null,
        null,
        null,
        null,
        null,
        Reason: null,
        null,
        null,
        recorded.Time,
        recorded.Version);

    private static RideRow Next(RideRow row, RideEvent happened) => happened switch
    {
        Matched e => row with { Status = RideStatus.Matched, DriverId = e.DriverId },
        DriverPassedOver => row with { Status = RideStatus.Requested, DriverId = null },
        DriverArrived => row with { Status = RideStatus.Arrived },
        Started => row with { Status = RideStatus.Started },
        Completed e => row with
        {
            Status = RideStatus.Completed,
            DistanceMetres = e.DistanceMetres,
            DurationSeconds = e.DurationSeconds,
            FareBase = e.Fare.Base,
            FareDistance = e.Fare.Distance,
            FareTime = e.Fare.Time,
            FareTotal = e.Fare.Total,
        },
        PaymentFailed e => row with { Status = RideStatus.Unpaid, Reason = e.Reason },
        Paid => row with { Status = RideStatus.Paid, Reason = null },
        Cancelled e => row with { Status = RideStatus.Cancelled, Reason = e.Reason },
        Rated { By: RideParty.Rider } e => row with { StarsByRider = e.Stars },
        Rated e => row with { StarsByDriver = e.Stars },
        _ => throw new InvalidDataException($"A ride's {happened.GetType().Name} does not follow what came before."),
    };
}

/// <summary>The host of <see cref="RideList"/> for one queue.</summary>
[Alias("waybill.ride-list")]
public interface IRideListGrain : IProjectionGrain;

/// <inheritdoc cref="IRideListGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class RideListGrain(ProjectionAccess access)
    : ProjectionGrain<RideList, RideRow>(access), IRideListGrain;
