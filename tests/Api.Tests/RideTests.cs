using System.Globalization;
using System.Net;
using System.Net.Http.Json;

namespace Waybill.Tests;

public sealed class RideTests(RunningServer server)
{
    private const string Asks = """{"riderId":"a","accountId":"a","currency":"EUR",""";

    private readonly ApiClient _api = server.Api;
    private readonly Town _town = new(server.Api);

    [Theory]
    [InlineData("/rides/{0}")]
    [InlineData("/rides/{0}/events")]
    [InlineData("/rides/{0}/diff", "&from=1&to=1")]
    [InlineData("/drivers/{1}")]
    [InlineData("/drivers/{1}/events")]
    public async Task A_query_after_a_position_is_not_answered_before_it_is_there(string path, string more = "")
    {
        var (ride, driver) = (await _town.Ride(), await _town.Driver(50));
        var position = (await _api.Get($"/drivers/{driver}")).Header("Waybill-Position");
        path = string.Format(CultureInfo.InvariantCulture, path, ride, driver);

        (await _api.Get($"{path}?after={position}{more}")).ShouldBe(HttpStatusCode.OK);
        (await _api.Get($"{path}?after={long.MaxValue}&wait=0{more}"))
            .ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");
    }

    [Fact]
    public async Task A_ride_goes_its_way_and_is_paid_by_itself()
    {
        var driver = await _town.Driver(1);
        var account = await _api.OpenAccount(100_00);
        var id = _town.NewId("ri");
        var requested = await _api.Post("/rides", _town.Request(id, account));
        requested.ShouldBe(HttpStatusCode.Accepted).Header("Location").ShouldBe($"/rides/{id}");
        (requested.String("status"), requested.ETag).ShouldBe(("requested", "\"1\""));
        await _town.Until(id, "matched", driver);
        (await _api.Get($"/accounts/{account}")).Long("available").ShouldBeLessThan(100_00);

        (await _town.Go(id, "arrive")).ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("arrived");
        (await _town.Go(id, "start")).ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("started");
        var completed = (await _town.Go(id, "complete")).ShouldBe(HttpStatusCode.OK);
        var fare = completed.Body.GetProperty("fare");
        fare.GetProperty("distance").GetInt64().ShouldBe(3_84);
        var total = fare.GetProperty("total").GetInt64();
        total.ShouldBe(2_50 + 3_84 + fare.GetProperty("time").GetInt64());

        var paid = await _town.Until(id, "paid");
        paid.Body.TryGetProperty("reason", out _).ShouldBeFalse();
        await _town.UntilFree(driver);
        (await _api.Get($"/accounts/{account}")).Long("available").ShouldBe(100_00 - total);
        var driversAccount = (await _api.Get($"/drivers/{driver}")).String("accountId")!;
        while (await _api.Balance(driversAccount) == 0)
            await Task.Yield();
        (await _api.Balance(driversAccount)).ShouldBe(total);

        (await Rate(id, "rider", 5)).ShouldBe(HttpStatusCode.OK);
        var rated = await Rate(id, "driver", 4);
        rated.Body.GetProperty("ratings").GetRawText()
            .ShouldBe("""[{"by":"rider","stars":5},{"by":"driver","stars":4}]""");
        (await Rate(id, "rider", 1)).ShouldBeProblem(HttpStatusCode.Conflict, "already-rated");
        (await _api.Get($"/rides/{id}?version=1")).String("status").ShouldBe("requested");
        (await _api.Get($"/rides/{id}?version=3")).String("status").ShouldBe("arrived");
        (await _api.Get($"/rides/{id}?asOf=2020-01-01T00:00:00Z"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "ride-not-found");
        (await _api.Get($"/rides/{id}/diff?from=2&to=3")).Body.GetProperty("changes").GetRawText()
            .ShouldBe("""[{"field":"status","from":"matched","to":"arrived"}]""");
        (await _api.Get($"/rides/{id}/events")).Body.GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("type").GetString()).ShouldBe(
            [
                "ride.requested", "ride.matched", "ride.driver-arrived", "ride.started", "ride.completed", "ride.paid",
                "ride.rated", "ride.rated",
            ]);
    }

