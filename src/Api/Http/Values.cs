using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Waybill.Api.Http;

// The values that requests are made of. One that exists is valid: whatever else stands in its place does not bind, and
// the request is answered with 400 before any handler sees it.

/// <summary>An id as it may stand in a path: 1 to 64 of <c>A-Z a-z 0-9 . _ -</c>.</summary>
[JsonConverter(typeof(TextValueConverter<ResourceId>))]
internal readonly record struct ResourceId : ITextValue<ResourceId>
{
    public static string Expected => "an id of 1 to 64 of A-Z a-z 0-9 . _ - (not . or .. alone)";

    public string Value { get; private init; }

    public static ResourceId Of(Guid id) => new() { Value = id.ToString() };

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ResourceId result)
    {
        result = new() { Value = s! };
        // "." and ".." mean something else in a path, so that what bears such an id could never be reached.
        return s is { Length: >= 1 and <= 64 } and not ("." or "..")
            && s.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
    }

    public override string ToString() => Value;
}

/// <summary>A currency by the form of its ISO 4217 code: three capital letters.</summary>
[JsonConverter(typeof(TextValueConverter<Currency>))]
internal readonly record struct Currency : ITextValue<Currency>
{
    public static string Expected => "a currency code of three capital letters";

    public string Value { get; private init; }

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Currency result)
    {
        result = new() { Value = s! };
        return s is { Length: 3 } && s.All(char.IsAsciiLetterUpper);
    }
}

/// <summary>
/// A name or a reference: 1 to 200 characters, since each is kept for ever, not all of them white space, and none of
/// them a control character, which some stores and most logs cannot hold.
/// </summary>
[JsonConverter(typeof(TextValueConverter<Text>))]
internal readonly record struct Text : ITextValue<Text>
{
    public static string Expected => "text of 1 to 200 characters without control characters";

    public string Value { get; private init; }

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Text result)
    {
        result = new() { Value = s! };
        return s is { Length: <= 200 } && !string.IsNullOrWhiteSpace(s) && !s.Any(char.IsControl);
    }
}

/// <summary>Money that moves: a whole number of minor units, more than zero.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct Amount
{
    public long Value { get; private init; }

    private sealed class Converter : JsonConverter<Amount>
    {
        public override Amount Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value) && value > 0
                ? new Amount { Value = value }
                : throw new WrongValueException("a whole number of minor units from 1 to 9223372036854775807");

        public override void Write(Utf8JsonWriter writer, Amount value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Value);
    }
}

/// <summary>How many of something: a whole number, more than zero.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct Quantity
{
    public long Value { get; private init; }

    private sealed class Converter : JsonConverter<Quantity>
    {
        public override Quantity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value) && value > 0
                ? new Quantity { Value = value }
                : throw new WrongValueException("a whole number from 1 to 9223372036854775807");

        public override void Write(Utf8JsonWriter writer, Quantity value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Value);
    }
}

/// <summary>A value is not what it must be; the message is what is expected, in our words.</summary>
internal sealed class WrongValueException(string expected) : JsonException(expected);

/// <summary>A value that is written as text.</summary>
internal interface ITextValue<T> : IParsable<T>
    where T : struct, ITextValue<T>
{
    /// <summary>What it must look like, for whoever sent something else.</summary>
    static abstract string Expected { get; }

    string Value { get; }

    static T IParsable<T>.Parse(string s, IFormatProvider? provider) =>
        T.TryParse(s, provider, out var value) ? value : throw new FormatException();
}

/// <summary>Reads a text value from a JSON string.</summary>
internal sealed class TextValueConverter<T> : JsonConverter<T>
    where T : struct, ITextValue<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && T.TryParse(reader.GetString(), provider: null, out var value)
            ? value
            : throw new WrongValueException(T.Expected);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
