using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Waybill.EventStore;

/// <summary>
/// The event types that can be stored and read, built once at start. The source-generated JSON contexts say which they
/// are: every type that a context lists must carry an <see cref="EventTypeAttribute"/>.
/// </summary>
public sealed class EventTypes
{
    private readonly FrozenDictionary<Type, EventType> _byClrType;
    private readonly FrozenDictionary<(string Name, int SchemaVersion), EventType> _byName;

    /// <exception cref="InvalidOperationException">
    /// A listed type has no stored name, or two types claim the same name and schema version.
    /// </exception>
    public EventTypes(IEnumerable<JsonSerializerContext> contexts)
    {
        var types = contexts.SelectMany(TypesOf).ToList();
        foreach (var (name, claims) in types.CountBy(type => (type.Name, type.SchemaVersion)))
            if (claims > 1)
                throw new InvalidOperationException(
                    $"{claims} event types claim the stored name {name.Name} v{name.SchemaVersion}.");

        _byClrType = types.ToFrozenDictionary(type => type.Json.Type);
        _byName = types.ToFrozenDictionary(type => (type.Name, type.SchemaVersion));
    }

    /// <summary>Every registered type.</summary>
    public IReadOnlyCollection<EventType> All => _byName.Values;

    /// <summary>How an event is stored.</summary>
    /// <exception cref="InvalidOperationException">Its type is not registered: a bug.</exception>
    public EventType Of(object happened) => _byClrType.GetValueOrDefault(happened.GetType())
        ?? throw new InvalidOperationException($"No registered JSON context lists the event {happened.GetType()}.");

    /// <summary>The type stored under a name and schema version; null if this Waybill does not know it.</summary>
    public EventType? Find(string name, int schemaVersion) => _byName.GetValueOrDefault((name, schemaVersion));

    /// <summary>Reads what happened out of a stored event.</summary>
    /// <exception cref="UnreadableEventException">Its type is unknown, or its data does not fit the type.</exception>
    public RecordedEvent Read(StoredEvent stored)
    {
        try
        {
            var known = Find(stored.Type, stored.SchemaVersion)
                ?? throw new JsonException("its type is not known here.");
            return new(stored, known.Deserialize(stored.Data));
        }
        catch (JsonException unreadable)
        {
            throw new UnreadableEventException(stored, unreadable.Message, unreadable);
        }
    }

    // JsonSerializable keeps its type to itself, so it is read from the attribute's arguments.
    private static IEnumerable<EventType> TypesOf(JsonSerializerContext context) =>
        from attribute in context.GetType().GetCustomAttributesData()
        where attribute.AttributeType == typeof(JsonSerializableAttribute)
        let type = (Type)attribute.ConstructorArguments[0].Value!
        let stored = type.GetCustomAttribute<EventTypeAttribute>()
            ?? throw new InvalidOperationException($"{type} is listed as an event but has no [EventType].")
        select new EventType(stored.Name, stored.SchemaVersion, context.GetTypeInfo(type)!);
}

/// <summary>How events of one CLR type are stored.</summary>
/// <param name="Name">The stored type name.</param>
/// <param name="SchemaVersion">The version of the stored shape.</param>
/// <param name="Json">Writes and reads it.</param>
public sealed record EventType(string Name, int SchemaVersion, JsonTypeInfo Json)
{
    internal byte[] Serialize(object happened) => JsonSerializer.SerializeToUtf8Bytes(happened, Json);

    /// <exception cref="JsonException">The data does not fit the type.</exception>
    internal object Deserialize(ReadOnlySpan<byte> data) =>
        JsonSerializer.Deserialize(data, Json) ?? throw new JsonException("The data is null.");
}
