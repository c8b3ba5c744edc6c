using Microsoft.Extensions.Logging;
using Orleans.Streams;

namespace Waybill.EventStore.Streams;

/// <summary>
/// Reads one queue of the log for Orleans' pulling agent. It takes the queue's newest events from the silo's
/// <see cref="LogTail"/>; while it is behind these, at the start or after a slow consumer, it reads on in the store
/// until it has caught up. One page is read ahead while the agent delivers.
/// </summary>
/// <remarks>
/// The agent's calls come one at a time; the search for the next page runs beside them, and the status is asked for
/// from anywhere. What was read but not taken is lost with the receiver, which is why only what the agent reports as
/// delivered moves the checkpoint. A failing store ends no search: it goes on when the store is back.
/// </remarks>
internal sealed class LogReceiver : IQueueAdapterReceiver
{
    // For how many redelivery delays a queue that is never quiet may put off a redelivery: so much would come again.
    private const int PutOffMax = 10;

    private readonly IEventStore _store;
    private readonly EventStreamOptions _options;
    private readonly LogTail _tail;
    private readonly TimeProvider _time;
    private readonly Func<bool> _cacheIsEmpty;
    private readonly Action<LogReceiver> _gone;
    private readonly QueueCheckpoint _checkpoint;
    private readonly ReadHealth _health;

    // Guards what the status shows.
    private readonly Lock _lock = new();

    // What was given to the agent, and whose chunk has not been reported as delivered.
    private readonly Queue<HandedOut> _outstanding = [];

    // From where on single events were given up, and since when this is known; up to where all had a second chance.
    private (long After, long Since)? _missing;
    private long _redeliveredTo;
    private long? _position;
    private long _delivered;
    private TailWindow? _window;
    private bool _hasPage;

    // For the agent's calls alone.
    private (Task<LogPage> Page, CancellationTokenSource Stop)? _search;
    private LogPage? _rest;
    private long _lastChunkReadTo;
    private long? _givenUpSince;

    public LogReceiver(
        LogQueue queue,
        IEventStore store,
        ICheckpointStore checkpoints,
        LogTail tail,
        EventStreamOptions options,
        TimeProvider time,
        ILogger logger,
        Func<bool> cacheIsEmpty,
        Action<LogReceiver> gone)
    {
        Queue = queue;
        (_store, _tail, _options, _time, _cacheIsEmpty, _gone) = (store, tail, options, time, cacheIsEmpty, gone);
        _checkpoint = new QueueCheckpoint(queue, checkpoints, options.CheckpointPeriod, time, logger);
        _health = new ReadHealth($"Queue {queue.Number} of {queue.Count}", time, logger);
    }

    public LogQueue Queue { get; }

