namespace Waybill.Grains.Rides;

/// <summary>
/// What a ride costs, in whole minor units of its currency, whichever that is. Each part is rounded by itself, halves
/// up, so that the parts shown add up to the total.
/// </summary>
/// <param name="Base">For being taken along at all.</param>
/// <param name="PerKilometre">For the distance.</param>
/// <param name="PerMinute">For the time from the start to the end.</param>
public sealed record Tariff(long Base, long PerKilometre, long PerMinute)
{
    /// <summary>The tariff of all rides.</summary>
    public static Tariff Standard { get; } = new(Base: 2_50, PerKilometre: 1_20, PerMinute: 30);

    // What an estimate goes by: streets are a third longer than the way as the crow flies, and a town's traffic moves
    // at 30 km/h.
    private const double DetourFactor = 1.3;
    private const double MetresPerSecond = 30_000.0 / 3_600;

    /// <summary>What was driven.</summary>
    public Fare Of(long metres, long seconds)
    {
        var distance = checked((metres * PerKilometre) + 500) / 1_000;
        var time = checked((seconds * PerMinute) + 30) / 60;
        return new(Base, distance, time, checked(Base + distance + time));
    }

    /// <summary>What a ride between two places should cost: so much is set aside for it.</summary>
    public Fare Estimate(GeoPoint pickup, GeoPoint dropoff)
    {
        var metres = pickup.DistanceTo(dropoff) * DetourFactor;
        return Of((long)metres, (long)(metres / MetresPerSecond));
    }
}

/// <summary>A fare in whole minor units.</summary>
/// <param name="Base">For being taken along at all.</param>
/// <param name="Distance">For the distance.</param>
/// <param name="Time">For the time.</param>
/// <param name="Total">All of it.</param>
[GenerateSerializer, Immutable, Alias("waybill.fare")]
public sealed record Fare(long Base, long Distance, long Time, long Total);
