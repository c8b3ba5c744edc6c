using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Streams;

namespace Orleans.Providers.Streams.Common;

/// <summary>Makes a <see cref="SimpleQueueCache"/> for each queue.</summary>
public class SimpleQueueAdapterCache : IQueueAdapterCache
{
    private readonly int _size;
    private readonly ILoggerFactory _loggers;

    /// <summary>Caches of the size that the options say.</summary>
    public SimpleQueueAdapterCache(SimpleQueueCacheOptions options, string providerName, ILoggerFactory loggerFactory)
    {
        if (options.CacheSize <= 0)
        {
            throw new OrleansConfigurationException($"The cache size of {providerName} must be positive.");
        }

        (_size, _loggers) = (options.CacheSize, loggerFactory);
    }

    /// <inheritdoc/>
    public IQueueCache CreateQueueCache(QueueId queueId) =>
        new SimpleQueueCache(_size, _loggers.CreateLogger($"{typeof(SimpleQueueCache).FullName}.{queueId}"));
}

/// <summary>
/// A queue's batches in the order they were read: one list, and through it a chain for each stream, so that a cursor
/// goes from batch to batch without passing those of other streams. A cursor pins the batch it stands on; what is
/// older than every pinned batch is let go. It is bounded: one slow subscription holds up to its whole size, then the
/// queue is read no further.
/// It is used by one agent, whose turns do not overlap.
/// </summary>
public class SimpleQueueCache(int cacheSize, ILogger logger) : IQueueCache
{
    // Reading stops a tenth before the end, because a read may return that much.
    private const int Reads = 10;

    private readonly Dictionary<StreamId, (CachedBatch Oldest, CachedBatch Newest)> _streams = [];
    private CachedBatch? _oldest;
    private CachedBatch? _newest;

    /// <summary>How many batches it holds.</summary>
    public int Size { get; private set; }

    /// <inheritdoc/>
    public int GetMaxAddCount() => Math.Max(cacheSize / Reads, 1);

    /// <inheritdoc/>
    public virtual bool IsUnderPressure() => Size + GetMaxAddCount() > cacheSize;

    /// <inheritdoc/>
    /// <exception cref="CacheFullException">They are more than there is room for; none was added.</exception>
    public virtual void AddToCache(IList<IBatchContainer> msgs)
    {
        ArgumentNullException.ThrowIfNull(msgs);
        if (Size + msgs.Count > cacheSize)
        {
            throw new CacheFullException($"{msgs.Count} batches do not fit beside {Size} of {cacheSize}.");
        }

        foreach (var batch in msgs) Add(new CachedBatch(batch));
    }

    /// <inheritdoc/>
    public virtual bool TryPurgeFromCache([MaybeNullWhen(false)] out IList<IBatchContainer> purgedItems)
    {
        purgedItems = null;
        while (_oldest is { Pins: 0 } item)
        {
            // A batch that was given up is let go like the others, but nobody is told that it was delivered.
            purgedItems ??= [];
            if (!item.GivenUp) purgedItems.Add(item.Batch);
            Remove(item);
        }

        if (purgedItems is null) return false;
        if (_oldest is null) _newest = null;
        logger.LogDebug("Let {Count} batches go, {Size} remain.", purgedItems.Count, Size);
        return true;
    }

    /// <inheritdoc/>
    /// <exception cref="QueueCacheMissException">The place is older than all the cache has.</exception>
    public virtual IQueueCacheCursor GetCacheCursor(StreamId streamId, StreamSequenceToken? token)
    {
        var cursor = new SimpleQueueCacheCursor(this, streamId, logger);
        Place(cursor, token);
        return cursor;
    }

    /// <summary>Puts a cursor before its stream's first batch from the place on, or has it wait for that.</summary>
    internal void Place(SimpleQueueCacheCursor cursor, StreamSequenceToken? token)
    {
        if (token is null || _newest is null || token.Newer(_newest.Batch.SequenceToken))
        {
            cursor.Wait(token);
            return;
        }

        if (token.Older(_oldest!.Batch.SequenceToken))
        {
            throw new QueueCacheMissException(token, _oldest.Batch.SequenceToken, _newest.Batch.SequenceToken);
        }

        // What has just arrived is what most cursors are put before.
        var item = !_streams.TryGetValue(cursor.Stream, out var chain) ? null
            : chain.Newest.Batch.SequenceToken.Newer(token) ? chain.Oldest
            : chain.Newest;
        while (item is not null && item.Batch.SequenceToken.Older(token)) item = item.NextOfStream;
        if (item is null) cursor.Wait(null);
        else cursor.StandBefore(item);
    }

    private void Add(CachedBatch item)
    {
        if (_newest is null) _oldest = item;
        else _newest.Next = item;
        _newest = item;
        Size++;
        if (_streams.TryGetValue(item.Batch.StreamId, out var chain)) chain.Newest.NextOfStream = item;
        _streams[item.Batch.StreamId] = (chain.Oldest ?? item, item);
    }

    private void Remove(CachedBatch oldest)
    {
        _oldest = oldest.Next;
        Size--;
        var stream = oldest.Batch.StreamId;
        if (oldest.NextOfStream is { } next) _streams[stream] = (next, _streams[stream].Newest);
        else _streams.Remove(stream);
    }
}

/// <summary>A batch in the cache, between its neighbours in the queue and in its stream.</summary>
internal sealed class CachedBatch(IBatchContainer batch)
{
    internal readonly IBatchContainer Batch = batch;
    internal CachedBatch? Next;
    internal CachedBatch? NextOfStream;
    internal int Pins;
    internal bool GivenUp;
}

/// <summary>A cursor: before a batch, on a batch, or at the end, where it waits and pins nothing.</summary>
public class SimpleQueueCacheCursor : IQueueCacheCursor
{
    private readonly SimpleQueueCache _cache;
    private CachedBatch? _at;
    private bool _onIt;
    private StreamSequenceToken? _waitingFor;

    /// <summary>A cursor at the end.</summary>
    public SimpleQueueCacheCursor(SimpleQueueCache cache, StreamId streamId, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(logger);
        (_cache, Stream) = (cache, streamId);
    }

    internal StreamId Stream { get; }

    /// <inheritdoc/>
    public virtual IBatchContainer? GetCurrent(out Exception? exception)
    {
        exception = null;
        return _onIt ? _at!.Batch : null;
    }

    /// <inheritdoc/>
    public virtual bool MoveNext()
    {
        if (_at is null) return false;
        if (_onIt)
        {
            if (_at.NextOfStream is not { } next)
            {
                Wait(null);
                return false;
            }

            StandBefore(next);
        }

        return _onIt = true;
    }

    /// <inheritdoc/>
    public virtual void Refresh(StreamSequenceToken sequenceToken)
    {
        if (_at is null) _cache.Place(this, _waitingFor ?? sequenceToken);
    }

    /// <inheritdoc/>
    public void RecordDeliveryFailure()
    {
        if (_onIt) _at!.GivenUp = true;
    }

    /// <summary>Pins nothing any more.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose()"/>
    protected virtual void Dispose(bool disposing) => Wait(null);

    internal void Wait(StreamSequenceToken? token)
    {
        if (_at is not null) _at.Pins--;
        (_at, _onIt, _waitingFor) = (null, false, token);
    }

    internal void StandBefore(CachedBatch item)
    {
        item.Pins++;
        Wait(null);
        _at = item;
    }
}