    [Fact]
    public async Task A_driver_who_declines_is_passed_over_until_nobody_is_left()
    {
        var (near, far) = (await _town.Driver(1), await _town.Driver(2));
        var ride = await _town.Ride();
        await _town.Until(ride, "matched", near);
        (await Decline(ride, far)).ShouldBeProblem(HttpStatusCode.Conflict, "driver-not-matched");
        (await Decline(ride, near)).ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("requested");
        await _town.Until(ride, "matched", far);
        await _town.UntilFree(near);
        (await Decline(ride, near)).ShouldBeProblem(HttpStatusCode.Conflict, "driver-not-matched");
        (await Decline(ride, far)).ShouldBe(HttpStatusCode.OK);

        (await _api.Get($"/rides/{ride}/diff?from=2&to=3")).Body.GetProperty("changes")[1].GetRawText()
            .ShouldBe($$"""{"field":"driverId","from":"{{near}}","to":null}""");
        (await _town.Until(ride, "cancelled")).String("reason").ShouldBe("no-driver-found");
        await _town.UntilFree(far);
    }

    [Fact]
    public async Task A_ride_that_is_called_off_costs_nothing_and_frees_its_driver()
    {
        var (ride, driver) = await _town.RideIn("arrived");

        var cancelled = await Cancel(ride, "rider");

        (cancelled.ShouldBe(HttpStatusCode.OK).String("status"), cancelled.String("reason"))
            .ShouldBe(("cancelled", "rain"));
        await _town.UntilFree(driver);
        var account = (await _api.Get($"/rides/{ride}")).String("accountId");
        while ((await _api.Get($"/accounts/{account}")).Long("available") != 100_00)
            await Task.Yield();
    }

    [Fact]
    public async Task A_rider_without_money_pays_when_there_is_some()
    {
        var driver = await _town.Driver(1);
        var ride = await _town.Ride(money: 0);
        await _town.Until(ride, "matched", driver);
        foreach (var verb in (string[])["arrive", "start", "complete"])
            (await _town.Go(ride, verb)).ShouldBe(HttpStatusCode.OK);
        var unpaid = await _town.Until(ride, "unpaid");
        unpaid.String("reason").ShouldBe("insufficient-funds");
        var total = unpaid.Body.GetProperty("fare").GetProperty("total").GetInt64();

        (await _api.Post($"/accounts/{unpaid.String("accountId")}/deposits", new { amount = total + 1 }))
            .ShouldBe(HttpStatusCode.OK);

        await _town.Until(ride, "paid");
        (await _api.Balance(unpaid.String("accountId")!)).ShouldBe(1);
    }

    [Fact]
    public async Task Each_status_refuses_what_does_not_follow_from_it_by_its_name()
    {
        var (matched, _) = await _town.RideIn("matched");
        foreach (var verb in (string[])["start", "complete"])
            (await _town.Go(matched, verb)).ShouldBeProblem(HttpStatusCode.Conflict, "ride-matched");
        (await Rate(matched, "rider", 5)).ShouldBeProblem(HttpStatusCode.Conflict, "ride-matched");
        (await _town.Go(matched, "arrive")).ShouldBe(HttpStatusCode.OK);
        foreach (var verb in (string[])["arrive", "complete"])
            (await _town.Go(matched, verb)).ShouldBeProblem(HttpStatusCode.Conflict, "ride-arrived");
        (await Decline(matched, "d1")).ShouldBeProblem(HttpStatusCode.Conflict, "ride-arrived");
        (await _town.Go(matched, "start")).ShouldBe(HttpStatusCode.OK);
        foreach (var verb in (string[])["arrive", "start"])
            (await _town.Go(matched, verb)).ShouldBeProblem(HttpStatusCode.Conflict, "ride-started");
        (await Cancel(matched, "system")).ShouldBeProblem(HttpStatusCode.Conflict, "ride-started");
        (await _town.Go(matched, "complete")).ShouldBe(HttpStatusCode.OK);
        await _town.Until(matched, "paid");
        foreach (var verb in (string[])["arrive", "start", "complete"])
            (await _town.Go(matched, verb)).ShouldBeProblem(HttpStatusCode.Conflict, "ride-paid");
        (await Cancel(matched, "rider")).ShouldBeProblem(HttpStatusCode.Conflict, "ride-paid");

        var alone = await new Town(_api).Ride();
        await _town.Until(alone, "cancelled");
        foreach (var verb in (string[])["arrive", "start", "complete"])
            (await _town.Go(alone, verb)).ShouldBeProblem(HttpStatusCode.Conflict, "ride-cancelled");
        (await Rate(alone, "rider", 5)).ShouldBeProblem(HttpStatusCode.Conflict, "ride-cancelled");
    }

