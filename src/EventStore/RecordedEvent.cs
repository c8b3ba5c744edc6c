namespace Waybill.EventStore;

/// <summary>
/// An event as it stands in the log, in its envelope. Nothing here depends on the event's type being known, so that one
/// that cannot be read still reaches whoever has to deal with it.
/// </summary>
/// <param name="EventId">The id given by whoever appended it; a UUIDv7.</param>
/// <param name="Stream">The stream it belongs to.</param>
/// <param name="Version">Its number in the stream, from 1 without gaps.</param>
/// <param name="Position">Its number in the whole log, from 1 without gaps, in commit order.</param>
/// <param name="Type">The stored type name, for example <c>account.opened</c>.</param>
/// <param name="SchemaVersion">The version of the shape in which <paramref name="Data"/> is stored.</param>
/// <param name="Time">When the store recorded it: UTC, whole microseconds, never before an earlier position's.</param>
/// <param name="Data">
/// The event's JSON as stored, UTF-8; personal texts are readable until they are forgotten. Empty where the row is
/// damaged, which no event can be read from.
/// </param>
/// <param name="Metadata">What led to it.</param>
[GenerateSerializer, Immutable, Alias("waybill.stored-event")]
public record StoredEvent(
    Guid EventId,
    StreamName Stream,
    long Version,
    long Position,
    string Type,
    int SchemaVersion,
    DateTimeOffset Time,
    byte[] Data,
    EventMetadata Metadata);

/// <summary>An event whose data has been read: what happened, in its envelope.</summary>
public sealed record RecordedEvent(StoredEvent Stored, object Event) : StoredEvent(Stored);
