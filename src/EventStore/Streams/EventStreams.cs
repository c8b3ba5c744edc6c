using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Runtime;

namespace Waybill.EventStore.Streams;

/// <summary>
/// The streams that the log is made into, and how delivery on this silo goes. Every event comes, as a
/// <see cref="StoredEvent"/>, on the stream of its aggregate and, if it was recorded on behalf of a saga, on that
/// saga's; and every read of a queue comes, as a <see cref="LogChunk"/>, on the stream of that queue. Delivery is at
/// least once, and in order for each aggregate; consumers are idempotent by version or position, and fill gaps from
/// the store.
/// </summary>
public sealed class EventStreams
{
    /// <summary>The name of the stream provider.</summary>
    public const string Provider = "events";

    /// <summary>The namespace of sagas' streams, whose keys are their ids; no category of aggregates.</summary>
    public const string SagaNamespace = "saga";

    /// <summary>The namespace of queues' streams, whose keys are their numbers; no category of aggregates.</summary>
    public const string LogNamespace = "log";

    /// <summary>How many undelivered events of a queue are counted at most.</summary>
    public const int CountMax = 1_000;

    private readonly ConcurrentDictionary<int, LogReceiver> _receivers = [];
    private readonly ConcurrentDictionary<int, GivenUp> _givenUp = [];
    private readonly IEventStore _store;

    internal EventStreams(IEventStore store) => _store = store;

    /// <summary>The stream of an aggregate.</summary>
    public static StreamId Of(StreamName stream) => StreamId.Create(stream.Category, stream.Id);

    /// <summary>The stream of a saga.</summary>
    public static StreamId OfSaga(string sagaId) => StreamId.Create(SagaNamespace, sagaId);

    /// <summary>The stream of a queue.</summary>
    public static StreamId OfQueue(int number) =>
        StreamId.Create(LogNamespace, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>How each queue that this silo reads goes.</summary>
    /// <remarks>
    /// For each queue it costs a query for the head, and one that reads at most <see cref="CountMax"/> events. Delivery
    /// is known with the read after it, so that an event may count as undelivered for a quarter of a second too long.
    /// </remarks>
    public async Task<IReadOnlyList<QueueStatus>> ReadStatusAsync(CancellationToken cancellation = default)
    {
        var status = new List<QueueStatus>();
        foreach (var receiver in _receivers.Values.OrderBy(receiver => receiver.Queue.Number))
            status.Add(await ReadStatusAsync(receiver, cancellation));
        return status;
    }

    /// <summary>The streams on which an event comes.</summary>
    internal static IReadOnlyList<StreamId> Of(StoredEvent stored)
    {
        // A stream without a key cannot be, and such an event must not hold up the others: it comes in its chunk.
        var streams = new List<StreamId>(2);
        if (stored.Stream.Id.Length > 0)
            streams.Add(Of(stored.Stream));
        if (stored.Metadata.SagaId is { Length: > 0 } saga && !streams.Contains(OfSaga(saga)))
            streams.Add(OfSaga(saga));
        return streams;
    }

    internal void Add(LogReceiver receiver) => _receivers[receiver.Queue.Number] = receiver;

    internal void Remove(LogReceiver receiver) =>
        _receivers.TryRemove(KeyValuePair.Create(receiver.Queue.Number, receiver));

    /// <summary>What of a queue this silo gave up; it outlives the queue's receiver.</summary>
    internal GivenUp GivenUpOf(LogQueue queue) => _givenUp.GetOrAdd(queue.Number, _ => new GivenUp());

    private async Task<QueueStatus> ReadStatusAsync(LogReceiver receiver, CancellationToken cancellation)
    {
        var progress = receiver.Progress;
        var (lastRead, error) = receiver.Health;
        Lag? lag = null;
        try
        {
            if (progress is { } at)
                lag = await ReadLagAsync(receiver.Queue, at.Delivered, cancellation);
        }
        catch (StoreUnavailableException away)
        {
            error ??= away.Message;
        }

        var (givenUp, lastGivenUp) = GivenUpOf(receiver.Queue).Now;
        return new QueueStatus(
            receiver.Queue, progress?.Delivered, progress?.ReadTo, lag, lastRead, error, givenUp, lastGivenUp);
    }

    private async Task<Lag> ReadLagAsync(LogQueue queue, long delivered, CancellationToken cancellation)
    {
        // The head is asked for first: an event that comes in between is then counted, not taken for one left out.
        var head = await _store.ReadHeadPositionAsync(cancellation);
        var page = await _store.ReadLogAsync(new LogFilter(queue), delivered, CountMax, cancellation);
        return new Lag(page.Events.Count, page.ReadTo < head, page.Events.Count > 0 ? page.Events[0].Time : null);
    }
}

/// <summary>How delivery of one queue goes.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Delivered">
/// Up to which position everything was delivered, or given up for good; its checkpoint follows within a second or two.
/// Null while it is not known where to begin, because the store cannot be reached.
/// </param>
/// <param name="ReadTo">The position up to which the queue has been read; null as above.</param>
/// <param name="Lag">What is in the log beyond <paramref name="Delivered"/>; null if the store cannot be read.</param>
/// <param name="LastRead">When the log was last read with success; null if it has not been.</param>
/// <param name="Error">Why it cannot be read; null if it can.</param>
/// <param name="GivenUp">How many events or chunks were given up on this silo since it started.</param>
/// <param name="LastGivenUp">The last of them.</param>
public sealed record QueueStatus(
    LogQueue Queue,
    long? Delivered,
    long? ReadTo,
    Lag? Lag,
    DateTimeOffset? LastRead,
    string? Error,
    long GivenUp,
    GivenUpEvent? LastGivenUp);

/// <summary>What of a queue has not been delivered.</summary>
/// <param name="Events">How many events were counted, up to <see cref="EventStreams.CountMax"/>.</param>
/// <param name="IsMore">True if there may be more, because the count ended before the log did.</param>
/// <param name="Oldest">When the first of them was recorded; null if none was found.</param>
public sealed record Lag(int Events, bool IsMore, DateTimeOffset? Oldest);

/// <summary>An event, or a chunk, that one consumer failed to take for so long that it was given up for it.</summary>
/// <param name="Stream">The stream on which it was delivered, for example <c>account/4711</c> or <c>log/3</c>.</param>
/// <param name="Position">The event's position, or up to where the chunk was read; null if it was not begun.</param>
/// <param name="Time">When it was given up.</param>
public sealed record GivenUpEvent(string Stream, long? Position, DateTimeOffset Time);
