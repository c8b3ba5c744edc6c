using System.Text.Json.Serialization;

namespace Waybill.Grains.Rides;

/// <summary>A driver as everybody sees one.</summary>
/// <param name="DriverId">The driver's id.</param>
/// <param name="Name">What passengers call the driver.</param>
/// <param name="Vehicle">What they look out for.</param>
/// <param name="AccountId">Where the driver is paid.</param>
/// <param name="Currency">That account's.</param>
/// <param name="Status">Whether a ride can be given to the driver.</param>
/// <param name="RideId">The ride that the driver has.</param>
/// <param name="Location">Where the driver is, as far as is known; null while offline.</param>
/// <param name="Version">How many events the driver is made of; moves are none.</param>
[GenerateSerializer, Immutable, Alias("waybill.driver-view")]
public sealed record DriverView(
    string DriverId,
    string Name,
    string Vehicle,
    string AccountId,
    string Currency,
    DriverStatus Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RideId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GeoPoint? Location,
    long Version)
{
    /// <summary>What a driver's state shows.</summary>
    public static DriverView Of(string driverId, Driver driver, GeoPoint place, long version) => new(
        driverId,
        driver.Name,
        driver.Vehicle,
        driver.AccountId,
        driver.Currency,
        driver.IsFree ? DriverStatus.Free : driver.IsOnline ? DriverStatus.OnRide : DriverStatus.Offline,
        driver.RideId,
        driver.IsOnline ? place : null,
        version);
}

/// <summary>Whether a ride can be given to a driver.</summary>
[GenerateSerializer, Alias("waybill.driver-status")]
public enum DriverStatus
{
    /// <summary>The driver takes no rides.</summary>
    Offline,

    /// <summary>The driver waits for one.</summary>
    Free,

    /// <summary>The driver has one.</summary>
    OnRide,
}
