using Waybill.Demo.Http;

namespace Waybill.Demo.Day;

/// <summary>Rides, as riders and drivers use them.</summary>
internal sealed class Taxis(WaybillClient api, Ledger ledger)
{
    /// <summary>
    /// So many people ride at a time: few enough for the town's drivers, of whom some decline.
    /// </summary>
    public SemaphoreSlim Seats { get; } = new(8);

    public async Task TakeOn(string driver, string name, string vehicle, string account)
    {
        (await api.Put($"/drivers/{driver}", new { name, vehicle, accountId = account })).OrThrow(driver);
        ledger.Drivers.Add(driver);
        ledger.DriverAccounts.Add(account);
    }

    public async Task GoOnline(string driver, Place at) =>
        (await api.Post($"/drivers/{driver}/online", new { lat = at.Lat, lon = at.Lon })).OrThrow(driver);

    public async Task GoOffline(string driver) =>
        (await api.Post($"/drivers/{driver}/offline")).OrThrow(driver);

    /// <summary>Waits until so many drivers are found near a place.</summary>
    public Task UntilOnline(Place place, int drivers) => api.Until(
        FormattableString.Invariant($"/drivers/nearby?lat={place.Lat}&lon={place.Lon}&radius=10000&limit=100"),
        found => found.Body.GetProperty("items").GetArrayLength() >= drivers);

    public async Task<Reply> Request(string ride, string account, Place pickup, Place dropoff)
    {
        var requested = await api.Post("/rides", new
        {
            rideId = ride,
            riderId = account,
            accountId = account,
            currency = Bank.Currency,
            pickup = new { lat = pickup.Lat, lon = pickup.Lon },
            dropoff = new { lat = dropoff.Lat, lon = dropoff.Lon },
        });
        if (requested.IsSuccess)
            ledger.Rides.Add(ride);
        return requested;
    }

    /// <summary>Waits for a driver who has not declined.</summary>
    /// <returns>The driver; null if nobody is left, and the ride is cancelled.</returns>
    public async Task<string?> Driver(string ride, IReadOnlyCollection<string> declined)
    {
        var matched = await api.Until($"/rides/{ride}", reply => reply.Text("status") switch
        {
            "requested" => false,
            "matched" => !declined.Contains(reply.Text("driverId")),
            _ => true,
        });
        return matched.TextOrNull("driverId");
    }

    public async Task Decline(string ride, string driver) =>
        (await api.Post($"/rides/{ride}/decline", new { driverId = driver })).OrThrow(ride);

    /// <summary>The driver comes, sets out and arrives.</summary>
    public async Task Drive(string ride, long metres)
    {
        (await api.Post($"/rides/{ride}/arrive")).OrThrow(ride);
        (await api.Post($"/rides/{ride}/start")).OrThrow(ride);
        (await api.Post($"/rides/{ride}/complete", new { distanceMetres = metres })).OrThrow(ride);
    }

    public Task<Reply> Cancel(string ride, string by, string reason) =>
        api.Post($"/rides/{ride}/cancel", new { by, reason });

    public async Task Rate(string ride, string by, int stars) =>
        (await api.Post($"/rides/{ride}/ratings", new { by, stars })).OrThrow(ride);

    public async Task<Outcome> Until(string ride, params string[] statuses) => Outcome.Of(
        await api.Until($"/rides/{ride}", reply => statuses.Contains(reply.Text("status"))));
}
