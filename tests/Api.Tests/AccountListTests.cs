using System.Net;
using System.Text.Json;

namespace Waybill.Tests;

public sealed class AccountListTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;
    private readonly string _owner = $"owner-{Guid.NewGuid():N}";

    [Fact]
    public async Task An_owner_finds_what_was_just_written()
    {
        await Open("b");
        await Open("a");
        var deposited = await _api.Post($"/accounts/{Id("a")}/deposits", new { amount = 5 });
        var position = deposited.Header("Waybill-Position")!;

        var list = await _api.Get($"/accounts?owner={_owner}&after={position}");

        list.ShouldBe(HttpStatusCode.OK);
        list.Text.ShouldBe(
            $$"""{"items":[{{deposited.Text}},{{(await _api.Get($"/accounts/{Id("b")}")).Text}}],"next":null}""");
        long.Parse(list.Header("Waybill-Position")!).ShouldBeGreaterThanOrEqualTo(long.Parse(position));
    }

    [Fact]
    public async Task It_is_read_page_by_page()
    {
        foreach (var name in (string[])["a", "b", "c"])
            await Open(name);
        var position = (await Open("d")).Header("Waybill-Position");

        var first = await _api.Get($"/accounts?owner={_owner}&limit=3&after={position}");
        var second = await _api.Get($"/accounts?owner={_owner}&limit=3&cursor={first.String("next")}");

        Ids(first).ShouldBe([Id("a"), Id("b"), Id("c")]);
        Ids(second).ShouldBe([Id("d")]);
        second.Body.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Without_an_owner_it_has_everybodys()
    {
        var position = (await Open("a")).Header("Waybill-Position");

        // Nobody else's come between this cursor and the account.
        var list = await _api.Get($"/accounts?cursor={Id("")}&limit=1&after={position}");

        Ids(list).ShouldBe([Id("a")]);
    }

    [Fact]
    public async Task A_view_that_does_not_get_there_in_time_says_how_far_it_is_and_nothing_older()
    {
        var written = long.Parse((await Open("a")).Header("Waybill-Position")!);

        var behind = await _api.Get($"/accounts?owner={_owner}&after={written + 1_000_000}&wait=1000");

        behind.ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");
        behind.Long("reached").ShouldBeInRange(written, written + 999_999);
        behind.Header("Waybill-Position").ShouldBe(behind.Body.GetProperty("reached").GetRawText());
    }

    [Theory]
    [InlineData("owner=")]
    [InlineData("owner=a&owner=b")]
    [InlineData("owner=%00")]
    [InlineData("name=ann")]
    [InlineData("after=-1")]
    [InlineData("after=soon")]
    [InlineData("after=1&wait=10001")]
    [InlineData("after=1&wait=1.5")]
    [InlineData("limit=501")]
    [InlineData("cursor=a%20b")]
    public async Task A_list_that_cannot_be_is_malformed(string query) =>
        (await _api.Get($"/accounts?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    private string Id(string name) => $"{_owner}.{name}";

    private Task<Answer> Open(string name) =>
        _api.Post("/accounts", new { accountId = Id(name), owner = _owner, currency = "EUR" });

    private static IEnumerable<string?> Ids(Answer list) =>
        list.Body.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("accountId").GetString());
}
