namespace Waybill.EventStore;

/// <summary>
/// Keeps folded states, one for each stream, to shorten the next fold. A cache: whatever is missing is folded anew.
/// </summary>
/// <remarks>Every member throws <see cref="StoreUnavailableException"/> when the store cannot be reached.</remarks>
public interface ISnapshotStore
{
    /// <summary>The stream's snapshot; null if it has none of this shape.</summary>
    Task<Snapshot?> ReadSnapshotAsync(StreamName stream, string shape, CancellationToken cancellation = default);

    /// <summary>
    /// Replaces the stream's snapshot, unless that is of the same shape and not older. A state that holds personal
    /// texts must not be kept: forgetting a person does not reach it.
    /// </summary>
    Task SaveSnapshotAsync(StreamName stream, Snapshot snapshot, CancellationToken cancellation = default);
}

/// <summary>A stream folded into a state, as it is kept.</summary>
/// <param name="Shape">Names the code that made it: another one's state may not mean the same.</param>
/// <param name="Version">The version up to which the stream is folded.</param>
/// <param name="Position">The position of the event with that version.</param>
/// <param name="State">The state as JSON.</param>
public sealed record Snapshot(string Shape, long Version, long Position, byte[] State);
