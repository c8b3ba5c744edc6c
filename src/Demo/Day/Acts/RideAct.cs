namespace Waybill.Demo.Day.Acts;

/// <summary>People are driven through the town, some of them by the second or third driver who is asked.</summary>
internal static class RideAct
{
    private const string Name = "rides";

    public static IEnumerable<Visit> Plan(Town town, Random random)
    {
        for (var i = 0; i < 24; i++)
            yield return Ride("through the town", declines: 0);
        for (var i = 0; i < 8; i++)
            yield return Ride("declined and passed on", declines: random.Next(1, 3));

        Visit Ride(string story, int declines)
        {
            var (id, account) = (town.NewId("ride"), random.Of(town.Accounts));
            var (from, to) = (town.Centre.Near(random, 2_000), town.Centre.Near(random, 6_000));
            var (metres, stars) = (random.NextInt64(800, 9_000), random.Next(1, 6));
            return new(Name, story, async () =>
            {
                await town.Taxis.Seats.WaitAsync();
                try
                {
                    (await town.Taxis.Request(id, account, from, to)).OrThrow(id);
                    if (await town.TakeDriver(id, declines) is null)
                        return await town.Taxis.Until(id, "cancelled");
                    await town.Taxis.Drive(id, metres);
                    await town.Taxis.Rate(id, "rider", stars);
                }
                finally
                {
                    town.Taxis.Seats.Release();
                }
                return await town.Taxis.Until(id, "paid");
            }, new Outcome("paid"));
        }
    }

    /// <summary>Waits for a driver, after so many have declined.</summary>
    /// <returns>The driver; null if nobody is left.</returns>
    public static async Task<string?> TakeDriver(this Town town, string ride, int declines)
    {
        HashSet<string> declined = [];
        while (true)
        {
            var driver = await town.Taxis.Driver(ride, declined);
            if (driver is null || declined.Count == declines)
                return driver;
            await town.Taxis.Decline(ride, driver);
            declined.Add(driver);
        }
    }
}
