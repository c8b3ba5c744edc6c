namespace Waybill.Demo.Day;

/// <summary>A place on the earth, in degrees.</summary>
internal readonly record struct Place(double Lat, double Lon)
{
    private const double MetresPerDegree = 111_000;

    /// <summary>A place that is so far to the north and to the east, in metres.</summary>
    public Place Moved(double north, double east) => new(
        Math.Round(Lat + (north / MetresPerDegree), 6),
        Math.Round(Lon + (east / MetresPerDegree / Math.Cos(Lat * Math.PI / 180)), 6));

    /// <summary>Somewhere in a square around it.</summary>
    public Place Near(Random random, double metres) => Moved(
        ((random.NextDouble() * 2) - 1) * metres, ((random.NextDouble() * 2) - 1) * metres);
}
