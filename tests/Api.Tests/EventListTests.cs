using System.Net;
using System.Text.Json;

namespace Waybill.Tests;

public sealed class EventListTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task An_event_is_shown_with_what_happened_and_what_led_to_it()
    {
        var id = await _api.OpenAccount();
        using var body = System.Net.Http.Json.JsonContent.Create(new { amount = 7_00, reference = "rent" });
        await _api.Send(HttpMethod.Post, $"/accounts/{id}/deposits", body, ("X-Correlation-Id", "visit-17"));

        var list = await _api.Get($"/accounts/{id}/events");

        var (first, second) = (list.Body.GetProperty("items")[0], list.Body.GetProperty("items")[1]);
        second.EnumerateObject().Select(member => member.Name).ShouldBe(
            ["eventId", "position", "stream", "version", "type", "schemaVersion", "time", "data", "metadata"]);
        second.GetProperty("stream").GetString().ShouldBe($"account-{id}");
        second.GetProperty("version").GetInt64().ShouldBe(2);
        second.GetProperty("type").GetString().ShouldBe("account.money-deposited");
        second.GetProperty("schemaVersion").GetInt32().ShouldBe(1);
        second.GetProperty("data").GetRawText().ShouldBe("""{"amount":700,"reference":"rent"}""");
        second.GetProperty("metadata").GetProperty("correlationId").GetString().ShouldBe("visit-17");
        second.GetProperty("metadata").GetProperty("actor").GetString().ShouldBe("dev");
        second.GetProperty("metadata").GetProperty("commandId").GetGuid().ShouldNotBe(
            first.GetProperty("metadata").GetProperty("commandId").GetGuid());
        second.GetProperty("time").GetDateTime().Kind.ShouldBe(DateTimeKind.Utc);
        long.Parse(list.Header("Waybill-Position")!).ShouldBeGreaterThanOrEqualTo(
            second.GetProperty("position").GetInt64());
        list.Body.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task A_list_is_read_page_by_page()
    {
        var id = await _api.OpenAccount();
        for (var deposit = 0; deposit < 4; deposit++)
            await _api.Post($"/accounts/{id}/deposits", new { amount = 1 });

        var pages = new List<int[]>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await _api.Get($"/accounts/{id}/events?limit=2{cursor}");
            var items = page.Body.GetProperty("items").EnumerateArray();
            pages.Add([.. items.Select(item => item.GetProperty("version").GetInt32())]);
            cursor = page.String("next") is { } next ? $"&cursor={next}" : null;
        }

        pages.ShouldBe([[1, 2], [3, 4], [5]]);
    }

    [Fact]
    public async Task Beyond_its_end_a_list_is_empty()
    {
        var id = await _api.OpenAccount();

        var page = await _api.Get($"/accounts/{id}/events?cursor=2");

        page.ShouldBe(HttpStatusCode.OK).Text.ShouldBe("""{"items":[],"next":null}""");
        long.Parse(page.Header("Waybill-Position")!).ShouldBePositive();
        (await _api.Get($"/accounts/never-{id}/events?cursor=2"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
    }

    [Theory]
    [InlineData("from=1")]
    [InlineData("limit=0")]
    [InlineData("limit=501")]
    [InlineData("limit=-1")]
    [InlineData("limit=ten")]
    [InlineData("limit=")]
    [InlineData("limit=1&limit=2")]
    [InlineData("limit=99999999999999999999")]
    [InlineData("cursor=0")]
    [InlineData("cursor=somewhere")]
    [InlineData("cursor=9223372036854775807")]
    public async Task A_page_that_cannot_be_is_malformed(string query)
    {
        var id = await _api.OpenAccount();

        (await _api.Get($"/accounts/{id}/events?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
    }
}
