using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Waybill.EventStore.Personal;

namespace Waybill.EventStore;

/// <summary>
/// The event types that can be stored and read, built once at start. The source-generated JSON contexts say which they
/// are: every type that a context lists must carry an <see cref="EventTypeAttribute"/>. A stored name has one type, of
/// its newest schema version; upcasters bring older shapes forward to it.
/// </summary>
public sealed class EventTypes
{
    // What was written twice in one object is damaged data, and not a choice.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly FrozenDictionary<Type, EventType> _byClrType;
    private readonly FrozenDictionary<string, EventType> _byName;
    private readonly FrozenDictionary<(string Name, int FromVersion), Upcaster> _upcasters;

    /// <exception cref="InvalidOperationException">
    /// A listed type has no stored name, two claim the same one, a step between two versions of a shape has no upcaster
    /// or more than one, an upcaster has no step, or what is marked as personal cannot be kept so.
    /// </exception>
    public EventTypes(IEnumerable<JsonSerializerContext> contexts, IEnumerable<Upcaster>? upcasters = null)
    {
        var types = contexts.SelectMany(TypesOf).ToList();
        var steps = upcasters?.ToList() ?? [];
        if (FirstFault(types, steps) is { } fault)
            throw new InvalidOperationException(fault);

        _byClrType = types.ToFrozenDictionary(type => type.Json.Type);
        _byName = types.ToFrozenDictionary(type => type.Name);
        _upcasters = steps.ToFrozenDictionary(step => (step.Name, step.FromVersion));
    }

    /// <summary>Every registered type.</summary>
    public IReadOnlyCollection<EventType> All => _byName.Values;

    /// <summary>How an event is stored.</summary>
    /// <exception cref="InvalidOperationException">Its type is not registered: a bug.</exception>
    public EventType Of(object happened) => _byClrType.GetValueOrDefault(happened.GetType())
        ?? throw new InvalidOperationException($"No registered JSON context lists the event {happened.GetType()}.");

    /// <summary>The type stored under a name; null if this Waybill does not know it.</summary>
    public EventType? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Reads what happened out of a stored event, brought forward to the newest shape of its type.</summary>
    /// <exception cref="UnreadableEventException">Its type or version is unknown, or its data does not fit.</exception>
    public RecordedEvent Read(StoredEvent stored)
    {
        if (stored.Data.Length == 0)
            throw new UnreadableEventException(stored, "its row in the store is damaged.");
        var type = Find(stored.Type) ?? throw new UnreadableEventException(stored, "its type is not known here.");
        if (stored.SchemaVersion > type.SchemaVersion)
            throw new UnreadableEventException(
                stored, $"versions up to {type.SchemaVersion} are known here; a newer Waybill wrote it.");
        try
        {
            return new(stored, stored.SchemaVersion == type.SchemaVersion
                ? type.Deserialize(stored.Data)
                : type.Deserialize(Upcast(stored, type.SchemaVersion)));
        }
        catch (Exception error) // Upcasters and event types run code of their own, and may throw anything.
        {
            var reason = SealedTexts.AreIn(stored.Data)
                ? "a personal text in it cannot be decrypted, so that it or its key was altered."
                : error.Message;
            throw new UnreadableEventException(stored, reason, error);
        }
    }

    private JsonObject Upcast(StoredEvent stored, int toVersion)
    {
        var shape = JsonNode.Parse(stored.Data, documentOptions: Strict) as JsonObject
            ?? throw new JsonException("The data is not an object.");
        for (var version = stored.SchemaVersion; version < toVersion; version++)
        {
            var step = _upcasters.GetValueOrDefault((stored.Type, version))
                ?? throw new JsonException($"There is no upcaster from version {version}.");
            shape = step.Upcast(shape) ?? throw new JsonException($"The upcaster from version {version} gave nothing.");
        }
        return shape;
    }

    private static string? FirstFault(List<EventType> types, List<Upcaster> steps)
    {
        foreach (var (name, claims) in types.CountBy(type => type.Name))
            if (claims > 1)
                return $"{claims} event types claim the stored name {name}. It has one type, of its newest version; "
                    + "older shapes have upcasters and stored samples instead of types.";

        foreach (var (step, count) in steps.CountBy(step => (step.Name, step.FromVersion)))
            if (count > 1)
                return $"{step.Name} has {count} upcasters from version {step.FromVersion}.";

        foreach (var type in types)
        {
            if (type.SchemaVersion < 1)
                return $"{type.Name} has the schema version {type.SchemaVersion}; they count from 1.";
            for (var version = 1; version < type.SchemaVersion; version++)
                if (!steps.Exists(step => step.Name == type.Name && step.FromVersion == version))
                    return $"{type.Name} is at version {type.SchemaVersion}, "
                        + $"but has no upcaster from version {version}.";
        }

        foreach (var step in steps)
        {
            if (types.Find(type => type.Name == step.Name) is not { } type)
                return $"There is an upcaster for {step.Name}, but no event type of that name.";
            if (step.FromVersion < 1 || step.FromVersion >= type.SchemaVersion)
                return $"There is an upcaster of {step.Name} from version {step.FromVersion}, "
                    + $"but the type is at version {type.SchemaVersion}.";
        }
        return null;
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
