namespace Waybill.EventStore;

/// <summary>Keeps how far readers of the log have come.</summary>
/// <remarks>Every member throws <see cref="StoreUnavailableException"/> when the store cannot be reached.</remarks>
public interface ICheckpointStore
{
    /// <summary>How far a reader has come; 0 if it has not begun.</summary>
    Task<long> ReadCheckpointAsync(string reader, CancellationToken cancellation = default);

    /// <summary>How far the readers have come whose names begin like this, by their names.</summary>
    Task<IReadOnlyDictionary<string, long>> ReadCheckpointsAsync(
        string prefix, CancellationToken cancellation = default);

    /// <summary>Keeps how far a reader has come. It never goes back: an older position changes nothing.</summary>
    Task SaveCheckpointAsync(string reader, long position, CancellationToken cancellation = default);
}
