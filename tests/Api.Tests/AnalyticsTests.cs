using System.Net;

namespace Waybill.Tests;

public sealed class AnalyticsTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task Orders_are_counted_by_day_currency_and_status()
    {
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        await own.Client.GetReady();
        var day = $"{await own.Client.Order("o1", quantity: 2):yyyy-MM-dd}";
        await own.Client.Order("o2", quantity: 3);
        await own.Client.Order("o3", quantity: 100);
        // Two orders of another day, too large to add up in a long.
        await data.Execute(
            "INSERT INTO order_facts_v1_g1 (order_id, day, currency, status, total, placed_at) VALUES "
            + $"('a', '1970-01-01', 'EUR', 'Shipped', {long.MaxValue}, 1), "
            + $"('b', '1970-01-01', 'EUR', 'Shipped', {long.MaxValue}, 2), "
            + "('c', '1970-01-01', 'CHF', 'Shipped', 7, 3)");

        string[] old =
        [
            """{"day":"1970-01-01","currency":"CHF","status":"shipped","orders":1,"total":7}""",
            "{\"day\":\"1970-01-01\",\"currency\":\"EUR\",\"status\":\"shipped\",\"orders\":2,\"total\":"
                + "18446744073709551614}",
        ];
        string[] today =
        [
            $$"""{"day":"{{day}}","currency":"EUR","status":"cancelled","orders":1,"total":45000}""",
            $$"""{"day":"{{day}}","currency":"EUR","status":"shipped","orders":2,"total":2250}""",
        ];
        var head = (await own.Client.Get("/admin/events?limit=500")).Body.GetProperty("items")
            .EnumerateArray().Max(item => item.GetProperty("position").GetInt64());
        var all = await own.Client.Get($"/admin/analytics/orders?after={head}");
        Items(all).ShouldBe([.. old, .. today]);
        long.Parse(all.Header("Waybill-Position")!).ShouldBeGreaterThanOrEqualTo(head);
        Items(await own.Client.Get("/admin/analytics/orders?from=1970-01-02T00:00:00Z")).ShouldBe(today);
        Items(await own.Client.Get("/admin/analytics/orders?to=1970-01-01T00:00:00.000003Z")).ShouldBe([old[1]]);
        await ShouldBeReadPageByPage(own.Client, "/admin/analytics/orders", [.. old, .. today]);
    }

    [Fact]
    public async Task Rides_are_counted_by_hour_currency_and_status_with_the_fares_of_those_that_are_over()
    {
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        await own.Client.GetReady();
        // There are no drivers.
        var requested = await own.Client.Post("/rides", new
        {
            rideId = "r1",
            riderId = "c-1",
            accountId = "ann",
            currency = "EUR",
            pickup = new { lat = 52.52, lon = 13.4 },
            dropoff = new { lat = 52.53, lon = 13.41 },
        });
        requested.ShouldBe(HttpStatusCode.Accepted);
        while ((await own.Client.Get("/rides/r1")).String("status") != "cancelled")
            requested.Status.ShouldBe(HttpStatusCode.Accepted);
        var events = (await own.Client.Get("/rides/r1/events")).Body.GetProperty("items");
        var hour = events[0].GetProperty("time").GetDateTime().ToString("yyyy-MM-ddTHH:00:00Z");
        var head = events[events.GetArrayLength() - 1].GetProperty("position").GetInt64();
        await data.Execute(
            "INSERT INTO ride_facts_v1_g1 (ride_id, hour, currency, status, fare, requested_at) VALUES "
            + $"('a', '1970-01-01T00:00:00Z', 'EUR', 'Paid', 750, 1), "
            + $"('b', '1970-01-01T00:00:00Z', 'EUR', 'Paid', 250, 2), "
            + "('c', '1970-01-01T01:00:00Z', 'EUR', 'Requested', NULL, 3600000000)");

        string[] old =
        [
            """{"hour":"1970-01-01T00:00:00Z","currency":"EUR","status":"paid","rides":2,"fares":1000}""",
            """{"hour":"1970-01-01T01:00:00Z","currency":"EUR","status":"requested","rides":1,"fares":0}""",
        ];
        var now = $$"""{"hour":"{{hour}}","currency":"EUR","status":"cancelled","rides":1,"fares":0}""";
        Items(await own.Client.Get($"/admin/analytics/rides?after={head}")).ShouldBe([.. old, now]);
        Items(await own.Client.Get("/admin/analytics/rides?from=1970-01-01T01:00:00Z")).ShouldBe([old[1], now]);
        await ShouldBeReadPageByPage(own.Client, "/admin/analytics/rides", [.. old, now]);
    }

    [Fact]
    public async Task Money_is_added_up_by_currency_with_what_is_set_aside()
    {
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        await Open(own.Client, "a", "CHF", 5_00);
        await Open(own.Client, "b", "EUR", long.MaxValue);
        var written = await Open(own.Client, "c", "EUR", long.MaxValue);
        (await own.Client.Get($"/admin/analytics/money?after={written}")).ShouldBe(HttpStatusCode.OK);
        await data.Execute("UPDATE account_list_v2_g1 SET held = 7 WHERE account_id = 'c'");

        var money = await own.Client.Get("/admin/analytics/money");

        string[] items =
        [
            """{"currency":"CHF","accounts":1,"balance":500,"held":0,"available":500}""",
            "{\"currency\":\"EUR\",\"accounts\":2,\"balance\":18446744073709551614,\"held\":7,"
                + "\"available\":18446744073709551607}",
        ];
        Items(money).ShouldBe(items);
        await ShouldBeReadPageByPage(own.Client, "/admin/analytics/money", items);

        static async Task<string?> Open(ApiClient api, string accountId, string currency, long amount)
        {
            await api.Post("/accounts", new { accountId, owner = "ann", currency });
            return (await api.Post($"/accounts/{accountId}/deposits", new { amount })).Header("Waybill-Position");
        }
    }

    [Theory]
    [InlineData("orders?from=yesterday")]
    [InlineData("orders?from=2026-03-31T09:00:00Z&to=2026-03-31T08:00:00Z")]
    [InlineData("orders?cursor=2026-03-31")]
    [InlineData("orders?cursor=a~b~c~d")]
    [InlineData("orders?cursor=a~b~%00")]
    [InlineData("orders?cursor=a~b~%C3%A4")]
    [InlineData("orders?status=shipped")]
    [InlineData("money?from=2026-03-31T09:00:00Z")]
    [InlineData("money?limit=0")]
    public async Task What_cannot_be_asked_is_malformed(string query) =>
        (await _api.Get($"/admin/analytics/{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task A_view_that_does_not_get_there_in_time_says_so() =>
        (await _api.Get("/admin/analytics/orders?after=1000000000&wait=0"))
            .ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");

    private static async Task ShouldBeReadPageByPage(ApiClient api, string path, string[] expected)
    {
        List<string> read = [];
        string? cursor = null;
        do
        {
            var page = await api.Get($"{path}?limit=1{(cursor is null ? "" : $"&cursor={cursor}")}");
            read.Add(Items(page).ShouldHaveSingleItem());
            cursor = page.String("next");
        }
        while (cursor is not null);
        read.ShouldBe(expected);
    }

    private static IEnumerable<string> Items(Answer answer) => answer.ShouldBe(HttpStatusCode.OK)
        .Body.GetProperty("items").EnumerateArray().Select(item => item.GetRawText());
}
