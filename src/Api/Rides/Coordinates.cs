using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Waybill.Api.Http;
using Waybill.Grains.Rides;

namespace Waybill.Api.Rides;

/// <summary>A latitude in degrees.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct Latitude
{
    public double Value { get; private init; }

    private sealed class Converter() : DegreesConverter<Latitude>(
        90, "a latitude from -90 to 90 degrees", value => new() { Value = value }, latitude => latitude.Value);
}

/// <summary>A longitude in degrees.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct Longitude
{
    public double Value { get; private init; }

    private sealed class Converter() : DegreesConverter<Longitude>(
        180, "a longitude from -180 to 180 degrees", value => new() { Value = value }, longitude => longitude.Value);
}

/// <summary>Reads degrees from a JSON number; one that overflows is infinite, and out of range.</summary>
internal abstract class DegreesConverter<T>(double max, string expected, Func<double, T> make, Func<T, double> value)
    : JsonConverter<T>
    where T : struct
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var degrees) && Math.Abs(degrees) <= max
            ? make(degrees)
            : throw new WrongValueException(expected);

    public override void Write(Utf8JsonWriter writer, T degrees, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value(degrees));
}

/// <summary>A place, as it stands in a body.</summary>
internal sealed record Place(Latitude Lat, Longitude Lon)
{
    public GeoPoint ToPoint() => new(Lat.Value, Lon.Value);
}

/// <summary>Near what drivers are looked for.</summary>
/// <param name="Lat">The latitude, in degrees.</param>
/// <param name="Lon">The longitude, in degrees.</param>
/// <param name="Radius">How far away they may be, in metres.</param>
internal sealed record NearbyQuery(double Lat, double Lon, long Radius) : IQuery
{
    public static IReadOnlyList<string> Names { get; } = ["lat", "lon", "radius"];

    /// <exception cref="MalformedException">One of them is missing, or not what it must be.</exception>
    public static ValueTask<NearbyQuery> BindAsync(HttpContext http) => ValueTask.FromResult(new NearbyQuery(
        Degrees(http, "lat", 90),
        Degrees(http, "lon", 180),
        http.QueryNumber("radius", 1, DriverQuery.RadiusMax)
            ?? throw new MalformedException(
                $"radius must be a whole number of metres up to {DriverQuery.RadiusMax}.")));

    /// <summary>The cursor that stands for whom the page before ended with, as text <c>1203.5:d-17</c>.</summary>
    public static string CursorOf(DriverRank last) =>
        string.Create(CultureInfo.InvariantCulture, $"{last.Distance:R}:{last.DriverId}");

    /// <summary>Whom a cursor stands for; null if there is none.</summary>
    /// <exception cref="MalformedException">It is not what <see cref="CursorOf"/> makes.</exception>
    public static DriverRank? After(string? cursor) => cursor?.Split(':') switch
    {
        null => null,
        [var distance, var driver] when double.TryParse(
            distance, NumberStyles.Float, CultureInfo.InvariantCulture, out var metres)
            && metres >= 0 && ResourceId.TryParse(driver, null, out _) => new(metres, driver),
        _ => throw new MalformedException("cursor must be what a page answered as next."),
    };

    private static double Degrees(HttpContext http, string name, double max)
    {
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint
            | NumberStyles.AllowExponent;
        return double.TryParse(http.QueryValue(name), style, CultureInfo.InvariantCulture, out var degrees)
            && Math.Abs(degrees) <= max // Which NaN is not.
                ? degrees
                : throw new MalformedException($"{name} must be a number from -{max} to {max}.");
    }
}
