using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Waybill.Tests;

public sealed partial class OpenApiTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    // What is about trouble of which there is none, or an order that may be shipped by then; each of these examples may
    // be answered with a documented refusal.
    private static readonly string[] WithoutTrouble =
    [
        "POST /orders/{id}/cancel",
        "DELETE /admin/projections/{name}/rebuild",
        "GET /admin/dead-letters/{id}",
        "POST /admin/dead-letters/{id}/redrive",
        "DELETE /admin/dead-letters/{id}",
        "POST /admin/sagas/{saga}/retry",
        "POST /admin/sagas/{saga}/compensate",
        "POST /admin/sagas/{saga}/settle",
    ];

    [Fact]
    public async Task The_document_has_every_route_that_is_mapped_and_no_other()
    {
        var mapped = from route in await MappedRoutes.ReadAsync()
                     where !route.StartsWith("HEAD ", StringComparison.Ordinal)
                     let path = Constraint().Replace(route, "}").TrimEnd('/')
                     // The page of the runtime, and the document itself, are no part of the contract.
                     where !path.Contains(" /dashboard") && path != "GET /openapi/{documentName}.json"
                     select path;

        Operations(await Document()).Select(operation => operation.Route).Order().ShouldBe(mapped.Distinct().Order());
    }

    [Fact]
    public async Task Every_route_is_said_to_be_for_something()
    {
        foreach (var operation in Operations(await Document()))
            if (!operation.Json.TryGetProperty("summary", out _))
                Assert.Fail($"Nothing is said of {operation.Route}: add it to src/Api/Contracts/Operations.");
    }

    [Fact]
    public async Task The_document_holds_together()
    {
        var text = (await _api.Get("/openapi/v1.json")).ShouldBe(HttpStatusCode.OK);

        text.String("openapi").ShouldNotBeNull().ShouldStartWith("3.1.");
        foreach (Match found in Reference().Matches(text.Text))
            text.Body.GetProperty("components").GetProperty("schemas")
                .TryGetProperty(found.Groups[1].Value, out _).ShouldBeTrue(found.Value);
        var ids = Operations(text.Body).Select(operation => operation.Json.GetProperty("operationId").GetString());
        ids.ShouldBeUnique();
    }

    [Fact]
    public async Task Its_examples_are_accepted_and_answered_as_it_says()
    {
        using var data = new DataDirectory();
        await using var fresh = await ServerProcess.StartAsync(data.Path);
        await Prepare(fresh.Client);
        var document = await Document();

        foreach (var operation in Operations(document))
        {
            var (status, headers, body) = await Send(fresh.Client, operation, operation.Example);

            var isDocumented = operation.Json.GetProperty("responses").TryGetProperty($"{status}", out var response);
            isDocumented.ShouldBeTrue($"{operation.Route} answered {status}: {body}");
            if (!WithoutTrouble.Contains(operation.Route))
                status.ShouldBeInRange(200, 299, $"{operation.Route}: {body}");
            if (response.TryGetProperty("headers", out var documented))
                foreach (var header in documented.EnumerateObject().Select(header => header.Name))
                    if (header is "ETag" or "X-Correlation-Id")
                        headers.ShouldContain(header, $"{operation.Route} answered {status}: {body}");
            if (body is not null && response.TryGetProperty("content", out var content))
                Schema(document, content).ShouldAccept(JsonElement.Parse(body));
        }
    }

    [Fact]
    public async Task What_it_does_not_document_is_malformed()
    {
        foreach (var operation in Operations(await Document()).Where(operation => operation.Example is not null))
        {
            var surplus = JsonNode.Parse(operation.Example!)!.AsObject();
            surplus["surplus"] = 1;

            var (status, _, body) = await Send(_api, operation, surplus.ToJsonString());

            status.ShouldBe(400, operation.Route);
            body.ShouldNotBeNull().ShouldContain("\"malformed\"");
        }
    }

    // Whom the examples tell of.
    private static async Task Prepare(ApiClient api)
    {
        foreach (var owner in (string[])["ann", "bob", "zoe"])
            (await api.Post("/accounts", new { accountId = owner, owner, currency = "EUR" }))
                .ShouldBe(HttpStatusCode.Created);
        using var money = System.Net.Http.Json.JsonContent.Create(new { amount = 100_00 });
        (await api.Send(HttpMethod.Post, "/accounts/ann/deposits", money, ("X-Correlation-Id", "salary")))
            .ShouldBe(HttpStatusCode.OK);
        using var pot = System.Net.Http.Json.JsonContent.Create(new { name = "Pot", unitPrice = 1, currency = "EUR" });
        (await api.Send(HttpMethod.Put, "/inventory/pot", pot)).ShouldBe(HttpStatusCode.OK);
        (await api.Post("/inventory/pot/receipts", new { quantity = 1 })).ShouldBe(HttpStatusCode.OK);
        var placed = await api.PostText(
            "/orders",
            """{"orderId":"o-0","customerId":"c-1","accountId":"ann","currency":"EUR","shippingAddress":"here","""
            + "\"items\":[{\"sku\":\"pot\",\"quantity\":1}]}");
        placed.ShouldBe(HttpStatusCode.Accepted);
        while ((await api.Get("/orders/o-0")).String("status") != "shipped")
            placed.Status.ShouldBe(HttpStatusCode.Accepted);
        await new Town(api).Driver(0, "dirk");
        foreach (var (verb, status) in ((string, string)[])
            [("decline", "matched"), ("arrive", "matched"), ("start", "arrived"), ("complete", "started"),
            ("cancel", "matched"), ("rate", "paid")])
            await new Town(api).RideIn(status, $"to-{verb}", $"d-{verb}");
    }

    private async Task<JsonElement> Document() => (await _api.Get("/openapi/v1.json")).Body;

    private static async Task<(int Status, List<string> Headers, string? Body)> Send(
        ApiClient api, Operation operation, string? body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Parse(operation.Route.Split(' ')[0]), new Uri(api.Address, operation.Address));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        return (
            (int)response.StatusCode,
            [.. response.Headers.Select(header => header.Key)],
            type.EndsWith("json", StringComparison.Ordinal)
                ? await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
                : null);
    }

    private static JsonElement Schema(JsonElement document, JsonElement content)
    {
        var schema = JsonObject.Create(content.EnumerateObject().Single().Value.GetProperty("schema"))!;
        schema["$defs"] = JsonObject.Create(document.GetProperty("components").GetProperty("schemas"));
        return JsonElement.Parse(schema.ToJsonString().Replace(
            "#/components/schemas/", "#/$defs/", StringComparison.Ordinal));
    }

    private static List<Operation> Operations(JsonElement document) =>
    [
        .. from path in document.GetProperty("paths").EnumerateObject()
           from operation in path.Value.EnumerateObject()
           select new Operation($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value),
    ];

    private sealed record Operation(string Route, JsonElement Json)
    {
        /// <summary>The example of its body.</summary>
        public string? Example => Json.TryGetProperty("requestBody", out var body)
            && body.GetProperty("content").EnumerateObject().First().Value.TryGetProperty("example", out var example)
                ? example.GetRawText()
                : null;

        /// <summary>Its path and query with the examples of its parameters.</summary>
        public string Address
        {
            get
            {
                var path = Route.Split(' ')[1];
                var query = new List<string>();
                foreach (var parameter in Json.GetProperty("parameters").EnumerateArray())
                {
                    var name = parameter.GetProperty("name").GetString()!;
                    var value = parameter.TryGetProperty("example", out var example) ? example.ToString() : null;
                    if (parameter.GetProperty("in").GetString() == "path")
                        path = path.Replace($"{{{name}}}", value ?? "without-example", StringComparison.Ordinal);
                    else if (value is not null)
                        query.Add($"{name}={Uri.EscapeDataString(value)}");
                }
                return query.Count > 0 ? $"{path}?{string.Join('&', query)}" : path;
            }
        }
    }

    [GeneratedRegex(@":[^}]+\}")]
    private static partial Regex Constraint();

    [GeneratedRegex("#/components/schemas/([^/\"]+)")]
    private static partial Regex Reference();
}
