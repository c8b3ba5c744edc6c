using System.Buffers;
using System.Text;
using Waybill.EventStore.Personal;
using Waybill.EventStore.Streams;

namespace Waybill.EventStore.Appending;

/// <summary>An append on its way to the writer, already serialized by its caller.</summary>
internal sealed class PendingAppend : Pending<AppendResult>
{
    // It is the first part of an index's key, and PostgreSQL takes no key of more than 2,704 bytes.
    private const int IdLengthMax = 500;

    /// <exception cref="ArgumentException">
    /// A text is one that some store cannot hold, or the category is one whose streams carry something else.
    /// </exception>
    public PendingAppend(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        DateTimeOffset? wakeAt,
        EventTypes types,
        CancellationToken cancellation)
        : base(cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedVersion);
        ArgumentOutOfRangeException.ThrowIfZero(events.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stream.Id.Length, IdLengthMax);
        ThrowIfUnstorable(stream.Category, stream.Id);
        if (stream.Category is EventStreams.SagaNamespace or EventStreams.LogNamespace)
            throw new ArgumentException($"No aggregates can be of the category '{stream.Category}': it is reserved.");
        Stream = stream;
        ExpectedVersion = expectedVersion;
        WakeAt = wakeAt;
        Events = new SerializedEvent[events.Count];
        for (var i = 0; i < Events.Length; i++)
            Events[i] = Serialize(events[i], types);
        var commandIds = new List<Guid>(1);
        foreach (var @event in events) // Those of one command stand next to each other.
            if (commandIds.Count == 0 || commandIds[^1] != @event.Metadata.CommandId)
                commandIds.Add(@event.Metadata.CommandId);
        CommandIds = commandIds;
    }

    public StreamName Stream { get; }

    public long ExpectedVersion { get; }

    public SerializedEvent[] Events { get; }

    /// <summary>When the stream's owner is to be woken; null if nothing is said of that.</summary>
    public DateTimeOffset? WakeAt { get; }

    /// <inheritdoc/>
    public override int EventCount => Events.Length;

    /// <summary>The commands of the events, each once.</summary>
    public IReadOnlyList<Guid> CommandIds { get; }

    private static SerializedEvent Serialize(NewEvent @event, EventTypes types)
    {
        var metadata = @event.Metadata;
        ThrowIfUnstorable(
            metadata.CorrelationId, metadata.CausationId, metadata.Actor, metadata.SagaId, metadata.TraceParent);
        var type = types.Of(@event.Event);
        var data = type.Serialize(@event.Event);
        return new SerializedEvent(@event.EventId, type, data, metadata, SubjectOf(type, @event.Event, data));
    }

    private static string? SubjectOf(EventType type, object happened, byte[] data)
    {
        if (type.Personal?.SubjectOf(happened) is not { } subject)
            return null;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(subject.Length, IdLengthMax);
        ThrowIfUnstorable(subject);
        // A reader would try to decrypt it.
        if (SealedTexts.AreIn(data))
            throw new ArgumentException($"An event {type.Name} has a property that looks like an encrypted text.");
        return subject;
    }

    // PostgreSQL holds no U+0000, and neither store half a surrogate pair. Found out in the database, it would fail all
    // appends of the same commit.
    private static void ThrowIfUnstorable(params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
        {
            var rest = text.AsSpan();
            while (!rest.IsEmpty)
            {
                if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != OperationStatus.Done || rune.Value == 0)
                    throw new ArgumentException("A text to be stored has a NUL or half a surrogate pair in it.");
                rest = rest[length..];
            }
        }
    }
}

/// <summary>An event in the form in which it is stored, but for its personal texts.</summary>
/// <param name="EventId">Its id.</param>
/// <param name="Type">How it is stored.</param>
/// <param name="Data">Its JSON, readable.</param>
/// <param name="Metadata">What led to it.</param>
/// <param name="Subject">Under whose key its personal texts are to be encrypted; null if it has none.</param>
internal sealed record SerializedEvent(
    Guid EventId, EventType Type, byte[] Data, EventMetadata Metadata, string? Subject);
