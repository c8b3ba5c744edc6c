using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Waybill.Tests;

public sealed partial class ContractTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task Every_shape_of_an_event_is_listed_with_its_schema()
    {
        var shapes = await Items("/schemas");

        var opened = shapes.Single(shape => shape.GetProperty("type").GetString() == "account.opened");
        opened.GetProperty("version").GetInt32().ShouldBe(1);
        opened.GetProperty("isCurrent").GetBoolean().ShouldBeTrue();
        opened.GetProperty("description").GetString().ShouldBe("It was opened, with nothing on it.");
        foreach (var shape in shapes)
        {
            var schema = await _api.Get(shape.GetProperty("schema").GetString()!);
            schema.ShouldBe(HttpStatusCode.OK).ContentType.ShouldBe("application/schema+json");
            schema.String("$id").ShouldBe(shape.GetProperty("schema").GetString());
            schema.String("$schema").ShouldBe("https://json-schema.org/draft/2020-12/schema");
            schema.String("description").ShouldNotBeNullOrEmpty();
        }
    }

    [Fact]
    public async Task A_schema_says_what_is_stored() => JsonNode.DeepEquals(
        JsonNode.Parse((await _api.Get("/schemas/account.money-deposited/1")).Text),
        JsonNode.Parse("""
            {
              "$schema": "https://json-schema.org/draft/2020-12/schema",
              "$id": "/schemas/account.money-deposited/1",
              "title": "account.money-deposited, version 1",
              "description": "Money came in.",
              "type": "object",
              "properties": {
                "amount": { "type": "integer" },
                "reference": { "type": ["string", "null"], "default": null }
              },
              "required": ["amount"],
              "additionalProperties": false
            }
            """)).ShouldBeTrue();

    [Theory]
    [InlineData("/schemas/account.opened/2")]
    [InlineData("/schemas/account.opened/0")]
    [InlineData("/schemas/account.imagined/1")]
    public async Task A_shape_that_is_none_has_no_schema(string path) =>
        (await _api.Get(path)).ShouldBeProblem(HttpStatusCode.NotFound, "schema-not-found");

    [Fact]
    public async Task Every_stored_event_fits_its_schema_and_its_message()
    {
        await DoAllThatCanHappen();

        var schemas = new Dictionary<string, JsonElement>();
        var messages = (await _api.Get("/asyncapi.json")).Body.GetProperty("components");
        var seen = new HashSet<string>();
        foreach (var stored in await Log())
        {
            var (type, version) = (stored.GetProperty("type").GetString()!, stored.GetProperty("schemaVersion"));
            var name = $"{type}.v{version}";
            seen.Add(name);
            if (!schemas.TryGetValue(name, out var schema))
                schemas[name] = schema = (await _api.Get($"/schemas/{type}/{version}")).Body;
            schema.ShouldAccept(stored.GetProperty("data"));
            Payload(messages, name).ShouldAccept(stored);
        }
        seen.ShouldContain("account.closed.v1");
        seen.ShouldContain(name => name.StartsWith("saga.stepped.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_events_document_holds_together()
    {
        var document = (await _api.Get("/asyncapi.json")).ShouldBe(HttpStatusCode.OK);

        document.String("asyncapi").ShouldBe("3.0.0");
        foreach (Match found in Reference().Matches(document.Text))
            Follow(document.Body, found.Groups[1].Value);
        var channels = document.Body.GetProperty("channels");
        MessagesOf("account").ShouldContain("account.opened.v1");
        MessagesOf("transfer").ShouldContain("saga.stepped.v1");
        MessagesOf("transfer").ShouldNotContain("account.opened.v1");
        MessagesOf("feed").ShouldBe((await Items("/schemas")).Select(
            shape => $"{shape.GetProperty("type")}.v{shape.GetProperty("version")}"));

        IEnumerable<string> MessagesOf(string channel) => channels.GetProperty(channel).GetProperty("messages")
            .EnumerateObject().Select(message => message.Name);
    }

    [Fact]
    public async Task A_message_of_another_type_fits_no_message()
    {
        var id = await _api.OpenAccount();
        var stored = (await _api.Get($"/accounts/{id}/events")).Body.GetProperty("items")[0];
        var messages = (await _api.Get("/asyncapi.json")).Body.GetProperty("components");
        var changed = JsonObject.Create(stored)!;

        changed["type"] = "account.closed";
        Payload(messages, "account.opened.v1").ShouldRefuse(changed);
        Payload(messages, "account.opened.v1").ShouldRefuse(JsonObject.Create(stored)!.Without("metadata"));
    }

    // All that an event can tell of, driven through the API as clients do.
    private async Task DoAllThatCanHappen()
    {
        var (from, to) = (await _api.OpenAccount(balance: 10), await _api.OpenAccount());
        foreach (var amount in (int[])[4, 100])
        {
            var asked = await _api.Post("/transfers", new { from, to, amount, currency = "EUR" });
            await Until(asked.String("transferId")!);
        }
        await _api.Post($"/accounts/{from}/interest", new { amount = 1 });
        await _api.Post($"/accounts/{from}/withdrawals", new { amount = 7 });
        await _api.Post($"/accounts/{from}/close");
    }

    private async Task Until(string transfer)
    {
        while ((await _api.Get($"/transfers/{transfer}")).String("status") == "pending")
            await Task.Yield();
    }

    private async Task<List<JsonElement>> Items(string path) =>
        [.. (await _api.Get(path)).ShouldBe(HttpStatusCode.OK).Body.GetProperty("items").EnumerateArray()];

    private async Task<List<JsonElement>> Log()
    {
        var events = new List<JsonElement>();
        for (string? after = "0"; after is not null;)
        {
            var part = await _api.Get($"/admin/events?limit=500&after={after}");
            events.AddRange(part.Body.GetProperty("items").EnumerateArray());
            after = part.String("next");
        }
        return events;
    }

    // A message's schema with the parts of the document it refers to as its own definitions.
    private static JsonElement Payload(JsonElement components, string message)
    {
        var schema = JsonObject.Create(Follow(components, $"messages/{message}/payload/schema"))!;
        schema["$defs"] = new JsonObject(components.GetProperty("schemas").EnumerateObject().Select(
            part => KeyValuePair.Create(part.Name, (JsonNode?)JsonObject.Create(part.Value.GetProperty("schema")))));
        return JsonElement.Parse(Component().Replace(schema.ToJsonString(), "#/$$defs/$1"));
    }

    private static JsonElement Follow(JsonElement document, string path) =>
        path.Split('/').Aggregate(document, (place, name) => place.ValueKind is JsonValueKind.Array
            ? place[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)]
            : place.GetProperty(name));

    [GeneratedRegex("\"\\$ref\":\"#/([^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("#/components/schemas/([^/\"]+)/schema")]
    private static partial Regex Component();
}
