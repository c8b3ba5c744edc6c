using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using static Waybill.Grains.Rides.RideCommand;
using static Waybill.Grains.Rides.RideEvent;
using static Waybill.Grains.Sourcing.Decision;

namespace Waybill.Grains.Rides;

/// <summary>What can be asked of a ride.</summary>
public abstract record RideCommand
{
    /// <summary>Asks for it.</summary>
    public sealed record Request(
        string RiderId, string AccountId, string Currency, GeoPoint Pickup, GeoPoint Dropoff) : RideCommand;

    /// <summary>Gives it a driver, who is paid into an account.</summary>
    public sealed record Match(string DriverId, string DriverAccountId) : RideCommand;

    /// <summary>Goes on to the next driver.</summary>
    public sealed record PassOver(string DriverId, string Reason) : RideCommand;

    /// <summary>The driver is there.</summary>
    public sealed record Arrive : RideCommand;

    /// <summary>Sets out.</summary>
    public sealed record Start : RideCommand;

    /// <summary>Ends it, after so long a way.</summary>
    public sealed record Complete(long DistanceMetres) : RideCommand;

    /// <summary>Calls it off.</summary>
    public sealed record Cancel(CancelledBy By, string Reason) : RideCommand;

    /// <summary>Notes that the rider could not be charged.</summary>
    public sealed record FailPayment(string Reason) : RideCommand;

    /// <summary>Notes that the rider was charged.</summary>
    public sealed record Pay(long Amount) : RideCommand;

    /// <summary>Says how it was.</summary>
    public sealed record Rate(RideParty By, int Stars) : RideCommand;

    private RideCommand() { }
}

// Stored for ever: who changes a shape that has shipped raises its version and adds an upcaster from the old one.

/// <summary>What can have happened to a ride. Amounts are whole minor units of its currency.</summary>
public abstract record RideEvent
{
    /// <summary>It was asked for. The estimate is what it should cost.</summary>
    [EventType("ride.requested", 1)]
    public sealed record Requested(
        string RiderId, string AccountId, string Currency, GeoPoint Pickup, GeoPoint Dropoff, long Estimate)
        : RideEvent;

    /// <summary>It has a driver.</summary>
    [EventType("ride.matched", 1)]
    public sealed record Matched(string DriverId, string DriverAccountId) : RideEvent;

    /// <summary>That driver does not take it, and is not asked again.</summary>
    [EventType("ride.driver-passed-over", 1)]
    public sealed record DriverPassedOver(string DriverId, string Reason) : RideEvent;

    /// <summary>The driver is there.</summary>
    [EventType("ride.driver-arrived", 1)]
    public sealed record DriverArrived : RideEvent;

    /// <summary>It is under way.</summary>
    [EventType("ride.started", 1)]
    public sealed record Started(DateTimeOffset At) : RideEvent;

    /// <summary>It is over; the account is to be charged.</summary>
    [EventType("ride.completed", 1)]
    public sealed record Completed(string AccountId, long DistanceMetres, long DurationSeconds, Fare Fare) : RideEvent;

    /// <summary>The rider could not be charged, for the first time, or for another reason than before.</summary>
    [EventType("ride.payment-failed", 1)]
    public sealed record PaymentFailed(string Reason) : RideEvent;

    /// <summary>The rider was charged; the driver's account is to be credited.</summary>
    [EventType("ride.paid", 1)]
    public sealed record Paid(long Amount, string DriverAccountId) : RideEvent;

    /// <summary>It does not take place.</summary>
    [EventType("ride.cancelled", 1)]
    public sealed record Cancelled(CancelledBy By, string Reason) : RideEvent;

    /// <summary>One of its parties has said how it was.</summary>
    [EventType("ride.rated", 1)]
    public sealed record Rated(RideParty By, int Stars) : RideEvent;

    private RideEvent() { }
}

