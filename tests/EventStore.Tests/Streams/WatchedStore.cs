using Waybill.EventStore;

namespace Waybill.Tests.EventStore.Streams;

/// <summary>A store that can be taken away, and says what it was asked for.</summary>
public sealed class WatchedStore<TStore>(TStore inner, Consumers consumers) : IEventStore, ICheckpointStore
    where TStore : IEventStore, ICheckpointStore
{
    private int _queueReads;
    private int _logReads;

    /// <summary>While true, nobody gets through.</summary>
    public bool IsAway { get; set; }

    /// <summary>How often the log was read by queue.</summary>
    public int QueueReads => Volatile.Read(ref _queueReads);

    /// <summary>How often it was read whole.</summary>
    public int LogReads => Volatile.Read(ref _logReads);

    public bool IsFailing => inner.IsFailing;

    public Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        DateTimeOffset? wakeAt,
        CancellationToken cancellation = default) =>
        There().AppendAsync(stream, expectedVersion, events, wakeAt, cancellation);

    public IAsyncEnumerable<StoredEvent> ReadStreamAsync(
        StreamName stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        DateTimeOffset? toTime = null,
        CancellationToken cancellation = default) =>
        There().ReadStreamAsync(stream, fromVersion, toVersion, toTime, cancellation);

    public Task<LogPage> ReadLogAsync(
        LogFilter filter, long afterPosition, int limit, CancellationToken cancellation = default)
    {
        Interlocked.Increment(ref filter == LogFilter.All ? ref _logReads : ref _queueReads);
        return There().ReadLogAsync(filter, afterPosition, limit, cancellation);
    }

    public Task<LogPage> ReadCorrelationAsync(
        string correlationId, long afterPosition, int limit, CancellationToken cancellation = default) =>
        There().ReadCorrelationAsync(correlationId, afterPosition, limit, cancellation);

    public Task<RecordedCommand?> FindCommandAsync(
        StreamName stream, Guid commandId, CancellationToken cancellation = default) =>
        There().FindCommandAsync(stream, commandId, cancellation);

    public Task<IReadOnlyList<StoredEvent>> ReadCommandAsync(
        Guid commandId, CancellationToken cancellation = default) => There().ReadCommandAsync(commandId, cancellation);

    public Task<long> ReadHeadPositionAsync(CancellationToken cancellation = default) =>
        There().ReadHeadPositionAsync(cancellation);

    public Task WaitBeyondAsync(long position, CancellationToken cancellation) =>
        There().WaitBeyondAsync(position, cancellation);

    public Task<long> ReadCheckpointAsync(string reader, CancellationToken cancellation = default) =>
        There().ReadCheckpointAsync(reader, cancellation);

    public Task<IReadOnlyDictionary<string, long>> ReadCheckpointsAsync(
        string prefix, CancellationToken cancellation = default) => There().ReadCheckpointsAsync(prefix, cancellation);

    public async Task SaveCheckpointAsync(string reader, long position, CancellationToken cancellation = default)
    {
        await There().SaveCheckpointAsync(reader, position, cancellation);
        lock (Saved)
            Saved[reader] = Math.Max(position, Saved.GetValueOrDefault(reader));
        consumers.Changed();
    }

    /// <summary>How far a reader's checkpoint was saved.</summary>
    public long SavedBy(string reader)
    {
        lock (Saved)
            return Saved.GetValueOrDefault(reader);
    }

    private Dictionary<string, long> Saved { get; } = [];

    private TStore There() => IsAway ? throw new StoreUnavailableException("The store is away.") : inner;
}