    [Fact]
    public async Task What_cannot_be_paid_for_is_refused_at_the_door()
    {
        var (open, closed) = (await _api.OpenAccount(), await _api.OpenAccount());
        (await _api.Post($"/accounts/{closed}/close")).ShouldBe(HttpStatusCode.OK);
        var ride = await _town.Ride();

        (await _api.Post("/rides", _town.Request(_town.NewId("ri"), "never")))
            .ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
        (await _api.Post("/rides", _town.Request(_town.NewId("ri"), open, currency: "USD")))
            .ShouldBeProblem(HttpStatusCode.Conflict, "currency-mismatch");
        (await _api.Post("/rides", _town.Request(_town.NewId("ri"), closed)))
            .ShouldBeProblem(HttpStatusCode.Conflict, "account-closed");
        (await _api.Post("/rides", _town.Request(ride, open)))
            .ShouldBeProblem(HttpStatusCode.Conflict, "ride-already-exists");
    }

    [Fact]
    public async Task Its_parties_find_their_rides_page_by_page()
    {
        var (rider, town) = ($"rider-{Guid.NewGuid():N}", new Town(_api));
        var driver = await town.Driver(1);
        List<string> ids = [];
        for (var number = 0; number < 3; number++)
            ids.Add(await town.Ride(riderId: rider, rideId: $"{rider[..20]}.{number}"));
        await Task.WhenAll(ids.Select(async id =>
        {
            while ((await _api.Get($"/rides/{id}")).String("status") == "requested")
                await Task.Yield();
        }));
        var matched = new List<string>();
        foreach (var id in ids)
            if ((await _api.Get($"/rides/{id}")).String("status") == "matched")
                matched.Add(id);
        var one = matched.ShouldHaveSingleItem();
        var arrived = await town.Go(one, "arrive");
        var after = arrived.ShouldBe(HttpStatusCode.OK).Header("Waybill-Position");

        var first = await _api.Get($"/rides?riderId={rider}&limit=2&after={after}");
        Ids(first).ShouldBe(ids[..2]);
        long.Parse(first.Header("Waybill-Position")!).ShouldBeGreaterThanOrEqualTo(long.Parse(after!));
        Ids(await _api.Get($"/rides?riderId={rider}&cursor={first.String("next")}")).ShouldBe(ids[2..]);
        Ids(await _api.Get($"/rides?riderId={rider}&status=cancelled")).ShouldBe(ids.Except([one]));
        var own = await _api.Get($"/rides?driverId={driver}&status=arrived&riderId={rider}");
        own.Text.ShouldBe($$"""{"items":[{{arrived.Text}}],"next":null}""");
        (await _api.Get($"/rides?after={long.Parse(after!) + 1_000_000}&wait=0"))
            .ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");
    }

