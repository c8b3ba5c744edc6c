using System.Globalization;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Streams;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Rides.RideEvent;

namespace Waybill.Grains.Analytics;

/// <summary>A ride as it is counted.</summary>
/// <param name="RideId">Its id.</param>
/// <param name="Hour">The hour in which it was requested, in UTC: <c>2026-03-31T09:00:00Z</c>.</param>
/// <param name="Currency">The currency.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Fare">What it costs, in whole minor units; null until it is over.</param>
/// <param name="RequestedAt">When it was requested.</param>
public sealed record RideFact(
    string RideId, string Hour, string Currency, RideStatus Status, long? Fare, DateTimeOffset RequestedAt);

/// <summary>The rides of each hour, by where they stand.</summary>
public sealed class RideFacts : IProjection<RideFact>
{
    /// <inheritdoc/>
    public static ReadModel<RideFact> Model { get; } = new(
        "ride_facts", 1, [nameof(RideFact.RideId)], [[nameof(RideFact.RequestedAt)]]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) =>
        stored.Stream.Category == Ride.Category ? (RowKey?)stored.Stream.Id : null;

    /// <inheritdoc/>
    public static RideFact? Apply(RideFact? row, RecordedEvent recorded) => (row, recorded.Event) switch
    {
        (null, Requested e) => new(
            recorded.Stream.Id,
            recorded.Time.ToString("yyyy-MM-ddTHH:00:00Z", CultureInfo.InvariantCulture),
            e.Currency,
            RideStatus.Requested,
            Fare: null,
            recorded.Time),
        ({ }, Matched) => row with { Status = RideStatus.Matched },
        ({ }, DriverPassedOver) => row with { Status = RideStatus.Requested },
        ({ }, DriverArrived) => row with { Status = RideStatus.Arrived },
        ({ }, Started) => row with { Status = RideStatus.Started },
        ({ }, Completed e) => row with { Status = RideStatus.Completed, Fare = e.Fare.Total },
        ({ }, PaymentFailed) => row with { Status = RideStatus.Unpaid },
        ({ }, Paid) => row with { Status = RideStatus.Paid },
        ({ }, Cancelled) => row with { Status = RideStatus.Cancelled },
        ({ }, Rated) => row,
        _ => throw new InvalidDataException($"A ride's {recorded.Type} does not follow what came before."),
    };
}

/// <summary>The host of <see cref="RideFacts"/> for one queue.</summary>
[Alias("waybill.ride-facts")]
public interface IRideFactsGrain : IProjectionGrain;

/// <inheritdoc cref="IRideFactsGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class RideFactsGrain(ProjectionAccess access)
    : ProjectionGrain<RideFacts, RideFact>(access), IRideFactsGrain;
