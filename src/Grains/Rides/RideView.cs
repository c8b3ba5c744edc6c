using System.Text.Json.Serialization;

namespace Waybill.Grains.Rides;

/// <summary>A ride as its parties see it. Amounts are whole minor units of <paramref name="Currency"/>.</summary>
/// <param name="RideId">Its id.</param>
/// <param name="RiderId">Who asked for it.</param>
/// <param name="DriverId">Who drives; null while nobody does.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="AccountId">Whom it is charged to.</param>
/// <param name="Currency">That account's.</param>
/// <param name="Pickup">Where it begins.</param>
/// <param name="Dropoff">Where it leads.</param>
/// <param name="DistanceMetres">How long the way was.</param>
/// <param name="DurationSeconds">How long it took.</param>
/// <param name="Fare">What it costs, once it is over.</param>
/// <param name="Reason">Why it was cancelled, or could not be charged so far.</param>
/// <param name="Ratings">How it was.</param>
/// <param name="Version">How many events it is made of.</param>
[GenerateSerializer, Immutable, Alias("waybill.ride-view")]
public sealed record RideView(
    string RideId,
    string RiderId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? DriverId,
    RideStatus Status,
    string AccountId,
    string Currency,
    GeoPoint Pickup,
    GeoPoint Dropoff,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? DistanceMetres,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? DurationSeconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Fare? Fare,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    IReadOnlyList<Rating> Ratings,
    long Version)
{
    /// <summary>What a ride's state shows.</summary>
    public static RideView Of(string rideId, Ride ride, long version) => new(
        rideId,
        ride.RiderId,
        ride.DriverId,
        ride.Status,
        ride.AccountId,
        ride.Currency,
        ride.Pickup,
        ride.Dropoff,
        ride.DistanceMetres,
        ride.DurationSeconds,
        ride.Fare,
        ride.Reason,
        [.. ride.Ratings.OrderBy(rating => rating.By)],
        version);

    /// <summary>What a row of the list shows.</summary>
    public static RideView Of(RideRow row) => new(
        row.RideId,
        row.RiderId,
        row.DriverId,
        row.Status,
        row.AccountId,
        row.Currency,
        GeoPoint.Parse(row.Pickup),
        GeoPoint.Parse(row.Dropoff),
        row.DistanceMetres,
        row.DurationSeconds,
        row.FareTotal is { } total
            ? new Fare(row.FareBase!.Value, row.FareDistance!.Value, row.FareTime!.Value, total)
            : null,
        row.Reason,
        [
            .. row.StarsByRider is { } rider ? [new(RideParty.Rider, rider)] : Array.Empty<Rating>(),
            .. row.StarsByDriver is { } driver ? [new(RideParty.Driver, driver)] : Array.Empty<Rating>(),
        ],
        row.Version);
}
