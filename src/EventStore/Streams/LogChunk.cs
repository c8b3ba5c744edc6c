namespace Waybill.EventStore.Streams;

/// <summary>
/// What one read of a queue found: all events of that queue with <paramref name="After"/> &lt; position &lt;=
/// <paramref name="ReadTo"/>. A consumer that has come less far than <paramref name="After"/> may have missed
/// something, and finds it in the store; what it has seen already comes again after a failure.
/// </summary>
/// <param name="Queue">The queue's number.</param>
/// <param name="QueueCount">How many queues there are.</param>
/// <param name="After">Up to where the queue's last chunk was read, or where its reader began.</param>
/// <param name="ReadTo">The position up to which was read; at or beyond that of the last event.</param>
/// <param name="Events">At least one, in position order.</param>
[GenerateSerializer, Immutable, Alias("waybill.log-chunk")]
public sealed record LogChunk(
    int Queue, int QueueCount, long After, long ReadTo, IReadOnlyList<StoredEvent> Events);
