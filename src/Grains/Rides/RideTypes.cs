using System.Text.Json.Serialization;

namespace Waybill.Grains.Rides;

/// <summary>Where a ride stands.</summary>
[GenerateSerializer, Alias("waybill.ride-status")]
public enum RideStatus
{
    /// <summary>It was never requested.</summary>
    None,

    /// <summary>A driver is looked for.</summary>
    Requested,

    /// <summary>A driver is on the way.</summary>
    Matched,

    /// <summary>The driver is there.</summary>
    Arrived,

    /// <summary>It is under way.</summary>
    Started,

    /// <summary>It is over, and being paid.</summary>
    Completed,

    /// <summary>The rider has paid.</summary>
    Paid,

    /// <summary>It is over, and the rider could not be charged so far.</summary>
    Unpaid,

    /// <summary>It did not take place.</summary>
    Cancelled,
}

/// <summary>Who takes part in a ride.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RideParty>))]
[GenerateSerializer, Alias("waybill.ride-party")]
public enum RideParty
{
    /// <summary>Who asked for it.</summary>
    [JsonStringEnumMemberName("rider")] Rider,

    /// <summary>Who drives.</summary>
    [JsonStringEnumMemberName("driver")] Driver,
}

/// <summary>Who can call a ride off.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CancelledBy>))]
[GenerateSerializer, Alias("waybill.cancelled-by")]
public enum CancelledBy
{
    /// <summary>Who asked for it.</summary>
    [JsonStringEnumMemberName("rider")] Rider,

    /// <summary>Who was to drive.</summary>
    [JsonStringEnumMemberName("driver")] Driver,

    /// <summary>Waybill itself, or its operator.</summary>
    [JsonStringEnumMemberName("system")] System,
}

/// <summary>How a ride was for one of its parties.</summary>
/// <param name="By">Who says so.</param>
/// <param name="Stars">From 1 to 5.</param>
[GenerateSerializer, Immutable, Alias("waybill.rating")]
public sealed record Rating(RideParty By, int Stars);
