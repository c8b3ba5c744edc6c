using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>An event that concerns a row, made ready to be applied, or with the reason why it cannot be.</summary>
/// <param name="Stored">The event as it stands in the log.</param>
/// <param name="Key">The row that it writes.</param>
/// <param name="Prior">The row that it is applied to.</param>
/// <param name="Recorded">The event with its data; null where that cannot be read.</param>
/// <param name="Failure">Why it cannot be applied; null if that is not known yet.</param>
internal readonly record struct Prepared(
    StoredEvent Stored, RowKey Key, RowKey Prior, RecordedEvent? Recorded, Exception? Failure);

/// <summary>An event has more data than a projection reads.</summary>
internal sealed class EventTooLargeException(long bytesMax)
    : Exception($"The event has more than {bytesMax} bytes of data.");
