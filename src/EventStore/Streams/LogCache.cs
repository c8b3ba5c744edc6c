using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace Waybill.EventStore.Streams;

/// <summary>
/// Orleans' cache of what has been read and not yet delivered, bounded in bytes as well as in items: events differ in
/// size by orders of magnitude. Used by one agent, whose turns do not overlap.
/// </summary>
internal sealed class LogCache(int size, long bytesMax, ILogger logger) : SimpleQueueCache(size, logger)
{
    // Of each item in the cache, in the order of reading, which is also that of leaving.
    private readonly Queue<long> _bytesOf = [];
    private long _bytes;

    public override bool IsUnderPressure() => _bytes >= bytesMax || base.IsUnderPressure();

    public override void AddToCache(IList<IBatchContainer> messages)
    {
        base.AddToCache(messages);
        foreach (var message in messages)
        {
            // A chunk holds on to its events, and leaves after them.
            var bytes = ((LogDelivery)message).Item is LogChunk chunk ? chunk.Events.Sum(EventSize.Of) : 0;
            _bytesOf.Enqueue(bytes);
            _bytes += bytes;
        }
    }

    public override bool TryPurgeFromCache([MaybeNullWhen(false)] out IList<IBatchContainer> purgedItems)
    {
        var purged = base.TryPurgeFromCache(out purgedItems);
        while (_bytesOf.Count > Size)
            _bytes -= _bytesOf.Dequeue();
        return purged;
    }
}

/// <summary>What an event takes in memory, about.</summary>
internal static class EventSize
{
    // The event, its metadata and their texts.
    private const long Envelope = 500;

    public static long Of(StoredEvent stored) => Envelope + stored.Data.Length;
}
