using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Waybill.Tests;

/// <summary>Checks JSON against published schemas, by somebody else's understanding of JSON Schema.</summary>
internal static class Schemas
{
    private static readonly EvaluationOptions Strict = new()
    {
        OutputFormat = OutputFormat.List,
        RequireFormatValidation = true,
    };

    public static void ShouldAccept(this JsonElement schema, JsonNode value) => schema.ShouldAccept(Element(value));

    public static void ShouldAccept(this JsonElement schema, JsonElement value)
    {
        var result = Evaluate(schema, value);
        if (!result.IsValid)
            Assert.Fail($"{value}\ndoes not fit\n{schema}\n{Errors(result)}");
    }

    public static void ShouldRefuse(this JsonElement schema, JsonNode value) =>
        Evaluate(schema, Element(value)).IsValid.ShouldBeFalse($"{value} should not fit {schema}");

    /// <summary>The texts of an array that may be missing.</summary>
    public static IEnumerable<string> Strings(this JsonElement schema, string name) =>
        schema.TryGetProperty(name, out var array) ? array.EnumerateArray().Select(text => text.GetString()!) : [];

    public static JsonObject Without(this JsonObject value, string name)
    {
        var copy = value.DeepClone().AsObject();
        copy.Remove(name).ShouldBeTrue();
        return copy;
    }

    // Without its address: a schema that is made twice would otherwise be known already under it. And without what it
    // says to those who know our own words: to everybody else they are to say nothing.
    private static EvaluationResults Evaluate(JsonElement schema, JsonElement value)
    {
        var nameless = JsonObject.Create(schema)!;
        nameless.Remove("$id");
        RemoveOwnWords(nameless);
        return JsonSchema.FromText(nameless.ToJsonString()).Evaluate(value, Strict);
    }

    private static void RemoveOwnWords(JsonNode? schema)
    {
        if (schema is JsonArray array)
            foreach (var item in array)
                RemoveOwnWords(item);
        if (schema is not JsonObject members)
            return;
        foreach (var (name, value) in members.ToList())
            if (name.StartsWith("x-", StringComparison.Ordinal))
                members.Remove(name);
            else
                RemoveOwnWords(value);
    }

    private static string Errors(EvaluationResults result) => string.Join('\n',
        from part in result.Details ?? []
        where part.Errors is not null
        from error in part.Errors!
        select $"{part.InstanceLocation}: {error.Key}: {error.Value}");

    private static JsonElement Element(JsonNode value) => JsonElement.Parse(value.ToJsonString());
}
