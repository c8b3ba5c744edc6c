namespace Waybill.EventStore.Streams;

/// <summary>How the log is made into streams.</summary>
public sealed record EventStreamOptions
{
    /// <summary>
    /// Into how many queues the log is divided, from 1 to <see cref="Slot.Count"/>; so many readers can work side by
    /// side. All silos of a cluster must agree; it may change between two starts of the cluster.
    /// </summary>
    public int QueueCount { get; init; } = 8;

    /// <summary>
    /// How long a read waits for events. While it waits nothing leaves the queue's cache and no checkpoint moves.
    /// </summary>
    public TimeSpan ReadWait { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the reader of the log's end sleeps at most: what a lost wake-up costs.</summary>
    public TimeSpan PollPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often a checkpoint is written at most: what is delivered again after a silo's death, with all that was read
    /// since an event was given up that has not come again yet.
    /// </summary>
    public TimeSpan CheckpointPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an event whose delivery fails is tried again. Meanwhile all that was read after it stays in the cache,
    /// so it is short: it comes once more after <see cref="RedeliveryDelay"/>. Whoever misses it even so finds the gap
    /// with the next event, and fills it from the store.
    /// </summary>
    public TimeSpan DeliveryLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long after events were given up the queue is delivered once more from there on, as soon as nothing of it is
    /// under way; ten times as long after it they are passed, if it is never quiet. The last chunks of a queue are
    /// delivered again and again until they, or later ones, come through.
    /// </summary>
    public TimeSpan RedeliveryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many items the cache of one queue holds, each event being one, two with a saga, and each chunk one. It must
    /// hold what comes in while one event is tried again, or that event holds up the others.
    /// </summary>
    public int CacheSize { get; init; } = 16_384;

    /// <summary>How much event data the cache of one queue holds, about, in bytes.</summary>
    public long CacheBytesMax { get; init; } = 32 * 1024 * 1024;

    /// <summary>How many events one query reads at most.</summary>
    public int PageSize { get; init; } = 1_000;

    /// <summary>How many of its queue's newest events are kept for a receiver that is busy.</summary>
    public int WindowMax { get; init; } = 2_000;

    /// <summary>How much data these may have, in bytes.</summary>
    public long WindowBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    internal EventStreamOptions Checked()
    {
        // A read takes a tenth of the cache, and must have room for an event, its saga's and a chunk.
        const int cacheSizeMin = 30;
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(QueueCount, Slot.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(CacheSize, cacheSizeMin);
        ArgumentOutOfRangeException.ThrowIfLessThan(CacheBytesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PageSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(WindowMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(WindowBytesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ReadWait, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PollPeriod, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointPeriod, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DeliveryLimit, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RedeliveryDelay, TimeSpan.Zero);
        return this;
    }
}
