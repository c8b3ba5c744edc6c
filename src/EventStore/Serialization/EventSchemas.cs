using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

namespace Waybill.EventStore;

/// <summary>A stored shape as JSON Schema (2020-12).</summary>
/// <param name="Type">The stored type name.</param>
/// <param name="Version">The schema version.</param>
/// <param name="IsCurrent">Whether events are written in this shape; older ones are only read.</param>
/// <param name="Description">What such an event tells; null if its type has no documentation.</param>
/// <param name="Schema">The schema of the event's data.</param>
public sealed record EventSchema(string Type, int Version, bool IsCurrent, string? Description, JsonElement Schema)
{
    /// <summary>Type and version as one name: <c>account.opened.v1</c>.</summary>
    public string Name => $"{Type}.v{Version}";
}

/// <summary>
/// The schemas of all stored shapes. They are made of the registered types, which also write the events, and so cannot
/// say something else; the words come from the types' XML documentation, where it lies beside their assembly.
/// </summary>
/// <remarks>
/// Of an older shape nothing is known but its upcaster, which is code; its schema only says so.
/// </remarks>
public sealed class EventSchemas
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";

    private readonly Dictionary<(string Type, int Version), EventSchema> _all;

    /// <summary>Makes the schemas of all registered types.</summary>
    public EventSchemas(EventTypes types)
    {
        _all = types.All
            .SelectMany(type => Enumerable.Range(1, type.SchemaVersion), Of)
            .ToDictionary(schema => (schema.Type, schema.Version));
        All = [.. _all.Values.OrderBy(schema => schema.Type, StringComparer.Ordinal).ThenBy(schema => schema.Version)];
    }

    /// <summary>All of them, by type and version.</summary>
    public IReadOnlyList<EventSchema> All { get; }

    /// <summary>The schema of a stored shape; null if there is no such shape.</summary>
    public EventSchema? Find(string type, int version) => _all.GetValueOrDefault((type, version));

    private static EventSchema Of(EventType type, int version)
    {
        var isCurrent = version == type.SchemaVersion;
        var description = XmlDocumentation.Of(type.Json.Type);
        var schema = new JsonObject
        {
            ["$schema"] = Dialect,
            ["$id"] = $"/schemas/{type.Name}/{version}",
            ["title"] = $"{type.Name}, version {version}",
        };
        var shape = isCurrent ? Shape(type) : new JsonObject
        {
            ["description"] = $"An older shape, which is read and brought forward to version {type.SchemaVersion}.",
            ["type"] = "object",
        };
        foreach (var (keyword, value) in shape)
            schema[keyword] = value?.DeepClone();
        return new(type.Name, version, isCurrent, description, JsonSerializer.SerializeToElement(schema));
    }

    private static JsonObject Shape(EventType type)
    {
        var options = new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, node) => Describe(type, context, node),
        };
        return type.Json.GetJsonSchemaAsNode(options).AsObject();
    }

    private static JsonNode Describe(EventType type, JsonSchemaExporterContext context, JsonNode node)
    {
        // A type with a converter of its own may be anything: the exporter says "true".
        var schema = node as JsonObject ?? [];
        if (context.TypeInfo.Kind is JsonTypeInfoKind.Object && !schema.ContainsKey("$ref"))
            schema["additionalProperties"] = false;

        var isOwn = context.PropertyInfo?.DeclaringType == type.Json.Type;
        if (isOwn && type.Personal?.Names.Contains(context.PropertyInfo!.Name) == true)
            schema["x-personal"] = true;
        var words = context.PropertyInfo is { } property
            ? XmlDocumentation.Of(property)
            : XmlDocumentation.Of(context.TypeInfo.Type);
        if (words is not null)
            schema.Insert(0, "description", words);
        return schema.Count > 0 ? schema : node;
    }
}
