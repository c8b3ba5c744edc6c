using System.Net;

namespace Waybill.Tests;

public sealed class LogTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task The_log_is_read_in_the_order_of_its_positions()
    {
        var id = await _api.OpenAccount(balance: 5);
        var own = (await _api.Get($"/accounts/{id}/events")).Body.GetProperty("items");
        var position = own[0].GetProperty("position").GetInt64();

        var log = await _api.Get($"/admin/events?after={position - 1}&limit=1");

        log.ShouldBe(HttpStatusCode.OK).Body.GetProperty("items")[0].GetRawText().ShouldBe(own[0].GetRawText());
        log.String("next").ShouldBe($"{position}");
        log.Header("Waybill-Position").ShouldBe($"{position}");
    }

    [Fact]
    public async Task It_is_filtered_by_stream_and_type()
    {
        var id = await _api.OpenAccount(balance: 5);
        await _api.Post($"/accounts/{id}/withdrawals", new { amount = 1 });
        await _api.Post($"/accounts/{id}/deposits", new { amount = 1 });

        (await Versions($"stream=account-{id}")).ShouldBe([1, 2, 3, 4]);
        (await Versions($"stream=account-{id}&limit=1")).ShouldBe([1, 2, 3, 4]);
        (await Versions($"stream=account-{id}&type=account.money-deposited")).ShouldBe([2, 4]);
        (await Versions($"stream=account-never-{id}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Beyond_its_end_it_is_empty()
    {
        var beyond = await _api.Get($"/admin/events?after={long.MaxValue}");

        beyond.ShouldBe(HttpStatusCode.OK).Text.ShouldBe("""{"items":[],"next":null}""");
        (await _api.Get($"/accounts?after={beyond.Header("Waybill-Position")}")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("after=-1")]
    [InlineData("after=x")]
    [InlineData("limit=0")]
    [InlineData("limit=501")]
    [InlineData("stream=account")]
    [InlineData("stream=account-")]
    [InlineData("stream=account-a%20b")]
    [InlineData("type=")]
    [InlineData("type=%00")]
    [InlineData("cursor=1")]
    public async Task A_part_of_it_that_cannot_be_is_malformed(string query) =>
        (await _api.Get($"/admin/events?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    // From all answers that it takes: each says where the next one begins.
    private async Task<List<long>> Versions(string query)
    {
        var versions = new List<long>();
        for (string? after = "0"; after is not null;)
        {
            var part = (await _api.Get($"/admin/events?{query}&after={after}")).ShouldBe(HttpStatusCode.OK);
            versions.AddRange(part.Body.GetProperty("items").EnumerateArray().Select(
                item => item.GetProperty("version").GetInt64()));
            after = part.String("next");
        }
        return versions;
    }
}
