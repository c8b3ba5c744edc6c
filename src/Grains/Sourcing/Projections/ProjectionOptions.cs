using Waybill.EventStore.Streams;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>How projections read, try and rebuild.</summary>
public sealed record ProjectionOptions
{
    /// <summary>Into how many queues the log is divided: those of its streams, in the same number.</summary>
    public int QueueCount { get; init; } = new EventStreamOptions().QueueCount;

    /// <summary>How many events of its queue a host reads, and commits, at a time.</summary>
    public int PageSize { get; init; } = 1_000;

    /// <summary>How many rows a host keeps in memory, so that it need not load them.</summary>
    public int RowsMax { get; init; } = 1_000;

    /// <summary>How often a host looks into the log by itself: what a lost delivery costs.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a host reads on before it lets its callers in between, and how long a caller waits for it to catch up.
    /// </summary>
    public TimeSpan CatchUpLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a call to the store may take.</summary>
    public TimeSpan StoreLimit { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How long a call to the notifier may take. Nobody waits for it but later notifications of the same queue; those
    /// it reaches are somebody else's servers, which may be slow.
    /// </summary>
    public TimeSpan NotifierLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a status waits for the read models before it asks the log instead.</summary>
    public TimeSpan StatusLimit { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How much data an event may have, in bytes; one with more is parked unread, because reading it takes several
    /// times that memory.
    /// </summary>
    public int EventBytesMax { get; init; } = 8 << 20;

    /// <summary>How often an event that fails is tried by itself; then its run waits for a person.</summary>
    public int AttemptsMax { get; init; } = 5;

    /// <summary>The pause after the first attempt; doubled after each further one.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many parked runs a host tries again by itself in one turn, so that they never hold it up.</summary>
    public int RetriesMax { get; init; } = 20;

    /// <summary>How many parked events are applied in one transaction.</summary>
    public int RedriveSize { get; init; } = 1_000;

    /// <summary>How many bytes of data parked events that are applied in one transaction have, about.</summary>
    public int RedriveBytes { get; init; } = 16 << 20;

    /// <summary>How often each silo sees to it that there is a host for every queue.</summary>
    public TimeSpan WakePeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// From how many positions behind the head on a projection is rebuilt rather than caught up: about where that is
    /// faster.
    /// </summary>
    public long RebuildBehind { get; init; } = 100_000;

    /// <summary>How many events a rebuild reads with one query.</summary>
    public int RebuildPageSize { get; init; } = 5_000;

    /// <summary>
    /// How many events a rebuild commits at a time at most: many, because a row is written once in a commit however
    /// often it has changed.
    /// </summary>
    public int RebuildCommitSize { get; init; } = 100_000;

    /// <summary>How many rows a rebuild commits at a time, about.</summary>
    public int RebuildCommitRows { get; init; } = 25_000;

    /// <summary>How many rows a rebuild keeps in memory, so that it need not load them.</summary>
    public int RebuildRowsMax { get; init; } = 200_000;

    /// <summary>How many events a swap may fold while everybody waits.</summary>
    public int SwapLeftMax { get; init; } = 2_000;

    /// <summary>How long a rebuild must have stood still before another silo takes it up.</summary>
    public TimeSpan RebuildTakeover { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the table that a swap replaced stays, for hosts that have not heard of the swap.</summary>
    public TimeSpan KeepReplaced { get; init; } = TimeSpan.FromMinutes(1);
}