    // The first search finds out where to begin: it goes on trying, which Orleans does not do for this.
    public Task Initialize(TimeSpan timeout) => Task.CompletedTask;

    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) =>
        GetQueueMessagesAsync(maxCount, CancellationToken.None);

    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount, CancellationToken cancellationToken)
    {
        await BeginAgainIfGivenUpAsync();
        SaveIfDue();
        if (_rest is null)
        {
            _search ??= Search();
            var found = _search.Value.Page;
            await QuietlyAsync(found.WaitAsync(_options.ReadWait, _time, cancellationToken));
            if (!found.IsCompletedSuccessfully || cancellationToken.IsCancellationRequested)
                return [];
            _rest = await found;
            await StopSearchAsync();
        }

        // A chunk begins where the one before it ended, not where its page did: between them was nothing.
        var (items, chunk, rest) = LogDelivery.Of(Queue, _lastChunkReadTo, _rest, maxCount);
        _rest = rest;
        _lastChunkReadTo = chunk.ReadTo;
        lock (_lock)
        {
            if (_outstanding.Count == 0)
                _delivered = _position!.Value;
            _outstanding.Enqueue(new HandedOut(chunk.After, chunk.ReadTo, EventsLeft: items.Count - 1));
            _position = chunk.ReadTo;
            _hasPage = rest is not null;
        }

        if (_rest is null)
            _search = Search();
        return items;
    }

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) =>
        MessagesDeliveredAsync(messages, CancellationToken.None);

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages, CancellationToken cancellationToken)
    {
        // All that was read before a chunk has left the cache with it, delivered or given up. A chunk that was given up
        // is not among these; a later one passes it. It passes no event that was given up, for nobody who consumes
        // the event's stream is given chunks.
        lock (_lock)
        {
            foreach (LogDelivery message in messages)
            {
                if (message.Item is not LogChunk chunk)
                {
                    if (_outstanding.FirstOrDefault(range => message.Position <= range.ReadTo) is { } holder)
                        holder.EventsLeft--;
                    continue;
                }

                _delivered = Math.Max(_delivered, chunk.ReadTo);
                while (_outstanding.TryPeek(out var earlier) && earlier.ReadTo <= chunk.ReadTo)
                {
                    _outstanding.Dequeue();
                    if (earlier.EventsLeft > 0 && earlier.ReadTo > _redeliveredTo)
                        _missing ??= (earlier.After, _time.GetTimestamp());
                }
                _checkpoint.Moved();
            }
        }

        SaveIfDue();
        return Task.CompletedTask;
    }

    public async Task Shutdown(TimeSpan timeout)
    {
        _gone(this);
        await StopSearchAsync();
        if (_window is not null)
            _tail.Detach(_window);
        if (Progress is { } progress)
            await _checkpoint.FlushAsync(progress.Delivered, timeout);
    }

    /// <summary>How far delivery and reading have come; null as long as it is not known where to begin.</summary>
    public (long Delivered, long ReadTo)? Progress
    {
        get
        {
            lock (_lock)
            {
                if (_position is not { } position)
                    return null;
                var readTo = _hasPage || _window is null ? position : _window.QuietTo(position);
                // With nothing under way, all up to there is delivered, or was not of this queue.
                var delivered = _outstanding.Count == 0 ? readTo : _delivered;
                return (Math.Min(delivered, _missing?.After ?? delivered), readTo);
            }
        }
    }

    /// <summary>How its reads go: the tail's while that is what it reads from.</summary>
    public (DateTimeOffset? LastRead, string? Error) Health
    {
        get
        {
            lock (_lock)
            {
                var isInWindow = _position is { } position && _window is { IsSpent: false } window
                    && window.ReachesBackTo(position);
                var (tail, own) = (_tail.Health.Now, _health.Now);
                return isInWindow ? tail : (own.LastRead, own.Error ?? tail.Error);
            }
        }
    }

    private (Task<LogPage> Page, CancellationTokenSource Stop) Search()
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_tail.Closing);
        return (Task.Run(() => FindNextAsync(stop.Token), CancellationToken.None), stop);
    }

    private async Task StopSearchAsync()
    {
        if (_search is not var (page, stop))
            return;
        await stop.CancelAsync();
        await QuietlyAsync(page);
        stop.Dispose();
        _search = null;
    }

    /// <summary>Looks for the queue's next events, for as long as it takes.</summary>
    private async Task<LogPage> FindNextAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var position = await BeginAsync(stop);
                var window = Window();
                var changed = window.Changed;
                var page = Take(window, position) ?? await ReadStoreAsync(position, stop);
                if (page.Events.Count > 0)
                    return page;
                if (page.ReadTo > position)
                    Skip(page.ReadTo);
                else if (!window.IsSpent)
                    await changed.WaitAsync(stop);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception error) // It must survive whatever the store throws.
            {
                await Task.Delay(_health.Failed(error), _time, stop);
            }
        }
    }

    private async ValueTask<long> BeginAsync(CancellationToken stop)
    {
        lock (_lock)
            if (_position is { } known)
                return known;
        var start = await _checkpoint.ReadStartAsync(stop);
        lock (_lock)
            (_position, _delivered, _lastChunkReadTo) = (start, start, start);
        return start;
    }

    private TailWindow Window()
    {
        lock (_lock)
        {
            if (_window is not { IsSpent: false })
                _window = _tail.Attach(Queue);
            return _window;
        }
    }

    // What the window no longer has, somebody else must have, for those who ask how far reading has come.
    private LogPage? Take(TailWindow window, long position)
    {
        lock (_lock)
        {
            var page = window.Take(position, _options.PageSize);
            _hasPage = page is { Events.Count: > 0 };
            return page;
        }
    }

    private async Task<LogPage> ReadStoreAsync(long position, CancellationToken stop)
    {
        var page = await _store.ReadLogAsync(new LogFilter(Queue), position, _options.PageSize, stop);
        _health.Succeeded();
        return page;
    }

    private void Skip(long to)
    {
        lock (_lock)
            _position = to;
    }

    // What left the cache without a report was given up: chunks after which none has come, and single events. Nothing
    // else may bring them. Orleans' cache takes no earlier positions beside later ones, so it must be empty first.
    private async Task BeginAgainIfGivenUpAsync()
    {
        long after;
        lock (_lock)
        {
            if (!_cacheIsEmpty())
            {
                if (_missing is { } old && _time.GetElapsedTime(old.Since) > PutOffMax * _options.RedeliveryDelay)
                    _missing = null;
                _givenUpSince = null;
                return;
            }
            if (_outstanding.Count > 0)
                _givenUpSince ??= _time.GetTimestamp();
            if ((_missing?.Since ?? _givenUpSince) is not { } since
                || _time.GetElapsedTime(since) < _options.RedeliveryDelay)
            {
                return;
            }
            after = _missing?.After ?? _outstanding.Peek().After;
        }

        await StopSearchAsync();
        _rest = null;
        _givenUpSince = null;
        lock (_lock)
        {
            _redeliveredTo = _position!.Value;
            (_position, _delivered, _lastChunkReadTo) = (after, after, after);
            _outstanding.Clear();
            _missing = null;
            _hasPage = false;
        }
    }

    private void SaveIfDue()
    {
        if (Progress is { } progress)
            _checkpoint.SaveIfDue(progress.Delivered);
    }

    // A wait that ends without what was waited for is no failure.
    private static async Task QuietlyAsync(Task task) => await task.ConfigureAwait(
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}

/// <summary>What was handed out of a part of the log: the positions after the first up to the last.</summary>
/// <param name="After">The position before the first.</param>
/// <param name="ReadTo">The last position.</param>
/// <param name="EventsLeft">How many of its single events have not been reported as delivered.</param>
internal sealed record HandedOut(long After, long ReadTo, int EventsLeft)
{
    public int EventsLeft { get; set; } = EventsLeft;
}
