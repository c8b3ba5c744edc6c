using System.Globalization;
using System.Text.Json.Serialization;

namespace Waybill.Grains.Rides;

/// <summary>A place on the earth, in degrees.</summary>
/// <param name="Lat">From -90, the south pole, to 90, the north pole.</param>
/// <param name="Lon">From -180 to 180, which are one meridian.</param>
[GenerateSerializer, Immutable, Alias("waybill.geo-point")]
public readonly record struct GeoPoint(double Lat, double Lon)
{
    /// <summary>The mean radius of the earth in metres (R1 of the IUGG).</summary>
    public const double EarthRadius = 6_371_008.8;

    /// <summary>Whether there is such a place; NaN is nowhere.</summary>
    [JsonIgnore]
    public bool IsValid => Lat is >= -90 and <= 90 && Lon is >= -180 and <= 180;

    /// <summary>
    /// The distance over the surface of a sphere in metres, by the haversine formula (R. W. Sinnott, "Virtues of the
    /// Haversine", Sky and Telescope 68, 1984). It keeps its precision for small distances; the earth's flattening
    /// makes it up to 0.6 % wrong.
    /// </summary>
    public double DistanceTo(GeoPoint other)
    {
        var lat = double.DegreesToRadians(Lat);
        var otherLat = double.DegreesToRadians(other.Lat);
        var haversine = Haversine(otherLat - lat)
            + (Math.Cos(lat) * Math.Cos(otherLat) * Haversine(double.DegreesToRadians(other.Lon - Lon)));
        // Rounding may carry it past 1 for places on opposite sides of the earth.
        return 2 * EarthRadius * Math.Asin(Math.Sqrt(Math.Min(1, haversine)));
    }

    /// <summary>As text that <see cref="Parse"/> reads without loss.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Lat:R},{Lon:R}");

    /// <summary>Reads what <see cref="ToString"/> has written.</summary>
    public static GeoPoint Parse(string text)
    {
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        return new(
            double.Parse(text.AsSpan(0, comma), CultureInfo.InvariantCulture),
            double.Parse(text.AsSpan(comma + 1), CultureInfo.InvariantCulture));
    }

    internal static double Haversine(double angle) => Math.Pow(Math.Sin(angle / 2), 2);
}
