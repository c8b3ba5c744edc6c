using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Waybill.Api.Http;
using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains;
using Waybill.Grains.Sourcing;

namespace Waybill.Api.Contracts;

/// <summary>
/// The events as an AsyncAPI 3.0 document: a channel for each kind of aggregate and saga, and one for the feed of all
/// of them. It is made of what is registered, so that a new event is in it from its first day.
/// </summary>
internal sealed class AsyncApi(EventTypes types, EventSchemas schemas, IOptions<JsonOptions> json)
{
    private const string Feed = "feed";

    private const string FeedPath = "/events/stream";

    private const string DialectFormat = "application/schema+json;version=draft-2020-12";

    private static readonly IReadOnlyList<StreamKind> Kinds = StreamKind.AllIn(typeof(WaybillGrains).Assembly);

    /// <param name="host">Where this server was reached.</param>
    public JsonObject Describe(HostString host) => new()
    {
        ["asyncapi"] = "3.0.0",
        ["info"] = new JsonObject
        {
            ["title"] = "Waybill's events",
            ["version"] = "1.0.0",
            ["description"] = "What happened to every account, order and ride. An event is stored once and never "
                + "changes; a new shape is a new version beside the old one.",
        },
        ["defaultContentType"] = "application/json",
        ["servers"] = new JsonObject
        {
            ["http"] = new JsonObject
            {
                ["host"] = host.Value,
                ["protocol"] = "http",
                ["description"] = "The HTTP API.",
            },
            ["cluster"] = new JsonObject
            {
                ["host"] = EventStreams.Provider,
                ["protocol"] = "orleans-streams",
                ["description"] = "The stream provider of that name, inside the cluster.",
            },
        },
        ["channels"] = Channels(),
        ["operations"] = Operations(),
        ["components"] = new JsonObject
        {
            ["messages"] = Each(schemas.All, schema => schema.Name, Message),
            ["schemas"] = Schemas(),
        },
    };

    private JsonObject Channels()
    {
        var channels = Each(Kinds, kind => kind.Category, kind => new JsonObject
        {
            ["address"] = $"{kind.Category}-{{id}}",
            ["description"] = XmlDocumentation.Of(kind.Rules),
            ["servers"] = new JsonArray(Ref("servers", "cluster")),
            ["parameters"] = new JsonObject
            {
                ["id"] = new JsonObject { ["description"] = $"The id of the {kind.Category}." },
            },
            ["messages"] = MessagesOf(SchemasOf(kind)),
        });
        channels[Feed] = new JsonObject
        {
            ["address"] = FeedPath,
            ["description"] = "The whole log as Server-Sent Events, in the order of positions: id is the position, "
                + "event the type, data the message. Last-Event-ID, or the query's after, says where to go on.",
            ["servers"] = new JsonArray(Ref("servers", "http")),
            ["messages"] = MessagesOf(schemas.All),
        };
        return channels;
    }

    private static JsonObject Operations()
    {
        var operations = Each(Kinds, kind => $"record-{kind.Category}", kind => new JsonObject
        {
            ["action"] = "send",
            ["channel"] = Ref("channels", kind.Category),
            ["summary"] = $"What happened to one {kind.Category}, in order, at least once.",
        });
        operations["follow"] = new JsonObject
        {
            ["action"] = "send",
            ["channel"] = Ref("channels", Feed),
            ["summary"] = "All that happens, in order, from a position on.",
            ["bindings"] = new JsonObject
            {
                ["http"] = new JsonObject { ["method"] = "GET", ["bindingVersion"] = "0.3.0" },
            },
        };
        return operations;
    }

    private IEnumerable<EventSchema> SchemasOf(StreamKind kind) => schemas.All.Where(
        schema => types.Find(schema.Type)!.Json.Type.IsAssignableTo(kind.Event));

    private static JsonObject MessagesOf(IEnumerable<EventSchema> schemas) =>
        Each(schemas, schema => schema.Name, schema => Ref("components/messages", schema.Name));

    // The envelope, and what its members are for this message.
    private static JsonObject Message(EventSchema schema) => new()
    {
        ["name"] = schema.Type,
        ["title"] = $"{schema.Type}, version {schema.Version}",
        ["summary"] = schema.Description,
        ["contentType"] = "application/json",
        ["correlationId"] = new JsonObject { ["location"] = "$message.payload#/metadata/correlationId" },
        ["payload"] = InDialect(new JsonObject
        {
            ["allOf"] = new JsonArray(RefToSchema("envelope")),
            ["properties"] = new JsonObject
            {
                ["type"] = new JsonObject { ["const"] = schema.Type },
                ["schemaVersion"] = new JsonObject { ["const"] = schema.Version },
                ["data"] = RefToSchema(schema.Name),
            },
        }),
    };

    private JsonObject Schemas()
    {
        var all = Each(schemas.All, schema => schema.Name, schema => Component(
            schema.Name, JsonObject.Create(schema.Schema)!));
        all["envelope"] = Component("envelope", JsonShapes.Of<EventBody>(json.Value.SerializerOptions));
        return all;
    }

    private static JsonObject Component(string name, JsonObject schema)
    {
        // Here it has no address of its own.
        schema.Remove("$schema");
        schema.Remove("$id");
        return InDialect(Rooted(schema, PathOf(name)));
    }

    // A schema refers to its parts from its own root, which is elsewhere once it is part of a document.
    private static JsonObject Rooted(JsonObject schema, string root)
    {
        foreach (var (keyword, value) in schema.ToList())
        {
            if (keyword == "$ref" && value?.GetValueKind() is JsonValueKind.String)
                schema[keyword] = root + value.GetValue<string>()[1..];
            else if (value is JsonObject inner)
                Rooted(inner, root);
            else if (value is JsonArray several)
                foreach (var one in several.OfType<JsonObject>())
                    Rooted(one, root);
        }
        return schema;
    }

    private static JsonObject InDialect(JsonObject schema) =>
        new() { ["schemaFormat"] = DialectFormat, ["schema"] = schema };

    private static string PathOf(string schema) => $"#/components/schemas/{schema}/schema";

    private static JsonObject RefToSchema(string name) => new() { ["$ref"] = PathOf(name) };

    private static JsonObject Ref(string place, string name) => new() { ["$ref"] = $"#/{place}/{name}" };

    private static JsonObject Each<T>(IEnumerable<T> all, Func<T, string> name, Func<T, JsonObject> describe) =>
        new(all.Select(one => KeyValuePair.Create(name(one), (JsonNode?)describe(one))));
}
