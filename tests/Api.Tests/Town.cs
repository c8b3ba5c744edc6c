using System.Globalization;
using System.Net;
using System.Net.Http.Json;

namespace Waybill.Tests;

/// <summary>A place of its own for a test, where nobody else drives, with what happens there.</summary>
internal sealed class Town(ApiClient api)
{
    private readonly double _lat = (Random.Shared.NextDouble() * 160) - 80;
    private readonly double _lon = (Random.Shared.NextDouble() * 360) - 180;
    private int _count;

    /// <summary>A place so many kilometres north of the middle.</summary>
    public object North(double kilometres) => new { lat = LatNorth(kilometres), lon = _lon };

    public double LatNorth(double kilometres) => _lat + (kilometres / 111.195);

    public string Near(int radius, double kilometres = 0) => string.Create(
        CultureInfo.InvariantCulture, $"/drivers/nearby?lat={LatNorth(kilometres)}&lon={_lon}&radius={radius}");

    public string NewId(string kind) => $"{kind}-{Interlocked.Increment(ref _count)}-{Guid.NewGuid():N}";

    public Task<Answer> Put(string id, object body) =>
        api.Send(HttpMethod.Put, $"/drivers/{id}", JsonContent.Create(body));

    public async Task<string> Driver(double kilometres, string? id = null)
    {
        id ??= NewId("dr");
        (await Put(id, new { name = "Dora", vehicle = "blue van", accountId = await api.OpenAccount() }))
            .ShouldBe(HttpStatusCode.OK);
        (await api.Post($"/drivers/{id}/online", North(kilometres))).ShouldBe(HttpStatusCode.OK);
        return id;
    }

    public async Task<string> Ride(long money = 100_00, string? rideId = null, string riderId = "ann")
    {
        var accountId = await api.OpenAccount(money);
        rideId ??= NewId("ri");
        (await api.Post("/rides", Request(rideId, accountId, riderId))).ShouldBe(HttpStatusCode.Accepted);
        return rideId;
    }

    public object Request(string rideId, string accountId, string riderId = "ann", string currency = "EUR") =>
        new { rideId, riderId, accountId, currency, pickup = North(0), dropoff = North(3) };

    /// <summary>Has a ride go on to a status, with a driver to whom nothing else can happen.</summary>
    public async Task<(string Ride, string Driver)> RideIn(string status, string? ride = null, string? driver = null)
    {
        driver = await Driver(1, driver);
        ride = await Ride(rideId: ride);
        await Until(ride, "matched");
        string[] verbs = status switch
        {
            "matched" => [],
            "arrived" => ["arrive"],
            "started" => ["arrive", "start"],
            _ => ["arrive", "start", "complete"],
        };
        foreach (var verb in verbs)
            (await Go(ride, verb)).ShouldBe(HttpStatusCode.OK);
        await Until(ride, status);
        return (ride, driver);
    }

    public Task<Answer> Go(string ride, string verb) =>
        api.Post($"/rides/{ride}/{verb}", verb == "complete" ? new { distanceMetres = 3_200 } : null);

    /// <summary>What comes by itself; what hangs is ended by the limit of the run.</summary>
    public async Task<Answer> Until(string ride, string status, string? driver = null)
    {
        while (true)
        {
            var answer = (await api.Get($"/rides/{ride}")).ShouldBe(HttpStatusCode.OK);
            if (answer.String("status") == status && (driver is null || answer.String("driverId") == driver))
                return answer;
        }
    }

    public async Task UntilFree(string driver)
    {
        while ((await api.Get($"/drivers/{driver}")).String("status") != "free")
            await Task.Yield();
    }
}
