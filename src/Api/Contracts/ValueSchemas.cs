using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Waybill.Api.Http;
using Waybill.EventStore;

namespace Waybill.Api.Contracts;

/// <summary>
/// The schemas of the values that requests are made of. They are read by converters of their own, which the framework
/// cannot look into.
/// </summary>
internal static class ValueSchemas
{
    private static readonly Dictionary<Type, Func<OpenApiSchema>> Known = new()
    {
        [typeof(ResourceId)] = () => new()
        {
            Type = JsonSchemaType.String,
            Pattern = "^[A-Za-z0-9._-]{1,64}$",
            Description = ResourceId.Expected,
        },
        [typeof(Currency)] = () => new()
        {
            Type = JsonSchemaType.String,
            Pattern = "^[A-Z]{3}$",
            Description = Currency.Expected,
        },
        [typeof(Text)] = () => new()
        {
            Type = JsonSchemaType.String,
            MinLength = 1,
            MaxLength = 200,
            Description = Text.Expected,
        },
        [typeof(Amount)] = () => new()
        {
            Type = JsonSchemaType.Integer,
            Format = "int64",
            Minimum = "1",
            Description = "a whole number of minor units",
        },
        [typeof(Quantity)] = () => new()
        {
            Type = JsonSchemaType.Integer,
            Format = "int64",
            Minimum = "1",
            Description = "how many",
        },
        [typeof(DateTimeOffset)] = () => new() { Type = JsonSchemaType.String, Format = "date-time" },
        [typeof(TimeSpan)] = () => new() { Type = JsonSchemaType.Integer, Description = "milliseconds" },
        [typeof(long)] = () => new() { Type = JsonSchemaType.Integer, Format = "int64" },
        [typeof(int)] = () => new() { Type = JsonSchemaType.Integer, Format = "int32" },
        [typeof(double)] = () => new() { Type = JsonSchemaType.Number, Format = "double" },
        [typeof(bool)] = () => new() { Type = JsonSchemaType.Boolean },
    };

    /// <summary>The schema of a value as it stands in a path or a query.</summary>
    public static OpenApiSchema Of(Type type)
    {
        var value = Nullable.GetUnderlyingType(type) ?? type;
        if (Known.TryGetValue(value, out var make))
            return make();
        if (value.IsEnum)
            return new()
            {
                Type = JsonSchemaType.String,
                Enum = [.. EnumNames.Of(value).Select(name => JsonValue.Create(name))],
            };
        // A number with bounds of its own is written as the number that it holds.
        if (value.IsValueType && value.GetProperty("Value") is { } held
            && Known.TryGetValue(held.PropertyType, out make))
            return make();
        // Whatever else is written as text says itself what it must look like.
        var isText = Array.Exists(value.GetInterfaces(), contract =>
            contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(ITextValue<>));
        return new()
        {
            Type = isText || value == typeof(string) ? JsonSchemaType.String : null,
            Description = value.GetProperty(nameof(ResourceId.Expected))?.GetValue(null) as string,
        };
    }

    /// <summary>Describes what a body is made of.</summary>
    public static Task DescribeAsync(
        OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellation)
    {
        var type = context.JsonTypeInfo.Type;
        var value = Nullable.GetUnderlyingType(type) ?? type;
        if (value.Namespace?.StartsWith("Waybill.", StringComparison.Ordinal) == true && value.IsValueType)
        {
            var known = Of(value);
            schema.Type = known.Type | (value == type ? 0 : JsonSchemaType.Null);
            // Of an enum that may be missing, null is none of the values.
            if (value.IsEnum && value != type)
                (schema.Type, schema.OneOf) = (null, [new OpenApiSchema { Type = JsonSchemaType.Null }, known]);
            else
                schema.Enum = known.Enum;
            (schema.Format, schema.Pattern, schema.Minimum) = (known.Format, known.Pattern, known.Minimum);
            (schema.MinLength, schema.MaxLength) = (known.MinLength, known.MaxLength);
            schema.Description ??= known.Description;
        }
        // What is left out where it is null is not required of the answer.
        if (schema.Required is { Count: > 0 } required)
            required.IntersectWith(JsonShapes.Always(context.JsonTypeInfo).ToHashSet());
        schema.Description = (context.JsonPropertyInfo is { } property
            ? XmlDocumentation.Of(property)
            : value.Namespace == "System" ? null : XmlDocumentation.Of(value)) ?? schema.Description;
        return Task.CompletedTask;
    }
}
