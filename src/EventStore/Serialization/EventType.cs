using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Waybill.EventStore.Personal;

namespace Waybill.EventStore;

/// <summary>How events of one CLR type are stored.</summary>
/// <param name="Name">The stored type name.</param>
/// <param name="SchemaVersion">The version of the stored shape.</param>
/// <param name="Json">Writes and reads it.</param>
public sealed record EventType(string Name, int SchemaVersion, JsonTypeInfo Json)
{
    /// <summary>Whether any of its texts is about a person, and must be forgettable wherever it is kept.</summary>
    public bool IsPersonal => Personal is not null;

    /// <summary>Its texts that are about a person; null if it has none.</summary>
    internal PersonalProperties? Personal { get; } = PersonalProperties.Of(Json);

    internal byte[] Serialize(object happened) => JsonSerializer.SerializeToUtf8Bytes(happened, Json);

    /// <exception cref="JsonException">The data does not fit the type.</exception>
    internal object Deserialize(ReadOnlySpan<byte> data) => JsonSerializer.Deserialize(data, Json) ?? throw Null();

    /// <exception cref="JsonException">The data does not fit the type.</exception>
    internal object Deserialize(JsonObject data) => data.Deserialize(Json) ?? throw Null();

    private static JsonException Null() => new("The data is null.");
}
