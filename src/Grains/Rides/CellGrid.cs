using System.Globalization;

namespace Waybill.Grains.Rides;

/// <summary>A cell of the <see cref="CellGrid"/>.</summary>
/// <param name="Row">Counted from the south pole.</param>
/// <param name="Column">Counted eastwards from the antimeridian.</param>
public readonly record struct Cell(int Row, int Column)
{
    /// <summary>Its name, for example <c>5701.5120</c>.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{Row}.{Column}");
}

/// <summary>
/// The earth's surface cut into cells of about the same size: rows of equal height, and in each as many columns as make
/// the cells at least as wide as they are high. So there are fewer columns towards the poles, and one or a few around
/// each.
/// </summary>
public static class CellGrid
{
    /// <summary>
    /// The height of a row in degrees, 2.8 km: a city's drivers are spread over some dozens of cells, and a search over
    /// its widest radius asks some hundreds.
    /// </summary>
    private const double Height = 0.025;

    private const int Rows = (int)(180 / Height);

    // What rounding may move a place by, against a search that must not miss it.
    private const double MarginMetres = 0.01;

    /// <summary>The cell that a place lies in.</summary>
    public static Cell Of(GeoPoint place)
    {
        var row = RowOf(place.Lat);
        var columns = ColumnsIn(row);
        return new(row, ColumnOf(place.Lon, columns) % columns); // 180 and -180 are one meridian.
    }

    /// <summary>The cells that hold every place within a radius, and perhaps a few more at the rim.</summary>
    /// <param name="center">The middle.</param>
    /// <param name="radius">In metres; less than a quarter of the way around the earth.</param>
    public static IEnumerable<Cell> Within(GeoPoint center, double radius)
    {
        var angle = (radius + MarginMetres) / GeoPoint.EarthRadius;
        var lat = double.DegreesToRadians(center.Lat);
        // Where the circle is widest, which is nearer to the pole than its middle; the pole itself if it lies inside.
        var widest = Math.Asin(Math.Clamp(Math.Sin(lat) / Math.Cos(angle), -1, 1));
        var (south, north) = (double.RadiansToDegrees(lat - angle), double.RadiansToDegrees(lat + angle));
        for (var row = RowOf(south); row <= RowOf(north); row++)
        {
            var columns = ColumnsIn(row);
            var reach = Reach(lat, Math.Clamp(widest, SouthOf(row), SouthOf(row + 1)), angle);
            var west = ColumnOf(center.Lon - reach, columns);
            var count = Math.Min(columns, ColumnOf(center.Lon + reach, columns) - west + 1);
            for (var column = west; column < west + count; column++)
                yield return new(row, (column + columns) % columns); // Across the antimeridian it goes on.
        }
    }

    // How many degrees of longitude away a circle's rim is on a parallel: the haversine formula, solved for that.
    private static double Reach(double center, double parallel, double angle)
    {
        var haversine = (GeoPoint.Haversine(angle) - GeoPoint.Haversine(parallel - center))
            / (Math.Cos(center) * Math.Cos(parallel));
        return haversine < 1 ? double.RadiansToDegrees(2 * Math.Asin(Math.Sqrt(Math.Max(0, haversine)))) : 180;
    }

    private static double SouthOf(int row) => double.DegreesToRadians((row * Height) - 90);

    private static int RowOf(double lat) => Math.Clamp((int)Math.Floor((lat + 90) / Height), 0, Rows - 1);

    private static int ColumnOf(double lon, int columns) => (int)Math.Floor((lon + 180) / 360 * columns);

    // As many as fit on the row's longer edge, which is the one nearer to the equator.
    private static int ColumnsIn(int row)
    {
        var south = (row * Height) - 90;
        var nearest = Math.Max(0, Math.Max(south, -(south + Height)));
        return Math.Max(1, (int)(360 / Height * Math.Cos(double.DegreesToRadians(nearest))));
    }
}
