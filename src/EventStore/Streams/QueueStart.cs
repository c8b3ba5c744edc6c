using System.Globalization;

namespace Waybill.EventStore.Streams;

/// <summary>
/// Where a reader of one queue begins, though the number of queues may have been changed: at its own checkpoint, or at
/// the lowest of the queues of any other number, whichever is furthest. Up to there all of the log has been read, in
/// those queues or in this one; a queue that never saved a checkpoint counts as having read nothing.
/// </summary>
public static class QueueStart
{
    /// <summary>The name under which a queue's checkpoint is kept, for example <c>events/3-of-8</c>.</summary>
    /// <param name="prefix">The reader's, with what separates it from the number.</param>
    /// <param name="queue">The queue.</param>
    public static string Name(string prefix, LogQueue queue) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{queue.Number}-of-{queue.Count}");

    /// <summary>Finds it out.</summary>
    /// <returns>Where the queue begins, and its own checkpoint.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot be reached.</exception>
    public static async Task<(long Start, long Own)> ReadAsync(
        ICheckpointStore store, string prefix, LogQueue queue, CancellationToken cancellation = default)
    {
        var all = await store.ReadCheckpointsAsync(prefix, cancellation);
        var own = all.GetValueOrDefault(Name(prefix, queue));
        var start = all.Keys
            .Select(name => CountOf(name[prefix.Length..])).OfType<int>().Distinct()
            .Select(count => Enumerable.Range(0, count).Min(
                number => all.GetValueOrDefault(Name(prefix, new LogQueue(number, count)))))
            .Append(own)
            .Max();
        return (start, own);
    }

    private static int? CountOf(string numbers)
    {
        var parts = numbers.Split("-of-");
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is >= 1 and <= Slot.Count
            ? count
            : null;
    }
}
