using System.Diagnostics;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using static Waybill.Grains.Rides.DriverCommand;
using static Waybill.Grains.Rides.DriverEvent;
using static Waybill.Grains.Sourcing.Decision;

namespace Waybill.Grains.Rides;

/// <summary>What can be asked of a driver.</summary>
public abstract record DriverCommand
{
    /// <summary>Takes a driver on, or notes what has changed.</summary>
    public sealed record Register(string DriverId, string Name, string Vehicle, string AccountId, string Currency)
        : DriverCommand;

    /// <summary>Begins to wait for rides.</summary>
    public sealed record GoOnline(GeoPoint Place) : DriverCommand;

    /// <summary>Takes no more rides.</summary>
    public sealed record GoOffline : DriverCommand;

    /// <summary>Is somewhere else now. That is nothing to record; but only who is online can do it.</summary>
    public sealed record Move(GeoPoint Place) : DriverCommand;

    /// <summary>Gives a ride to the driver, to be paid in a currency.</summary>
    public sealed record Assign(string RideId, string Currency) : DriverCommand;

    /// <summary>Takes a ride from the driver, over or passed on; any other ride changes nothing.</summary>
    public sealed record Release(string RideId) : DriverCommand;

    private DriverCommand() { }
}

// Stored for ever: who changes a shape that has shipped raises its version and adds an upcaster from the old one.

/// <summary>What can have happened to a driver.</summary>
public abstract record DriverEvent
{
    /// <summary>The driver was taken on; earns in the account, which is in the currency.</summary>
    [EventType("driver.registered", 1)]
    public sealed record Registered(
        [Subject] string DriverId, [Personal] string Name, string Vehicle, string AccountId, string Currency)
        : DriverEvent;

    /// <summary>All of it, as it is from now on.</summary>
    [EventType("driver.revised", 1)]
    public sealed record Revised(
        [Subject] string DriverId, [Personal] string Name, string Vehicle, string AccountId, string Currency)
        : DriverEvent;

    /// <summary>The driver waits for rides, at first in this place.</summary>
    [EventType("driver.went-online", 1)]
    public sealed record WentOnline(double Lat, double Lon) : DriverEvent;

    /// <summary>The driver takes no more rides.</summary>
    [EventType("driver.went-offline", 1)]
    public sealed record WentOffline : DriverEvent;

    /// <summary>The driver has a ride, and takes no other until it is released.</summary>
    [EventType("driver.assigned", 1)]
    public sealed record Assigned(string RideId) : DriverEvent;

    /// <summary>The ride is over or was passed on: the driver is free.</summary>
    [EventType("driver.released", 1)]
    public sealed record Released(string RideId) : DriverEvent;

    private DriverEvent() { }
}

/// <summary>A driver, with one ride at a time.</summary>
/// <param name="IsRegistered">Whether there is such a driver.</param>
/// <param name="IsOnline">Whether the driver takes rides.</param>
/// <param name="Name">What passengers call the driver.</param>
/// <param name="Vehicle">What they look out for.</param>
/// <param name="AccountId">Where the driver is paid.</param>
/// <param name="Currency">That account's.</param>
/// <param name="Place">Where the driver last went online.</param>
/// <param name="Session">How often the driver went online.</param>
/// <param name="RideId">The ride that the driver has; null if free.</param>
[GenerateSerializer, Immutable, Alias("waybill.driver-state")]
public sealed record Driver(
    bool IsRegistered,
    bool IsOnline,
    string Name,
    string Vehicle,
    string AccountId,
    string Currency,
    GeoPoint Place,
    int Session,
    string? RideId) : IAggregate<Driver, DriverCommand, DriverEvent>
{
    /// <inheritdoc/>
    public static string Category => "driver";

    /// <inheritdoc/>
    public static JsonTypeInfo<Driver> Json => DriverJson.Default.Driver;

    /// <inheritdoc/>
    public static Driver Initial { get; } = new(false, false, "", "", "", "", default, Session: 0, RideId: null);

    /// <summary>Whether a ride can be given to the driver.</summary>
    [JsonIgnore]
    public bool IsFree => IsOnline && RideId is null;

    // Arms stand in order of precedence: whether there is a driver, repeats, refusals, what happens.

    /// <inheritdoc/>
    public static Decision<DriverEvent> Decide(DriverCommand command, Driver driver, DateTimeOffset now) =>
        command switch
        {
            Register r when !driver.IsRegistered => new Registered(
                r.DriverId, r.Name, r.Vehicle, r.AccountId, r.Currency),
            Register r when driver.IsAs(r) => Nothing,
            // What the ride is paid in was agreed on with the driver as it was.
            Register r when driver.RideId is not null && r.Currency != driver.Currency => Refuse("driver-on-ride"),
            Register r => new Revised(r.DriverId, r.Name, r.Vehicle, r.AccountId, r.Currency),
            _ when !driver.IsRegistered => Missing("driver-not-found"),

            GoOnline { Place.IsValid: false } or Move { Place.IsValid: false } => Refuse("location-invalid"),
            GoOnline when driver.IsOnline => Nothing,
            GoOnline online => new WentOnline(online.Place.Lat, online.Place.Lon),
            GoOffline when !driver.IsOnline => Nothing,
            GoOffline when driver.RideId is not null => Refuse("driver-on-ride"),
            GoOffline => new WentOffline(),
            Move when !driver.IsOnline => Refuse("driver-offline"),
            Move => Nothing,

            Assign assign when driver.RideId == assign.RideId => Nothing,
            Assign when !driver.IsOnline => Refuse("driver-offline"),
            Assign when driver.RideId is not null => Refuse("driver-on-ride"),
            Assign assign when driver.Currency != assign.Currency => Refuse("currency-mismatch"),
            Assign assign => new Assigned(assign.RideId),
            Release release when driver.RideId != release.RideId => Nothing,
            Release release => new Released(release.RideId),

            _ => throw new UnreachableException($"No decision for {command.GetType().Name}."),
        };

    /// <inheritdoc/>
    public static Driver Evolve(Driver driver, DriverEvent happened) => happened switch
    {
        Registered e => driver with
        {
            IsRegistered = true, Name = e.Name, Vehicle = e.Vehicle, AccountId = e.AccountId, Currency = e.Currency,
        },
        Revised e => driver with
        {
            Name = e.Name, Vehicle = e.Vehicle, AccountId = e.AccountId, Currency = e.Currency,
        },
        WentOnline e => driver with
        {
            IsOnline = true, Place = new(e.Lat, e.Lon), Session = driver.Session + 1,
        },
        WentOffline => driver with { IsOnline = false },
        Assigned e => driver with { RideId = e.RideId },
        Released => driver with { RideId = null },
        _ => throw new UnreachableException($"No fold for {happened.GetType().Name}."),
    };

    private bool IsAs(Register r) =>
        (r.Name, r.Vehicle, r.AccountId, r.Currency) == (Name, Vehicle, AccountId, Currency);
}

/// <summary>The JSON of a driver's events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Registered))]
[JsonSerializable(typeof(Revised))]
[JsonSerializable(typeof(WentOnline))]
[JsonSerializable(typeof(WentOffline))]
[JsonSerializable(typeof(Assigned))]
[JsonSerializable(typeof(Released))]
internal sealed partial class DriverEventJson : JsonSerializerContext;

/// <summary>The JSON of a driver's snapshots; none are kept, since the events have personal texts.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Driver))]
internal sealed partial class DriverJson : JsonSerializerContext;
