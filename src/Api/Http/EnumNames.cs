using System.Text.Json;
using System.Text.Json.Serialization;

namespace Waybill.Api.Http;

/// <summary>
/// Reads an enum from one of the names that it is written by, letter by letter. The framework's own converter also
/// takes lists of names, and capitals where there are none.
/// </summary>
internal sealed class EnumNames : JsonConverterFactory
{
    private static readonly JsonSerializerOptions Framework = new()
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>The names of an enum's values, in their order.</summary>
    public static IEnumerable<string> Of(Type type) =>
        Enum.GetValues(type).Cast<object>().Select(value => NameOf(value, type));

    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    private static string NameOf(object value, Type type) =>
        JsonSerializer.SerializeToElement(value, type, Framework).GetString()!;

    private sealed class Converter<T> : JsonConverter<T>
        where T : struct, Enum
    {
        private readonly Dictionary<T, string> _names =
            Enum.GetValues<T>().ToDictionary(value => value, value => NameOf(value, typeof(T)));

        private readonly Dictionary<string, T> _values;

        public Converter() => _values = _names.ToDictionary(name => name.Value, name => name.Key);

        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && _values.TryGetValue(reader.GetString()!, out var value)
                ? value
                : throw new WrongValueException($"one of {string.Join(", ", _values.Keys)}");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(_names[value]);
    }
}
