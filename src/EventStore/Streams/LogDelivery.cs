using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;

namespace Waybill.EventStore.Streams;

/// <summary>
/// One item on its way to the consumers of one stream: an event, or a chunk. Its token is a position in the log and,
/// for the items of one position, their order.
/// </summary>
[GenerateSerializer, Immutable, Alias("waybill.log-delivery")]
internal sealed class LogDelivery(StreamId streamId, object item, long position, int index) : IBatchContainer
{
    [Id(0)]
    public StreamId StreamId { get; } = streamId;

    [Id(1)]
    public object Item { get; } = item;

    [Id(2)]
    public long Position { get; } = position;

    [Id(3)]
    public int Index { get; } = index;

    // Each consumer asks for it several times.
    public StreamSequenceToken SequenceToken => field ??= new EventSequenceTokenV2(Position, Index);

    // A cast, so that a consumer of the wrong type fails and is seen, rather than getting nothing.
    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() => [Tuple.Create((T)Item, SequenceToken)];

    // What led to an event stands in its metadata; nothing of it belongs to whoever happens to deliver it.
    public bool ImportRequestContext() => false;

    /// <summary>Makes as many of the events as fit, and their chunk, into items.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="after">The position after which the page was read.</param>
    /// <param name="page">What was read: at least one event.</param>
    /// <param name="limit">How many items there may be: at least three.</param>
    /// <returns>The items, the chunk last; and what did not fit, null if all did.</returns>
    public static (List<IBatchContainer> Items, LogChunk Chunk, LogPage? Left) Of(
        LogQueue queue, long after, LogPage page, int limit)
    {
        var items = new List<IBatchContainer>(Math.Min(limit, 2 * page.Events.Count + 1));
        var taken = 0;
        foreach (var stored in page.Events)
        {
            var streams = EventStreams.Of(stored);
            if (items.Count + streams.Count >= limit)
                break;
            for (var i = 0; i < streams.Count; i++)
                items.Add(new LogDelivery(streams[i], stored, stored.Position, i));
            taken++;
        }

        var all = taken == page.Events.Count;
        var readTo = all ? page.ReadTo : page.Events[taken - 1].Position;
        var events = all ? page.Events : page.Events.Take(taken).ToArray();
        var chunk = new LogChunk(queue.Number, queue.Count, after, readTo, events);
        items.Add(new LogDelivery(EventStreams.OfQueue(queue.Number), chunk, readTo, IndexOfChunk));
        return (items, chunk, all ? null : new LogPage([.. page.Events.Skip(taken)], page.ReadTo));
    }

    // After those of the events at the same position, of which there are two at most.
    private const int IndexOfChunk = 2;
}
