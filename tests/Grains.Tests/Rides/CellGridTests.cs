using Waybill.Grains.Rides;

namespace Waybill.Tests.Grains.Rides;

/// <summary>
/// The index of places, against looking at every one. WAYBILL_SEED says which places.
/// </summary>
public sealed class CellGridTests(ITestOutputHelper output)
{
    private const int Searches = 400;
    private const int Drivers = 300;

    [Theory]
    [InlineData(52.52, 13.405, 48.1372, 11.5755, 504_000)] // Berlin to Munich.
    [InlineData(0, 179.9, 0, -179.9, 22_239)]
    [InlineData(90, 0, 90, 135, 0)]
    [InlineData(-90, 0, 90, 0, 20_015_115)]
    [InlineData(12, 34, 12, 34, 0)]
    public void The_distance_is_that_over_the_sphere(
        double lat, double lon, double otherLat, double otherLon, double metres) =>
        new GeoPoint(lat, lon).DistanceTo(new(otherLat, otherLon)).ShouldBe(metres, Math.Max(1, metres * 0.001));

    [Theory]
    [InlineData(90.000001, 0)]
    [InlineData(-91, 0)]
    [InlineData(0, 180.5)]
    [InlineData(double.NaN, 0)]
    [InlineData(0, double.NaN)]
    [InlineData(double.PositiveInfinity, 0)]
    [InlineData(0, double.NegativeInfinity)]
    public void What_is_not_on_the_globe_is_nowhere(double lat, double lon) =>
        new GeoPoint(lat, lon).IsValid.ShouldBeFalse();

    [Fact]
    public void A_place_is_read_as_it_was_written()
    {
        var random = new Random(1);
        for (var i = 0; i < 1_000; i++)
        {
            var place = Anywhere(random);
            GeoPoint.Parse(place.ToString()).ShouldBe(place);
        }
    }

    [Fact]
    public void The_antimeridian_is_one_meridian() =>
        CellGrid.Of(new(10, 180)).ShouldBe(CellGrid.Of(new(10, -180)));

    [Fact]
    public void The_poles_lie_in_a_cell_whatever_their_longitude()
    {
        foreach (var lat in new[] { -90.0, 90.0 })
            CellGrid.Within(new(lat, 77), 10).ShouldContain(CellGrid.Of(new(lat, -123)));
    }

    [Fact]
    public void The_widest_search_asks_some_hundred_cells_wherever_it_is()
    {
        var random = new Random(2);
        for (var i = 0; i < 300; i++)
        {
            var cells = CellGrid.Within(Anywhere(random), DriverQuery.RadiusMax).ToList();
            cells.ShouldBeUnique();
            cells.Count.ShouldBeInRange(200, 450);
        }
    }

    [Fact]
    public async Task A_search_finds_the_nearest_that_looking_at_everybody_finds()
    {
        var seed = Setting.Seed();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var search = 0; search < Searches; search++)
        {
            var center = Anywhere(random);
            var drivers = Enumerable.Range(0, Drivers).Select(number => At(number, Around(center, random))).ToList();
            var cells = drivers.ToLookup(fix => CellGrid.Of(fix.Place));
            var query = new DriverQuery(
                center,
                random.Next(1, DriverQuery.RadiusMax + 1),
                random.Next(1, 20),
                random.Next(2) == 0 ? "EUR" : null,
                [.. drivers.Where(_ => random.Next(20) == 0).Select(fix => fix.DriverId)]);

            var found = await query.Search(cell => Task.FromResult<IReadOnlyList<DriverFix>>(
                [.. query.Nearest(cells[cell]).Take(query.Max)]));

            found.ShouldBe(query.Nearest(drivers).Take(query.Max), $"search {search} around {center}");
            if (found.Count == 0)
                continue;
            var next = query with { After = query.RankOf(found[^1]) };
            var more = await next.Search(cell => Task.FromResult<IReadOnlyList<DriverFix>>(
                [.. next.Nearest(cells[cell]).Take(next.Max)]));
            more.ShouldBe(
                query.Nearest(drivers).Skip(query.Max).Take(query.Max), $"after search {search} around {center}");
        }
    }

    private static DriverFix At(int number, GeoPoint place) =>
        new($"d{number}", place, number % 3 == 0 ? "USD" : "EUR", 1, DateTimeOffset.UnixEpoch);

    // A third each: everywhere, at the antimeridian, around the poles.
    private static GeoPoint Anywhere(Random random) => random.Next(3) switch
    {
        0 => new((random.NextDouble() * 180) - 90, (random.NextDouble() * 360) - 180),
        1 => new((random.NextDouble() * 170) - 85, Wrapped(180 + ((random.NextDouble() - 0.5) * 0.4))),
        _ => new(
            (random.Next(2) == 0 ? 1 : -1) * (90 - (random.NextDouble() * 0.3)), (random.NextDouble() * 360) - 180),
    };

    // At any distance up to beyond the widest search, in any direction.
    private static GeoPoint Around(GeoPoint center, Random random)
    {
        var (angle, bearing) = (
            random.NextDouble() * 1.2 * DriverQuery.RadiusMax / GeoPoint.EarthRadius, random.NextDouble() * Math.Tau);
        var (lat, lon) = (double.DegreesToRadians(center.Lat), double.DegreesToRadians(center.Lon));
        var sin = (Math.Sin(lat) * Math.Cos(angle)) + (Math.Cos(lat) * Math.Sin(angle) * Math.Cos(bearing));
        var east = Math.Atan2(
            Math.Sin(bearing) * Math.Sin(angle) * Math.Cos(lat), Math.Cos(angle) - (Math.Sin(lat) * sin));
        return new(double.RadiansToDegrees(Math.Asin(sin)), Wrapped(double.RadiansToDegrees(lon + east)));
    }

    private static double Wrapped(double lon) => lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon;
}
