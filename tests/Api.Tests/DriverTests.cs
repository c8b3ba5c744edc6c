using System.Net;

namespace Waybill.Tests;

public sealed class DriverTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;
    private readonly Town _town = new(server.Api);

    [Fact]
    public async Task A_driver_is_taken_on_revised_and_found_where_the_last_move_led()
    {
        var (id, account) = (_town.NewId("dr"), await _api.OpenAccount());
        var taken = await _town.Put(id, new { name = "Dora", vehicle = "blue van", accountId = account });
        taken.ShouldBe(HttpStatusCode.OK).ETag.ShouldBe("\"1\"");
        taken.Text.ShouldBe(
            $$"""{"driverId":"{{id}}","name":"Dora","vehicle":"blue van","accountId":"{{account}}","""
            + """ "currency":"EUR","status":"offline","version":1}""".TrimStart());
        long.Parse(taken.Header("Waybill-Position")!).ShouldBePositive();

        var revised = await _town.Put(id, new { name = "Dora", vehicle = "red van", accountId = account });
        (revised.String("vehicle"), revised.ETag).ShouldBe(("red van", "\"2\""));
        var online = await _api.Post($"/drivers/{id}/online", _town.North(2));
        (online.String("status"), online.ETag).ShouldBe(("free", "\"3\""));
        var moved = await _api.Post($"/drivers/{id}/location", _town.North(1));
        (moved.ShouldBe(HttpStatusCode.OK).ETag, moved.Body.GetProperty("location").GetProperty("lat").GetDouble())
            .ShouldBe(("\"3\"", _town.LatNorth(1)));

        var near = (await _api.Get(_town.Near(3_000))).ShouldBe(HttpStatusCode.OK);
        var found = near.Body.GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        found.GetProperty("driverId").GetString().ShouldBe(id);
        found.GetProperty("distanceMetres").GetInt64().ShouldBeInRange(998, 1_002);
        found.GetProperty("lat").GetDouble().ShouldBe(_town.LatNorth(1));

        (await _api.Post($"/drivers/{id}/offline")).ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("offline");
        (await _api.Get(_town.Near(3_000))).Body.GetProperty("items").GetArrayLength().ShouldBe(0);
        (await _api.Post($"/drivers/{id}/location", _town.North(1)))
            .ShouldBeProblem(HttpStatusCode.Conflict, "driver-offline");
        (await _api.Get($"/drivers/{id}/events")).Body.GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("type").GetString()).ShouldBe(
                ["driver.registered", "driver.revised", "driver.went-online", "driver.went-offline"]);
    }

    [Fact]
    public async Task The_nearest_are_named_first_and_no_more_than_asked_for()
    {
        var (far, near, _) = (await _town.Driver(3), await _town.Driver(1), await _town.Driver(9));

        Ids(await _api.Get(_town.Near(5_000))).ShouldBe([near, far]);
        Ids(await _api.Get($"{_town.Near(5_000)}&limit=1")).ShouldBe([near]);
    }

    [Fact]
    public async Task A_search_is_read_page_by_page()
    {
        var drivers = new List<string>();
        foreach (var kilometres in (double[])[1, 2, 2, 3, 4]) // Two are as near, and one of them ends a page.
            drivers.Add(await _town.Driver(kilometres));
        var position = (await _api.Get($"/drivers/{drivers[^1]}")).Header("Waybill-Position")!;

        var pages = new List<List<string?>>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await _api.Get($"{_town.Near(5_000)}&limit=2&after={position}{cursor}");
            pages.Add([.. Ids(page)]);
            long.Parse(page.Header("Waybill-Position")!).ShouldBeGreaterThanOrEqualTo(long.Parse(position));
            cursor = page.String("next") is { } next ? $"&cursor={next}" : null;
        }

        pages.Select(page => page.Count).ShouldBe([2, 2, 1]);
        pages.SelectMany(page => page).ShouldBe(
            [drivers[0], .. drivers[1..3].Order(StringComparer.Ordinal), drivers[3], drivers[4]]);
        (await _api.Get($"{_town.Near(5_000)}&limit=500")).String("next").ShouldBeNull();
        (await _api.Get($"{_town.Near(5_000)}&after={long.MaxValue}&wait=0"))
            .ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");
    }

    [Fact]
    public async Task Whoever_has_a_ride_is_offered_to_nobody_and_cannot_leave()
    {
        var (_, driver) = await _town.RideIn("arrived");

        Ids(await _api.Get(_town.Near(5_000))).ShouldBeEmpty();
        (await _api.Post($"/drivers/{driver}/offline")).ShouldBeProblem(HttpStatusCode.Conflict, "driver-on-ride");
        (await _api.Get($"/drivers/{driver}")).String("status").ShouldBe("onRide");
    }

    [Fact]
    public async Task A_driver_needs_an_account()
    {
        var closed = await _api.OpenAccount();
        (await _api.Post($"/accounts/{closed}/close")).ShouldBe(HttpStatusCode.OK);

        (await _town.Put(_town.NewId("dr"), new { name = "Dora", vehicle = "van", accountId = "never" }))
            .ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
        (await _town.Put(_town.NewId("dr"), new { name = "Dora", vehicle = "van", accountId = closed }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "account-closed");
    }

    [Fact]
    public async Task A_command_that_is_meant_for_another_version_changes_nothing()
    {
        var driver = await _town.Driver(1);

        (await _api.Post($"/drivers/{driver}/offline", ifMatch: "\"1\""))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "version-mismatch");
        (await _api.Post($"/drivers/{driver}/location", _town.North(2), ifMatch: "\"1\""))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "version-mismatch");
        (await _api.Post($"/drivers/{driver}/location", _town.North(2), ifMatch: "\"2\""))
            .ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("online")]
    [InlineData("location")]
    public async Task A_place_that_is_not_on_the_globe_is_malformed(string verb)
    {
        var driver = await _town.Driver(1);
        foreach (var place in new[]
        {
            """{"lat":90.1,"lon":0}""", """{"lat":0,"lon":-180.1}""", """{"lat":"NaN","lon":0}""",
            """{"lat":1e999,"lon":0}""", """{"lat":1}""", """{"lat":null,"lon":0}""", """{"lat":1,"lon":2,"alt":3}""",
        })
            (await _api.PostText($"/drivers/{driver}/{verb}", place))
                .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
    }

    [Theory]
    [InlineData("")]
    [InlineData("lat=1&lon=2")]
    [InlineData("lat=1&radius=5")]
    [InlineData("lat=NaN&lon=2&radius=5")]
    [InlineData("lat=Infinity&lon=2&radius=5")]
    [InlineData("lat=91&lon=2&radius=5")]
    [InlineData("lat=1&lon=181&radius=5")]
    [InlineData("lat=1,5&lon=2&radius=5")]
    [InlineData("lat=1&lon=2&radius=0")]
    [InlineData("lat=1&lon=2&radius=25001")]
    [InlineData("lat=1&lon=2&radius=5&limit=0")]
    [InlineData("lat=1&lon=2&radius=5&limit=501")]
    [InlineData("lat=1&lon=2&radius=5&cursor=a")]
    [InlineData("lat=1&lon=2&radius=5&cursor=5")]
    [InlineData("lat=1&lon=2&radius=5&cursor=-1:a")]
    [InlineData("lat=1&lon=2&radius=5&cursor=NaN:a")]
    [InlineData("lat=1&lon=2&radius=5&cursor=1:a:b")]
    [InlineData("lat=1&lon=2&radius=5&after=x")]
    public async Task A_search_that_cannot_be_is_malformed(string query) =>
        (await _api.Get($"/drivers/nearby?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task A_search_works_at_the_ends_of_the_earth()
    {
        foreach (var place in new[] { "lat=90&lon=0", "lat=-90&lon=180", "lat=0&lon=180", "lat=0&lon=-180" })
            (await _api.Get($"/drivers/nearby?{place}&radius=25000")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Nobody_can_be_called_like_the_search() =>
        (await _town.Put("nearby", new { name = "Dora", vehicle = "van", accountId = await _api.OpenAccount() }))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task Who_was_never_taken_on_is_not_found()
    {
        (await _api.Get("/drivers/never")).ShouldBeProblem(HttpStatusCode.NotFound, "driver-not-found");
        (await _api.Get("/drivers/never/events")).ShouldBeProblem(HttpStatusCode.NotFound, "driver-not-found");
        (await _api.Post("/drivers/never/online", _town.North(0)))
            .ShouldBeProblem(HttpStatusCode.NotFound, "driver-not-found");
        (await _api.Post("/drivers/never/location", _town.North(0)))
            .ShouldBeProblem(HttpStatusCode.NotFound, "driver-not-found");
        (await _api.Post("/drivers/never/offline")).ShouldBeProblem(HttpStatusCode.NotFound, "driver-not-found");
    }

    private static IEnumerable<string?> Ids(Answer list) => list.ShouldBe(HttpStatusCode.OK).Body
        .GetProperty("items").EnumerateArray().Select(item => item.GetProperty("driverId").GetString());
}
