namespace Waybill.EventStore;

/// <summary>The store cannot be reached or cannot write; trying again later may succeed.</summary>
public class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>More appends are waiting than the store takes; this one was refused and is not in the log.</summary>
public sealed class StoreOverloadedException(int waitingMax)
    : StoreUnavailableException($"The event store has {waitingMax} appends waiting and takes no more.");

/// <summary>The store's files are held by another process.</summary>
public sealed class StoreInUseException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What was named as the store cannot serve as one, now or later.</summary>
public sealed class StoreUnsuitableException(string message) : Exception(message);

/// <summary>The store was written by a newer Waybill than this one; it is left untouched.</summary>
public sealed class StoreTooNewException(int found, int known)
    : Exception($"The event store has schema version {found}, but this Waybill knows versions up to {known} only. "
        + "Start the newer Waybill that wrote it.");

/// <summary>A stored event cannot be read: its type is unknown, or its data does not fit the type.</summary>
public sealed class UnreadableEventException(StoredEvent stored, string reason, Exception? inner = null)
    : Exception(
        $"Event {stored.Version} of {stored.Stream} (position {stored.Position}, {stored.Type} "
            + $"v{stored.SchemaVersion}) is unreadable: {reason}",
        inner)
{
    /// <summary>The event.</summary>
    public StoredEvent Stored { get; } = stored;
}
