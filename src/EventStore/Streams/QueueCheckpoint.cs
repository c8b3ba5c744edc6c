using Microsoft.Extensions.Logging;

namespace Waybill.EventStore.Streams;

/// <summary>
/// How far one queue has been delivered, as the store keeps it: behind what is known here, so that delivery does not
/// wait for it. What is lost with the silo is delivered again.
/// </summary>
/// <remarks>The number of queues may be changed, and back: see <see cref="QueueStart"/>.</remarks>
internal sealed class QueueCheckpoint(
    LogQueue queue, ICheckpointStore store, TimeSpan period, TimeProvider time, ILogger logger)
{
    private const string Prefix = "events/";

    // A queue that nothing comes into is saved from time to time too, or its next owner would read all the log between.
    private const long StaleAfter = 10_000;

    private readonly string _reader = Reader(queue);
    private Task _saving = Task.CompletedTask;
    private long _saved;
    private long _savedBy = time.GetTimestamp();
    private volatile bool _hasMoved;

    /// <summary>The name under which a queue's checkpoint is kept, for example <c>events/3-of-8</c>.</summary>
    public static string Reader(LogQueue queue) => QueueStart.Name(Prefix, queue);

    /// <summary>Where the queue begins.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be reached.</exception>
    public async Task<long> ReadStartAsync(CancellationToken cancellation)
    {
        (var start, _saved) = await QueueStart.ReadAsync(store, Prefix, queue, cancellation);
        return start;
    }

    /// <summary>Events were delivered: worth saving, when it is due.</summary>
    public void Moved() => _hasMoved = true;

    /// <summary>Saves in the background up to where the queue has been delivered, if that is due.</summary>
    public void SaveIfDue(long position)
    {
        if (!_saving.IsCompleted || time.GetElapsedTime(_savedBy) < period)
            return;
        if (position <= _saved || (!_hasMoved && position - _saved < StaleAfter))
            return;
        _savedBy = time.GetTimestamp();
        _hasMoved = false;
        _saving = SaveAsync(position);
    }

    /// <summary>Saves what has been delivered, and ends when it is saved, or cannot be, or the limit ends.</summary>
    public async Task FlushAsync(long position, TimeSpan limit)
    {
        var flush = FlushAsync(position);
        await flush.WaitAsync(limit, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private async Task FlushAsync(long position)
    {
        await _saving;
        if (position > _saved)
            await SaveAsync(position);
    }

    private async Task SaveAsync(long position)
    {
        try
        {
            await store.SaveCheckpointAsync(_reader, position);
            _saved = position;
        }
        catch (Exception error) // Delivery goes on, and the next one says more than this.
        {
            _hasMoved = true;
            logger.LogWarning(error, "The checkpoint of {Reader} could not be saved at {Position}.", _reader, position);
        }
    }
}
