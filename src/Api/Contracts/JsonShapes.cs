using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.EventStore;

namespace Waybill.Api.Contracts;

/// <summary>Says of a body that this server writes which members are always there, and what they mean.</summary>
internal static class JsonShapes
{
    private static readonly JsonSchemaExporterOptions Exporting = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Describe,
    };

    /// <summary>The JSON Schema of what is written for a type.</summary>
    public static JsonObject Of<T>(JsonSerializerOptions json) =>
        json.GetJsonSchemaAsNode(typeof(T), Exporting).AsObject();

    /// <summary>The names of the members that are always written.</summary>
    public static IEnumerable<string> Always(JsonTypeInfo type) =>
        from property in type.Properties
        where property.Get is not null
        where property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true) is not
            [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }]
        select property.Name;

    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode node)
    {
        var schema = node as JsonObject ?? [];
        if (context.TypeInfo.Kind is JsonTypeInfoKind.Object && schema.ContainsKey("properties"))
            schema["required"] = new JsonArray([.. Always(context.TypeInfo).Select(name => (JsonNode)name)]);
        var words = context.PropertyInfo is { } property
            ? XmlDocumentation.Of(property)
            : XmlDocumentation.Of(context.TypeInfo.Type);
        if (words is not null)
            schema.Insert(0, "description", words);
        return schema.Count > 0 ? schema : node;
    }
}
