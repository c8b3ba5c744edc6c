namespace Waybill.Grains.Rides;

/// <summary>Which drivers are looked for.</summary>
/// <param name="Center">Near what.</param>
/// <param name="Radius">How far away at most, in metres.</param>
/// <param name="Max">How many at most.</param>
/// <param name="Currency">What they are paid in; null if that does not matter.</param>
/// <param name="Except">Who is not looked for.</param>
/// <param name="After">Who comes before those that are looked for; null for the nearest.</param>
[GenerateSerializer, Immutable, Alias("waybill.driver-query")]
public sealed record DriverQuery(
    GeoPoint Center,
    double Radius,
    int Max,
    string? Currency = null,
    IReadOnlyList<string>? Except = null,
    DriverRank? After = null)
{
    /// <summary>The widest search, in metres; it asks some 300 cells where nobody is near.</summary>
    public const int RadiusMax = 25_000;

    // The first ring: a few cells, which in a town are enough.
    private const double FirstReach = 2_000;

    /// <summary>The nearest first; of two who are as near, always the same one.</summary>
    public IReadOnlyList<DriverFix> Nearest(IEnumerable<DriverFix> drivers) =>
    [
        .. from fix in drivers
           let rank = RankOf(fix)
           where rank.Distance <= Radius
               && (Currency is null || fix.Currency == Currency)
               && Except?.Contains(fix.DriverId) is not true
               && (After is null || rank.IsAfter(After))
           group fix by rank.Distance into near
           orderby near.Key
           from fix in near.OrderBy(fix => fix.DriverId, StringComparer.Ordinal)
           select fix,
    ];

    /// <summary>Where a driver comes among those who are found.</summary>
    public DriverRank RankOf(DriverFix fix) => new(fix.Place.DistanceTo(Center), fix.DriverId);

    /// <summary>
    /// Asks cells in rings that grow until as many drivers are found as are looked for. Each ring is twice as wide as
    /// the one before: so nobody outside it is nearer than those inside, and half of the cells are asked for nothing
    /// at worst.
    /// </summary>
    /// <param name="ask">Asks one cell for <see cref="Nearest"/>.</param>
    public async Task<IReadOnlyList<DriverFix>> Search(Func<Cell, Task<IReadOnlyList<DriverFix>>> ask)
    {
        var asked = new HashSet<Cell>();
        var found = new Dictionary<string, DriverFix>();
        for (var reach = FirstReach; ; reach *= 2)
        {
            var isLast = reach >= Radius;
            var cells = CellGrid.Within(Center, isLast ? Radius : reach).Where(asked.Add).ToList();
            foreach (var fix in (await Task.WhenAll(cells.Select(ask))).SelectMany(fixes => fixes))
                if (!found.TryGetValue(fix.DriverId, out var other) || other.At < fix.At)
                    found[fix.DriverId] = fix; // Who moves from cell to cell may be seen in both.
            var inside = (isLast ? this : this with { Radius = reach }).Nearest(found.Values);
            if (isLast || inside.Count >= Max)
                return [.. inside.Take(Max)];
        }
    }
}

/// <summary>Where a driver comes among those who are found.</summary>
/// <param name="Distance">How far away, in metres.</param>
/// <param name="DriverId">Who.</param>
[GenerateSerializer, Immutable, Alias("waybill.driver-rank")]
public sealed record DriverRank(double Distance, string DriverId)
{
    /// <summary>Whether it comes after another one.</summary>
    public bool IsAfter(DriverRank other) => Distance == other.Distance
        ? string.CompareOrdinal(DriverId, other.DriverId) > 0
        : Distance > other.Distance;
}
