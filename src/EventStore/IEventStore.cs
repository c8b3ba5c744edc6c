namespace Waybill.EventStore;

/// <summary>
/// The log: append-only streams of events with one global order. An acknowledged append is durable.
/// </summary>
/// <remarks>
/// Every member throws <see cref="StoreUnavailableException"/> when the store cannot be reached. When an append throws
/// that, or is cancelled, its outcome is unknown; the same append tried again is answered as if the first had been.
/// Safe for concurrent use.
/// </remarks>
public interface IEventStore
{
    /// <summary>True if the last append that was carried out failed, as all do while the disk is full.</summary>
    bool IsFailing { get; }

    /// <summary>
    /// Appends all events to the stream, in order and in one transaction, or none of them. It is answered only after
    /// all appends that this store took before it have been carried out or have failed for good.
    /// </summary>
    /// <param name="stream">The stream, which begins to exist with its first event.</param>
    /// <param name="expectedVersion">The version the stream must be at; 0 if it must not have any events yet.</param>
    /// <param name="events">At least one event. Events of one command stand next to each other.</param>
    /// <param name="wakeAt">
    /// When the stream's owner is to be woken, entered into the due table (<see cref="IDueStore"/>) together with the
    /// events. Where an earlier time stands already, that one holds; null leaves what stands there.
    /// </param>
    /// <param name="cancellation">Ends the wait, not necessarily the append.</param>
    /// <exception cref="StoreOverloadedException">Too many appends are waiting; this one was not taken.</exception>
    Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        DateTimeOffset? wakeAt,
        CancellationToken cancellation = default);

    /// <summary>The same for a stream whose owner need not be woken.</summary>
    Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        CancellationToken cancellation = default) =>
        AppendAsync(stream, expectedVersion, events, wakeAt: null, cancellation);

    /// <summary>Reads a stream forward, in pages, so that a slow consumer holds no transaction open.</summary>
    /// <param name="stream">The stream; one without events reads as empty.</param>
    /// <param name="fromVersion">The first version to read, from 1.</param>
    /// <param name="toVersion">The last version to read.</param>
    /// <param name="toTime">The latest time of an event to read; null for any. Time never falls along a stream.</param>
    /// <param name="cancellation">Ends the enumeration.</param>
    IAsyncEnumerable<StoredEvent> ReadStreamAsync(
        StreamName stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        DateTimeOffset? toTime = null,
        CancellationToken cancellation = default);

    /// <summary>
    /// Reads on in the log, in position order. Its cost is bounded by how far it looks, not by how much it finds.
    /// </summary>
    /// <param name="filter">Which events.</param>
    /// <param name="afterPosition">The position before the first to look at; 0 for the beginning.</param>
    /// <param name="limit">How many events to return at most.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<LogPage> ReadLogAsync(
        LogFilter filter, long afterPosition, int limit, CancellationToken cancellation = default);

    /// <summary>
    /// Reads on near the end of the log, like <see cref="ReadLogAsync"/>, for those who follow it: what this process
    /// has just committed may come from its memory. Who is to see what stands in the store reads the log.
    /// </summary>
    Task<LogPage> FollowLogAsync(
        LogFilter filter, long afterPosition, int limit, CancellationToken cancellation = default) =>
        ReadLogAsync(filter, afterPosition, limit, cancellation);

    /// <summary>Reads on in what one request set off, in position order.</summary>
    /// <param name="correlationId">The request's.</param>
    /// <param name="afterPosition">The position before the first to look at; 0 for the beginning.</param>
    /// <param name="limit">How many events to return at most.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<LogPage> ReadCorrelationAsync(
        string correlationId, long afterPosition, int limit, CancellationToken cancellation = default);

    /// <summary>Finds what a command did to a stream; null if the stream has no event of it.</summary>
    Task<RecordedCommand?> FindCommandAsync(
        StreamName stream,
        Guid commandId,
        CancellationToken cancellation = default);

    /// <summary>Reads what a command did, to whichever streams; empty if there is no event of it.</summary>
    /// <remarks>It ends where the events grow large, as no command's do that this code sends.</remarks>
    Task<IReadOnlyList<StoredEvent>> ReadCommandAsync(Guid commandId, CancellationToken cancellation = default);

    /// <summary>The position of the last event in the log; 0 if it is empty.</summary>
    Task<long> ReadHeadPositionAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Waits until an event beyond the position has been committed, here or by another process. It may return early, or
    /// late when a wake-up was lost, so that whoever waits also reads from time to time.
    /// </summary>
    Task WaitBeyondAsync(long position, CancellationToken cancellation);
}
