using System.Text.Json;
using System.Text.Json.Serialization;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>A JSON value as its text: stored as it is, equal by its letters.</summary>
[JsonConverter(typeof(Converter))]
[GenerateSerializer, Immutable, Alias("waybill.raw-json")]
public readonly record struct RawJson(string Text)
{
    internal sealed class Converter : JsonConverter<RawJson>
    {
        public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var value = JsonDocument.ParseValue(ref reader);
            return new(value.RootElement.GetRawText());
        }

        public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.Text);
    }
}
