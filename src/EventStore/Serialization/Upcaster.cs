using System.Text.Json.Nodes;

namespace Waybill.EventStore;

/// <summary>
/// Makes of an event's old shape the next one, so that what was stored once can be read for ever. Shapes are brought
/// forward version by version: the one before the newest needs no change when a newer one comes.
/// </summary>
/// <param name="Name">The stored type name.</param>
/// <param name="FromVersion">The schema version that it takes; it gives the one after it.</param>
/// <param name="Upcast">
/// A pure function of the event's JSON. It may change and return the object it is given, which is its own.
/// </param>
public sealed record Upcaster(string Name, int FromVersion, Func<JsonObject, JsonObject> Upcast);
