using System.Security.Cryptography;
using Waybill.EventStore.Appending;
using Waybill.EventStore.Personal;

namespace Waybill.EventStore.Integrity;

/// <summary>An event as a row of the log, just before it is written.</summary>
internal sealed class LogRow
{
    /// <param name="position">Its position.</param>
    /// <param name="stream">Its stream.</param>
    /// <param name="version">Its version there.</param>
    /// <param name="microseconds">When: since 1970-01-01T00:00:00Z.</param>
    /// <param name="event">The event.</param>
    /// <param name="key">The key of the event's subject; null if it needs none.</param>
    public LogRow(
        long position, StreamName stream, long version, long microseconds, SerializedEvent @event, SubjectKey? key)
    {
        (Position, Stream, Version, Microseconds, Event) = (position, stream, version, microseconds, @event);
        Slot = EventStore.Slot.Of(stream);
        KeyId = key?.Id;
        Data = key is null
            ? @event.Data
            : SealedTexts.Seal(@event.Data, @event.Type.Personal!.Names, @event.EventId, key.Key);
    }

    public long Position { get; }

    public StreamName Stream { get; }

    public long Version { get; }

    public long Microseconds { get; }

    public SerializedEvent Event { get; }

    public int Slot { get; }

    /// <summary>The JSON to store, its personal texts encrypted.</summary>
    public byte[] Data { get; }

    public Guid? KeyId { get; }

    /// <summary>The hash over this row and the one before it, once it is chained.</summary>
    public byte[]? Hash { get; private set; }

    /// <summary>The event as it is read again, if it has no personal texts: those are encrypted here.</summary>
    public StoredEvent ToStored() => new(
        Event.EventId,
        Stream,
        Version,
        Position,
        Event.Type.Name,
        Event.Type.SchemaVersion,
        DateTimeOffset.UnixEpoch.AddTicks(Microseconds * TimeSpan.TicksPerMicrosecond),
        Data,
        Event.Metadata);

    /// <summary>Makes this row the one after another, see <see cref="RowBytes"/>.</summary>
    /// <param name="previous">The hash of the row before this one; null where the chain begins.</param>
    /// <param name="buffer">Room to work in; what it held is lost.</param>
    /// <returns>This row's hash.</returns>
    public byte[] Chain(byte[]? previous, RowBytes buffer)
    {
        var metadata = Event.Metadata;
        buffer.Clear();
        buffer.Begin();
        previous?.CopyTo(buffer[0, RowBytes.HashSize]);
        buffer.Add(Position);
        buffer.Add(Stream.Category);
        buffer.Add(Stream.Id);
        buffer.Add(Version);
        buffer.Add(Slot);
        buffer.Add(Event.EventId);
        buffer.Add(Event.Type.Name);
        buffer.Add(Event.Type.SchemaVersion);
        buffer.Add(Microseconds);
        buffer.Add(Data);
        buffer.Add(metadata.CommandId);
        buffer.Add(metadata.CorrelationId);
        buffer.Add(metadata.CausationId);
        buffer.Add(metadata.Actor);
        buffer.Add(metadata.SagaId);
        buffer.Add(metadata.TraceParent);
        buffer.Add(KeyId);
        return Hash = SHA256.HashData(buffer[0, buffer.Length]);
    }
}
