using System.Globalization;
using Waybill.Demo.Http;

namespace Waybill.Demo.Day;

/// <summary>
/// Who and what there is on the day. All ids begin with the run's, and each run has a town of its own, out of reach of
/// all others' drivers: so days on one server do not get into each other's way.
/// </summary>
internal sealed class Town
{
    /// <summary>How many of <see cref="Rarity"/> are left.</summary>
    public const int Rarities = 5;

    private const int Customers = 30;

    private const int Drivers = 24;

    /// <summary>More than anybody spends in a day.</summary>
    private const long Fortune = 5_000_00;

    private static readonly string[] Names = ["Ann", "Bob", "Cem", "Dora", "Eve", "Finn", "Gül", "Hugo", "Ida", "Jo"];

    private static readonly (string Name, long UnitPrice)[] Assortment =
        [("tea", 4_50), ("coffee", 7_90), ("honey", 6_20), ("candles", 3_10), ("lamp", 24_00), ("book", 18_50)];

    private int _ids;

    public Town(WaybillClient api, string run)
    {
        Run = run;
        Bank = new(api, Ledger);
        Shop = new(api, Ledger);
        Taxis = new(api, Ledger);
        // As far around the earth as the run's own id says.
        var somewhere = Convert.ToUInt32(run[^8..], 16);
        Centre = new(Lat: (somewhere % 5_000 / 50.0) - 50, Lon: (somewhere / 5_000 % 17_000 / 50.0) - 170);
        Accounts = [.. Ids("customer", Customers)];
        Goods = [.. Assortment.Select(item => $"{run}-{item.Name}")];
        Cabs = [.. Ids("driver", Drivers)];
    }

    public string Run { get; }

    public Ledger Ledger { get; } = new();

    public Bank Bank { get; }

    public Shop Shop { get; }

    public Taxis Taxis { get; }

    /// <summary>Where most rides begin.</summary>
    public Place Centre { get; }

    /// <summary>A hamlet with one driver, too far away for the town's.</summary>
    public Place Hamlet => Centre.Moved(north: 60_000, east: 0);

    /// <summary>A place without any driver.</summary>
    public Place Wilderness => Centre.Moved(north: 0, east: 60_000);

    /// <summary>Accounts with enough money for whatever is bought.</summary>
    public IReadOnlyList<string> Accounts { get; }

    /// <summary>Items of which there are enough.</summary>
    public IReadOnlyList<string> Goods { get; }

    /// <summary>An item of which a few are left.</summary>
    public string Rarity => $"{Run}-first-edition";

    /// <summary>An account that takes nothing any more.</summary>
    public string ClosedAccount => $"{Run}-closed";

    /// <summary>The drivers in the town.</summary>
    public IReadOnlyList<string> Cabs { get; }

    public string HamletDriver => $"{Run}-driver-hamlet";

    /// <summary>A new id; the same one for the same place in the plan of the same day.</summary>
    public string NewId(string kind) =>
        string.Create(CultureInfo.InvariantCulture, $"{Run}-{kind}-{Interlocked.Increment(ref _ids)}");

    /// <summary>What has to be done before the town wakes up; all of it can be done at once.</summary>
    public IEnumerable<Func<Task>> Opening(Random random)
    {
        foreach (var (account, name) in Accounts.Zip(Cycle(Names)))
            yield return () => Bank.Open(account, name, Fortune);
        yield return async () =>
        {
            await Bank.Open(ClosedAccount, "Zoe");
            (await Bank.Close(ClosedAccount)).OrThrow(ClosedAccount);
        };
        foreach (var (sku, item) in Goods.Zip(Assortment))
            yield return () => Shop.Offer(sku, item.Name, item.UnitPrice, quantity: 100_000);
        yield return () => Shop.Offer(Rarity, "first edition", 90_00, Rarities);
        foreach (var (driver, name) in Cabs.Zip(Cycle(Names)))
        {
            var place = Centre.Near(random, 2_000);
            yield return () => Hire(driver, name, place);
        }
        yield return () => Hire(HamletDriver, "Kim", Hamlet);
    }

    /// <summary>What the last one out does.</summary>
    public IEnumerable<Func<Task>> Closing() =>
        Ledger.Drivers.Select(driver => (Func<Task>)(() => Taxis.GoOffline(driver)));

    private async Task Hire(string driver, string name, Place place)
    {
        var account = $"{driver}-account";
        await Bank.Open(account, name);
        await Taxis.TakeOn(driver, name, "a yellow one", account);
        await Taxis.GoOnline(driver, place);
    }

    private IEnumerable<string> Ids(string kind, int count) =>
        Enumerable.Range(1, count).Select(number => $"{Run}-{kind}-{number}");

    private static IEnumerable<string> Cycle(string[] names)
    {
        while (true)
            foreach (var name in names)
                yield return name;
    }
}