    [Fact]
    public async Task A_command_that_is_meant_for_another_version_changes_nothing()
    {
        var (ride, _) = await _town.RideIn("arrived");

        (await _api.Post($"/rides/{ride}/start", ifMatch: "\"1\""))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "version-mismatch");
        (await _api.Post($"/rides/{ride}/start", ifMatch: "\"3\"")).ShouldBe(HttpStatusCode.OK).ETag.ShouldBe("\"4\"");
    }

    [Fact]
    public async Task A_command_under_a_key_is_carried_out_once()
    {
        var (ride, _) = await _town.RideIn("matched");
        var key = $"key-{Guid.NewGuid():N}";

        var first = await _api.Send(HttpMethod.Post, $"/rides/{ride}/arrive", null, ("Idempotency-Key", key));
        var again = await _api.Send(HttpMethod.Post, $"/rides/{ride}/arrive", null, ("Idempotency-Key", key));

        again.ShouldBe(HttpStatusCode.OK).Text.ShouldBe(first.ShouldBe(HttpStatusCode.OK).Text);
        again.Header("Idempotency-Replayed").ShouldBe("true");
        (await _town.Go(ride, "arrive")).ShouldBeProblem(HttpStatusCode.Conflict, "ride-arrived");
    }

    [Fact]
    public async Task A_ride_that_was_never_requested_is_not_found()
    {
        foreach (var path in (string[])["", "/events", "/diff?from=1&to=2", "?version=1"])
            (await _api.Get($"/rides/never{path}")).ShouldBeProblem(HttpStatusCode.NotFound, "ride-not-found");
        foreach (var verb in (string[])["arrive", "start", "complete"])
            (await _town.Go("never", verb)).ShouldBeProblem(HttpStatusCode.NotFound, "ride-not-found");
        (await Cancel("never", "rider")).ShouldBeProblem(HttpStatusCode.NotFound, "ride-not-found");
        (await Decline("never", "d1")).ShouldBeProblem(HttpStatusCode.NotFound, "ride-not-found");
        (await Rate("never", "rider", 1)).ShouldBeProblem(HttpStatusCode.NotFound, "ride-not-found");
    }

    [Theory]
    [InlineData("/rides", Asks + """ "pickup":{"lat":1,"lon":2}}""")]
    [InlineData("/rides", Asks + """ "pickup":{"lat":91,"lon":2},"dropoff":{"lat":1,"lon":2}}""")]
    [InlineData("/rides", Asks + """ "pickup":null,"dropoff":{"lat":1,"lon":2}}""")]
    [InlineData("/rides", Asks + """ "pickup":{"lat":1,"lon":2},"dropoff":{"lat":1,"lon":2},"driverId":"d"}""")]
    [InlineData("/rides", Asks + """ "pickup":{"lat":1,"lon":2},"dropoff":{"lat":1,"lon":2},"rideId":"a b"}""")]
    [InlineData("/rides/r/complete", """{"distanceMetres":-1}""")]
    [InlineData("/rides/r/complete", """{"distanceMetres":1.5}""")]
    [InlineData("/rides/r/complete", """{"distanceMetres":10000001}""")]
    [InlineData("/rides/r/complete", "{}")]
    [InlineData("/rides/r/cancel", """{"by":"nobody","reason":"rain"}""")]
    [InlineData("/rides/r/cancel", """{"by":0,"reason":"rain"}""")]
    [InlineData("/rides/r/cancel", """{"by":"rider","reason":""}""")]
    [InlineData("/rides/r/cancel", """{"by":"rider"}""")]
    [InlineData("/rides/r/ratings", """{"by":"system","stars":5}""")]
    [InlineData("/rides/r/ratings", """{"by":"rider","stars":0}""")]
    [InlineData("/rides/r/ratings", """{"by":"rider","stars":6}""")]
    [InlineData("/rides/r/ratings", """{"by":"rider","stars":4.5}""")]
    [InlineData("/rides/r/decline", "{}")]
    [InlineData("/rides/r/arrive", """{"driverId":"d"}""")]
    public async Task A_body_that_cannot_be_is_malformed(string path, string body) =>
        (await _api.PostText(path, body)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Theory]
    [InlineData("status=none")]
    [InlineData("status=Paid")]
    [InlineData("status=1")]
    [InlineData("riderId=")]
    [InlineData("driverId=a%20b")]
    [InlineData("rider=ann")]
    public async Task A_list_that_cannot_be_is_malformed(string query) =>
        (await _api.Get($"/rides?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    private Task<Answer> Decline(string ride, string driverId) => _api.Post($"/rides/{ride}/decline", new { driverId });

    private Task<Answer> Cancel(string ride, string by) =>
        _api.Post($"/rides/{ride}/cancel", new { by, reason = "rain" });

    private Task<Answer> Rate(string ride, string by, int stars) =>
        _api.Send(HttpMethod.Post, $"/rides/{ride}/ratings", JsonContent.Create(new { by, stars }));

    private static IEnumerable<string?> Ids(Answer list) => list.ShouldBe(HttpStatusCode.OK).Body
        .GetProperty("items").EnumerateArray().Select(item => item.GetProperty("rideId").GetString());
}