/// <summary>A ride, from the request to the payment.</summary>
[GenerateSerializer, Immutable, Alias("waybill.ride-state")]
public sealed record Ride(
    RideStatus Status,
    string RiderId,
    string AccountId,
    string Currency,
    GeoPoint Pickup,
    GeoPoint Dropoff,
    string? DriverId,
    string? DriverAccountId,
    ImmutableArray<string> PassedOver,
    DateTimeOffset? StartedAt,
    long? DistanceMetres,
    long? DurationSeconds,
    Fare? Fare,
    string? Reason,
    ImmutableArray<Rating> Ratings) : IAggregate<Ride, RideCommand, RideEvent>
{
    /// <summary>The longest ride in metres; a quarter of the way around the earth.</summary>
    public const long DistanceMax = 10_000_000;

    /// <inheritdoc/>
    public static string Category => "ride";

    /// <inheritdoc/>
    public static bool IsShort => true;

    /// <inheritdoc/>
    public static JsonTypeInfo<Ride> Json => RideJson.Default.Ride;

    /// <inheritdoc/>
    public static Ride Initial { get; } = new(
        RideStatus.None, "", "", "", default, default, null, null, [], null, null, null, null, null, []);

    // Arms stand in the order of a ride's life. What is not a row is refused, with where the ride stands as the code.

    /// <inheritdoc/>
    public static Decision<RideEvent> Decide(RideCommand command, Ride ride, DateTimeOffset now) =>
        (ride.Status, command) switch
        {
            // Orleans has a Request too.
            (RideStatus.None, RideCommand.Request { Pickup.IsValid: false }) => Refuse("location-invalid"),
            (RideStatus.None, RideCommand.Request { Dropoff.IsValid: false }) => Refuse("location-invalid"),
            (RideStatus.None, RideCommand.Request r) => new Requested(
                r.RiderId,
                r.AccountId,
                r.Currency,
                r.Pickup,
                r.Dropoff,
                Tariff.Standard.Estimate(r.Pickup, r.Dropoff).Total),
            (_, RideCommand.Request) => Refuse("ride-already-exists"),
            (RideStatus.None, _) => Missing("ride-not-found"),

            (RideStatus.Requested, Match m) when ride.PassedOver.Contains(m.DriverId) => Refuse("driver-passed-over"),
            (RideStatus.Requested, Match m) => new Matched(m.DriverId, m.DriverAccountId),
            (RideStatus.Matched, Match m) when m.DriverId == ride.DriverId => Nothing,
            (RideStatus.Matched, PassOver p) when p.DriverId == ride.DriverId =>
                new DriverPassedOver(p.DriverId, p.Reason),
            (RideStatus.Requested or RideStatus.Matched, PassOver) => Refuse("driver-not-matched"),

            (RideStatus.Matched, Arrive) => new DriverArrived(),
            (RideStatus.Arrived, Start) => new Started(now),
            (RideStatus.Started, Complete { DistanceMetres: < 0 or > DistanceMax }) => Refuse("distance-invalid"),
            (RideStatus.Started, Complete c) => ride.Ended(c.DistanceMetres, now),
            (RideStatus.Requested, Cancel { By: CancelledBy.Driver }) => Refuse("driver-not-matched"),
            (RideStatus.Requested or RideStatus.Matched or RideStatus.Arrived, Cancel c) =>
                new Cancelled(c.By, c.Reason),

            (RideStatus.Completed, FailPayment f) => new PaymentFailed(f.Reason),
            (RideStatus.Unpaid, FailPayment f) when f.Reason != ride.Reason => new PaymentFailed(f.Reason),
            (RideStatus.Unpaid or RideStatus.Paid, FailPayment) => Nothing,
            (RideStatus.Completed or RideStatus.Unpaid, Pay p) => new Paid(p.Amount, ride.DriverAccountId!),
            (RideStatus.Paid, Pay) => Nothing,

            (RideStatus.Completed or RideStatus.Unpaid or RideStatus.Paid, Rate r) => ride.Rated(r),
            _ => Refuse($"ride-{ride.Status.ToString().ToLowerInvariant()}"),
        };

    /// <inheritdoc/>
    public static Ride Evolve(Ride ride, RideEvent happened) => happened switch
    {
        Requested e => ride with
        {
            Status = RideStatus.Requested,
            RiderId = e.RiderId,
            AccountId = e.AccountId,
            Currency = e.Currency,
            Pickup = e.Pickup,
            Dropoff = e.Dropoff,
        },
        Matched e => ride with
        {
            Status = RideStatus.Matched, DriverId = e.DriverId, DriverAccountId = e.DriverAccountId,
        },
        DriverPassedOver e => ride with
        {
            Status = RideStatus.Requested,
            DriverId = null,
            DriverAccountId = null,
            PassedOver = ride.PassedOver.Add(e.DriverId),
        },
        DriverArrived => ride with { Status = RideStatus.Arrived },
        Started e => ride with { Status = RideStatus.Started, StartedAt = e.At },
        Completed e => ride with
        {
            Status = RideStatus.Completed,
            DistanceMetres = e.DistanceMetres,
            DurationSeconds = e.DurationSeconds,
            Fare = e.Fare,
        },
        PaymentFailed e => ride with { Status = RideStatus.Unpaid, Reason = e.Reason },
        Paid => ride with { Status = RideStatus.Paid, Reason = null },
        Cancelled e => ride with { Status = RideStatus.Cancelled, Reason = e.Reason },
        RideEvent.Rated e => ride with { Ratings = ride.Ratings.Add(new(e.By, e.Stars)) },
        _ => throw new UnreachableException($"No fold for {happened.GetType().Name}."),
    };

    private Completed Ended(long distanceMetres, DateTimeOffset now)
    {
        // A clock that was put back makes nobody pay less than nothing.
        var seconds = Math.Max(0, (long)(now - StartedAt!.Value).TotalSeconds);
        return new(AccountId, distanceMetres, seconds, Tariff.Standard.Of(distanceMetres, seconds));
    }

    private Decision<RideEvent> Rated(Rate rate) =>
        rate.Stars is < 1 or > 5 ? Refuse("stars-invalid")
        : Ratings.Any(rating => rating.By == rate.By) ? Refuse("already-rated")
        : new RideEvent.Rated(rate.By, rate.Stars);
}

/// <summary>The JSON of a ride's events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Requested))]
[JsonSerializable(typeof(Matched))]
[JsonSerializable(typeof(DriverPassedOver))]
[JsonSerializable(typeof(DriverArrived))]
[JsonSerializable(typeof(Started))]
[JsonSerializable(typeof(Completed))]
[JsonSerializable(typeof(PaymentFailed))]
[JsonSerializable(typeof(Paid))]
[JsonSerializable(typeof(Cancelled))]
[JsonSerializable(typeof(Rated))]
internal sealed partial class RideEventJson : JsonSerializerContext;

/// <summary>The JSON of a ride's snapshots.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Ride))]
internal sealed partial class RideJson : JsonSerializerContext;
