using System.Net;
using System.Net.Http.Json;
using System.Text;

namespace Waybill.Tests;

public sealed class InventoryTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;
    private readonly string _sku = $"sku-{Guid.NewGuid():N}";

    [Fact]
    public async Task An_item_is_listed_received_and_revised()
    {
        var listed = await Offer(new { name = "Tea", unitPrice = 4_50, currency = "EUR" });
        listed.ShouldBe(HttpStatusCode.OK);
        listed.Text.ShouldBe(
            $$"""{"sku":"{{_sku}}","name":"Tea","unitPrice":450,"currency":"EUR","onHand":0,"reserved":0"""
            + ""","available":0,"version":1}""");
        listed.ETag.ShouldBe("\"1\"");
        long.Parse(listed.Header("Waybill-Position")!).ShouldBePositive();

        var received = await _api.Post($"/inventory/{_sku}/receipts", new { quantity = 10 });
        (received.Long("onHand"), received.Long("available"), received.Long("version")).ShouldBe((10, 10, 2));
        (await _api.Get($"/inventory/{_sku}")).Text.ShouldBe(received.Text);

        var revised = await Offer(new { name = "Green tea", unitPrice = 5_00, currency = "EUR" });
        (revised.String("name"), revised.Long("unitPrice"), revised.Long("onHand")).ShouldBe(("Green tea", 5_00, 10));
        (await Offer(new { name = "Green tea", unitPrice = 5_00, currency = "EUR" })).Text.ShouldBe(revised.Text);
    }

    [Fact]
    public async Task What_the_rules_refuse_is_a_conflict()
    {
        await Offer(new { name = "Tea", unitPrice = 4_50, currency = "EUR" });

        (await Offer(new { name = "Tea", unitPrice = 4_50, currency = "USD" }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "currency-mismatch");
        await _api.Post($"/inventory/{_sku}/receipts", new { quantity = long.MaxValue });
        (await _api.Post($"/inventory/{_sku}/receipts", new { quantity = 1 }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "stock-too-large");
    }

    [Fact]
    public async Task A_command_meant_for_another_version_is_not_carried_out()
    {
        await Offer(new { name = "Tea", unitPrice = 4_50, currency = "EUR" });
        var path = $"/inventory/{_sku}/receipts";

        (await _api.Post(path, new { quantity = 1 }, ifMatch: "\"1\"")).ShouldBe(HttpStatusCode.OK);
        (await _api.Post(path, new { quantity = 1 }, ifMatch: "\"1\""))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "version-mismatch");
        (await _api.Get($"/inventory/{_sku}")).Long("onHand").ShouldBe(1);
    }

    [Fact]
    public async Task What_was_never_listed_is_not_found()
    {
        (await _api.Get($"/inventory/{_sku}")).ShouldBeProblem(HttpStatusCode.NotFound, "stock-not-found");
        (await _api.Post($"/inventory/{_sku}/receipts", new { quantity = 1 }))
            .ShouldBeProblem(HttpStatusCode.NotFound, "stock-not-found");
    }

    [Fact]
    public async Task The_list_has_what_was_just_written_and_is_read_page_by_page()
    {
        var written = new List<string>();
        foreach (var name in (string[])["a", "b", "c"])
            written.Add((await _api.Send(
                HttpMethod.Put,
                $"/inventory/{_sku}.{name}",
                JsonContent.Create(new { name, unitPrice = 1, currency = "EUR" }))).Text);
        var received = await _api.Post($"/inventory/{_sku}.c/receipts", new { quantity = 3 });

        var first = await _api.Get(
            $"/inventory?cursor={_sku}&limit=2&after={received.Header("Waybill-Position")}");
        var second = await _api.Get($"/inventory?cursor={first.String("next")}&limit=1");

        first.Text.ShouldBe($$"""{"items":[{{written[0]}},{{written[1]}}],"next":"{{_sku}}.b"}""");
        second.Text.ShouldStartWith($$"""{"items":[{{received.Text}}],""");
        long.Parse(first.Header("Waybill-Position")!)
            .ShouldBeGreaterThanOrEqualTo(long.Parse(received.Header("Waybill-Position")!));
    }

    [Theory]
    [InlineData("""{"name":"Tea","unitPrice":0,"currency":"EUR"}""")]
    [InlineData("""{"name":"Tea","unitPrice":-1,"currency":"EUR"}""")]
    [InlineData("""{"name":"Tea","unitPrice":1.5,"currency":"EUR"}""")]
    [InlineData("""{"name":"Tea","unitPrice":"1","currency":"EUR"}""")]
    [InlineData("""{"name":"Tea","unitPrice":9223372036854775808,"currency":"EUR"}""")]
    [InlineData("""{"name":"","unitPrice":1,"currency":"EUR"}""")]
    [InlineData("""{"name":"Tea","unitPrice":1,"currency":"euro"}""")]
    [InlineData("""{"name":"Tea","unitPrice":1}""")]
    [InlineData("""{"name":"Tea","unitPrice":1,"currency":"EUR","onHand":5}""")]
    [InlineData("""{"name":"Tea","name":"Pot","unitPrice":1,"currency":"EUR"}""")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task An_offer_that_cannot_be_is_malformed(string body) =>
        (await _api.Send(HttpMethod.Put, $"/inventory/{_sku}", new StringContent(
            body, Encoding.UTF8, "application/json"))).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Theory]
    [InlineData("""{"quantity":0}""")]
    [InlineData("""{"quantity":-1}""")]
    [InlineData("""{"quantity":0.5}""")]
    [InlineData("""{"quantity":"1"}""")]
    [InlineData("""{"quantity":null}""")]
    [InlineData("""{}""")]
    public async Task A_receipt_that_cannot_be_is_malformed(string body) =>
        (await _api.PostText($"/inventory/{_sku}/receipts", body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Theory]
    [InlineData("/inventory?sku=a")]
    [InlineData("/inventory?limit=0")]
    [InlineData("/inventory?cursor=a%20b")]
    [InlineData("/inventory/a%20b")]
    [InlineData("/inventory/a?version=1")]
    public async Task A_query_that_cannot_be_is_malformed(string path) =>
        (await _api.Get(path)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    private Task<Answer> Offer(object body) =>
        _api.Send(HttpMethod.Put, $"/inventory/{_sku}", JsonContent.Create(body));
}
