namespace Waybill.EventStore;

/// <summary>
/// The name and schema version under which events of this type are stored. They outlive every renaming of the type.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EventTypeAttribute(string name, int schemaVersion) : Attribute
{
    /// <summary>The stored name: category, dot, what happened; for example <c>account.opened</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The version of the shape, from 1.</summary>
    public int SchemaVersion { get; } = schemaVersion;
}
