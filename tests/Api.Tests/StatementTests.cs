using System.Net;
using System.Text.Json;

namespace Waybill.Tests;

public sealed class StatementTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task It_leads_from_the_opening_to_the_closing_balance()
    {
        var id = await _api.OpenAccount();
        await _api.Post($"/accounts/{id}/deposits", new { amount = 7_00, reference = "salary" });
        var written = await _api.Post($"/accounts/{id}/withdrawals", new { amount = 2_00 });

        var statement = await _api.Get($"/accounts/{id}/statement?after={written.Header("Waybill-Position")}");

        statement.ShouldBe(HttpStatusCode.OK);
        statement.Long("opening").ShouldBe(0);
        statement.Long("closing").ShouldBe(5_00);
        Lines(statement).Select(line => line.GetProperty("type").GetString())
            .ShouldBe(["opened", "deposited", "withdrawn"]);
        var deposited = Lines(statement)[1];
        deposited.EnumerateObject().Select(member => member.Name)
            .ShouldBe(["time", "version", "type", "amount", "balance", "reference"]);
        deposited.GetProperty("time").GetDateTime().Kind.ShouldBe(DateTimeKind.Utc);
        deposited.GetProperty("balance").GetInt64().ShouldBe(7_00);
        deposited.GetProperty("reference").GetString().ShouldBe("salary");
        var withdrawn = Lines(statement)[2];
        withdrawn.GetProperty("amount").GetInt64().ShouldBe(-2_00);
        withdrawn.TryGetProperty("reference", out _).ShouldBeFalse();
        long.Parse(statement.Header("Waybill-Position")!)
            .ShouldBeGreaterThanOrEqualTo(long.Parse(written.Header("Waybill-Position")!));
    }

    [Fact]
    public async Task A_period_has_its_first_moment_and_not_its_last()
    {
        var (id, times) = await Deposited(1, 2, 4);

        var period = await _api.Get($"/accounts/{id}/statement?from={times[1]}&to={times[3]}");

        Lines(period).Select(line => line.GetProperty("version").GetInt64()).ShouldBe([2, 3]);
        period.Long("opening").ShouldBe(0);
        period.Long("closing").ShouldBe(3);

        var rest = await _api.Get($"/accounts/{id}/statement?from={times[3]}");
        rest.Long("opening").ShouldBe(3);
        rest.Long("closing").ShouldBe(7);

        var before = await _api.Get($"/accounts/{id}/statement?to={times[0]}");
        before.ShouldBe(HttpStatusCode.OK).Text
            .ShouldBe("""{"opening":0,"lines":[],"closing":0,"next":null}""");
    }

    [Fact]
    public async Task Its_lines_are_read_page_by_page_and_the_balances_are_the_periods()
    {
        var (id, _) = await Deposited(1, 2, 4);

        var first = await _api.Get($"/accounts/{id}/statement?limit=3");
        var second = await _api.Get($"/accounts/{id}/statement?limit=3&cursor={first.String("next")}");

        Lines(first).Length.ShouldBe(3);
        Lines(second).ShouldHaveSingleItem().GetProperty("version").GetInt64().ShouldBe(4);
        foreach (var page in (Answer[])[first, second])
            (page.Long("opening"), page.Long("closing")).ShouldBe((0, 7));
        second.Body.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task A_statement_of_an_account_that_was_never_opened_is_not_found() =>
        (await _api.Get($"/accounts/never-{Guid.NewGuid():N}/statement"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");

    [Theory]
    [InlineData("from=yesterday")]
    [InlineData("from=2026-03-31")]
    [InlineData("from=2026-03-31T09:00:00")]
    [InlineData("to=2026-02-30T09:00:00Z")]
    [InlineData("to=9999-03-31T09:00:00Z")]
    [InlineData("from=2026-03-31T09:00:00Z&to=2026-03-31T08:00:00Z")]
    [InlineData("owner=ann")]
    public async Task A_period_that_cannot_be_is_malformed(string query)
    {
        var id = await _api.OpenAccount();

        (await _api.Get($"/accounts/{id}/statement?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
    }

    // The times of all versions as they stand in the log, the first that of the opening; no two are alike, because
    // each was answered before the next was asked for.
    private async Task<(string Id, string[] Times)> Deposited(params int[] amounts)
    {
        var id = await _api.OpenAccount();
        foreach (var amount in amounts)
            await _api.Post($"/accounts/{id}/deposits", new { amount });
        var events = await _api.Get($"/accounts/{id}/events");
        (await _api.Get($"/accounts/{id}/statement?after={events.Header("Waybill-Position")}"))
            .ShouldBe(HttpStatusCode.OK);
        return (id, [.. events.Body.GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("time").GetString()!)]);
    }

    private static JsonElement[] Lines(Answer statement) =>
        [.. statement.Body.GetProperty("lines").EnumerateArray()];
}
