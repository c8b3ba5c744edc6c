namespace Waybill.Bench.Http;

/// <summary>Rides, from when they are requested until they are paid; the driver loses no time.</summary>
internal static class Riding
{
    // One is on a ride while the other is being released from the one before.
    private const int DriversEach = 3;
    private const string Matched = "ride.matched";
    private const string Paid = "ride.paid";

    internal static async Task<Func<int, Task>> PrepareAsync(BenchServer server, int callers)
    {
        await Depositing.OpenAsync(server);
        for (var driver = 0; driver < callers * DriversEach; driver++)
        {
            var account = Depositing.Account(driver);
            await server.PutAsync($"/drivers/d{driver}", new { name = "Bob", vehicle = "a cab", accountId = account });
            await server.PostAsync($"/drivers/d{driver}/online", Place(driver % callers));
        }
        await server.FollowAsync(Matched);
        await server.FollowAsync(Paid);
        var requested = 0;
        return async caller =>
        {
            var number = Interlocked.Increment(ref requested);
            var (ride, account) = ($"r{number}", Depositing.Account(number % Depositing.Accounts));
            var (matched, paid) = (server.Next(Matched, $"ride-{ride}"), server.Next(Paid, $"ride-{ride}"));
            await server.PostAsync("/rides", new
            {
                rideId = ride,
                riderId = account,
                accountId = account,
                currency = "EUR",
                pickup = Place(caller),
                dropoff = Place(caller),
            });
            await matched;
            await server.PostAsync($"/rides/{ride}/arrive");
            await server.PostAsync($"/rides/{ride}/start");
            await server.PostAsync($"/rides/{ride}/complete", new { distanceMetres = 3_000 });
            await paid;
        };
    }

    // So far apart that nobody gets another caller's driver.
    private static object Place(int caller) => new { lat = caller * 0.5, lon = 10.0 };
}
