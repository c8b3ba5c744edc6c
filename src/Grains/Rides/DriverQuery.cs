namespace Waybill.Grains.Rides;

/// <summary>Which drivers are looked for.</summary>
/// <param name="Center">Near what.</param>
/// <param name="Radius">How far away at most, in metres.</param>
/// <param name="Max">How many at most.</param>
/// <param name="Currency">What they are paid in; null if that does not matter.</param>
/// <param name="Except">Who is not looked for.</param>
[GenerateSerializer, Immutable, Alias("waybill.driver-query")]
public sealed record DriverQuery(
    GeoPoint Center, double Radius, int Max, string? Currency = null, IReadOnlyList<string>? Except = null)
{
    /// <summary>The widest search, in metres; it asks some 300 cells where nobody is near.</summary>
    public const int RadiusMax = 25_000;

    /// <summary>As many as one answer may name.</summary>
    public const int LimitMax = 100;

    // The first ring: a few cells, which in a town are enough.
    private const double FirstReach = 2_000;

    /// <summary>The nearest first; of two who are as near, always the same one.</summary>
    public IReadOnlyList<DriverFix> Nearest(IEnumerable<DriverFix> drivers) =>
    [
        .. from fix in drivers
           let distance = fix.Place.DistanceTo(Center)
           where distance <= Radius
               && (Currency is null || fix.Currency == Currency)
               && Except?.Contains(fix.DriverId) is not true
           orderby distance, fix.DriverId
           select fix,
    ];

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
