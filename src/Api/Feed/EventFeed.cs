using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Waybill.Api.Http;
using Waybill.EventStore;

namespace Waybill.Api.Feed;

/// <summary>
/// The end of the log for all who follow it: read once and written as text once, however many they are. Whoever is
/// further behind reads the store until they have caught up. It reads only while somebody follows.
/// </summary>
/// <remarks>Invariant: what is kept has no gaps, because the positions of the log have none.</remarks>
internal sealed class EventFeed(
    IEventStore store,
    IOptions<JsonOptions> json,
    TimeProvider time,
    IHostApplicationLifetime life,
    ILogger<EventFeed> logger)
{
    // What a follower who is a little slower than the others can be late by without a query of their own.
    private const int KeptMax = 1_024;

    private const int KeptBytesMax = 4 * 1024 * 1024;

    // Bounds what one follower holds while it is being written to them.
    private const int BatchMax = 100;

    // A wake-up can be lost, when the process that committed died before it told.
    private static readonly TimeSpan PollPeriod = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(1);

    // Guards what follows; the store is never called inside it.
    private readonly Lock _gate = new();
    private readonly List<FeedMessage> _kept = [];
    private long _end;
    private long _keptBytes;
    private int _followers;
    private bool _isReading;
    private TaskCompletionSource _grows = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins to follow; whoever leaves disposes what is returned.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be reached.</exception>
    public async Task<Follower> FollowAsync(CancellationToken cancellation)
    {
        var head = await store.ReadHeadPositionAsync(cancellation);
        lock (_gate)
        {
            _followers++;
            if (!_isReading)
            {
                _isReading = true;
                _end = head;
                _ = Task.Run(ReadAsync, CancellationToken.None);
            }
        }
        return new Follower(this, head);
    }

    /// <summary>
    /// What comes after a position, oldest first, in parts; waits until there is something. Nothing if there is none in
    /// time.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store, which is needed for it, cannot be reached.</exception>
    public async Task<IReadOnlyList<FeedMessage>> ReadAsync(long after, TimeSpan wait, CancellationToken cancellation)
    {
        for (var begun = time.GetTimestamp(); ;)
        {
            var (batch, grows) = Look(after);
            if (batch is null)
                batch = await ReadStoreAsync(after, cancellation);
            if (batch.Count > 0)
                return batch;

            var left = wait - time.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero)
                return [];
            try
            {
                await grows.WaitAsync(left, time, cancellation);
            }
            catch (TimeoutException)
            {
                return [];
            }
        }
    }

    // What is kept of it; null if the store must be asked. The task ends when there is more.
    private (IReadOnlyList<FeedMessage>? Batch, Task Grows) Look(long after)
    {
        lock (_gate)
        {
            if (after >= _end)
                return ([], _grows.Task);
            var index = after - (_end - _kept.Count);
            return index < 0
                ? (null, _grows.Task)
                : (_kept.GetRange((int)index, Math.Min(BatchMax, _kept.Count - (int)index)), _grows.Task);
        }
    }

    private async Task<IReadOnlyList<FeedMessage>> ReadStoreAsync(long after, CancellationToken cancellation)
    {
        var page = await store.FollowLogAsync(LogFilter.All, after, BatchMax, cancellation);
        return [.. page.Events.Select(Write)];
    }

    private async Task ReadAsync()
    {
        while (TryGoOn(out var end))
        {
            try
            {
                var page = await store.FollowLogAsync(LogFilter.All, end, BatchMax, life.ApplicationStopping);
                Keep(page);
                if (page.Events.Count < BatchMax)
                    await WaitBeyondAsync(page.ReadTo);
            }
            catch (Exception) when (life.ApplicationStopping.IsCancellationRequested)
            {
                // The server stops; so does this loop.
            }
            catch (Exception error) // The loop must survive whatever the store throws.
            {
                logger.LogWarning(error, "The end of the log could not be read for those who follow it.");
                await Task.Delay(FailurePause, time, life.ApplicationStopping)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // Its end and the next follower's coming must not miss each other.
    private bool TryGoOn(out long end)
    {
        lock (_gate)
        {
            end = _end;
            if (_followers > 0 && !life.ApplicationStopping.IsCancellationRequested)
                return true;
            _isReading = false;
            _kept.Clear();
            _keptBytes = 0;
            return false;
        }
    }

    private void Keep(LogPage page)
    {
        var messages = page.Events.Select(Write).ToList();
        if (messages.Count == 0)
            return;
        TaskCompletionSource grew;
        lock (_gate)
        {
            _kept.AddRange(messages);
            _end = page.ReadTo;
            _keptBytes += messages.Sum(message => message.Text.Length);
            var surplus = 0;
            for (; _kept.Count - surplus > KeptMax || _keptBytes > KeptBytesMax; surplus++)
                _keptBytes -= _kept[surplus].Text.Length;
            _kept.RemoveRange(0, surplus);
            grew = _grows;
            _grows = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        grew.SetResult();
    }

    private async Task WaitBeyondAsync(long position)
    {
        using var enough = new CancellationTokenSource(PollPeriod, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, life.ApplicationStopping);
        try
        {
            await store.WaitBeyondAsync(position, either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Time to look whether a wake-up was lost.
        }
    }

    private FeedMessage Write(StoredEvent stored)
    {
        var body = JsonSerializer.Serialize(EventBody.Of(stored), json.Value.SerializerOptions);
        var text = $"id: {stored.Position}\nevent: {stored.Type}\ndata: {body}\n\n";
        return new(stored.Position, stored.Type, stored.Stream, Encoding.UTF8.GetBytes(text));
    }

    /// <summary>One who follows.</summary>
    internal sealed class Follower(EventFeed feed, long head) : IDisposable
    {
        private bool _hasLeft;

        /// <summary>The end of the log when that began.</summary>
        public long Head => head;

        public void Dispose()
        {
            lock (feed._gate)
            {
                feed._followers -= _hasLeft ? 0 : 1;
                _hasLeft = true;
            }
        }
    }
}

/// <summary>An event as it is sent to whoever follows the log.</summary>
internal sealed record FeedMessage(long Position, string Type, StreamName Stream, byte[] Text);
