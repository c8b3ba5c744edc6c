using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans.Streams;
using Orleans.Streams.Core;
using Waybill.EventStore;
using Waybill.EventStore.Streams;

namespace Waybill.Grains.Sourcing;

/// <summary>
/// What reads one queue of the log. The grain's key is the queue's number; each reader has an interface of its own that
/// extends this one.
/// </summary>
[Alias("waybill.log-reader")]
public interface ILogReaderGrain : IGrainWithStringKey
{
    /// <summary>Reads on in the log, so that a delivery that was lost is not missed.</summary>
    [Alias("catch-up")]
    Task<LogReaderStatus> CatchUp();
}

/// <summary>How a reader's queue goes.</summary>
/// <param name="Reader">The reader's name.</param>
/// <param name="Error">What keeps it, or some streams in it, from going on; null if nothing does.</param>
[GenerateSerializer, Immutable, Alias("waybill.log-reader-status")]
public sealed record LogReaderStatus(string Reader, string? Error);

/// <summary>
/// Reads one queue of the log and handles each event that concerns it, at least once. A class that derives from it
/// subscribes to <see cref="EventStreams.LogNamespace"/>, and is registered with
/// <see cref="LogReaderServices.AddLogReader{TGrain}"/>.
/// </summary>
/// <remarks>
/// Handling is idempotent: events come again after a failure, or to two activations, and the position, which is
/// kept about once a second where something was handled, never goes back. So nothing here needs a fence. It moves
/// only past what has been handled: one event that cannot be handled holds up its queue until it can. It never
/// fails the stream: what it cannot do now is done later. An event that cannot be read holds up its own stream
/// alone; the position that is kept stays before it, so that another process, which may know how to read it, begins
/// there.
/// </remarks>
public abstract class LogReaderGrain(LogReaderAccess access)
    : Grain, ILogReaderGrain, IStreamSubscriptionObserver, IAsyncObserver<LogChunk>
{
    private const int PageSize = 500;

    // What a process that dies has to handle again, against a write with each chunk; and how long what concerned
    // nothing is read again.
    private static readonly TimeSpan SavePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan QuietSavePeriod = TimeSpan.FromSeconds(30);

    // With more than this it is not some streams that are broken.
    private const int HeldMax = 1_000;

    // A delivery that waits longer than some seconds is given up, and the next look is not far.
    private static readonly TimeSpan CatchUpMax = TimeSpan.FromSeconds(1);

    private readonly Dictionary<StreamName, UnreadableEventException> _held = [];
    private long? _position;
    private string? _error;
    private long _saved;
    private long _savedAt;
    private bool _hasHandled;

    /// <summary>The reader's name: lower-case letters and hyphens, kept for ever.</summary>
    protected abstract string ReaderName { get; }

    private LogQueue Queue => new(
        int.Parse(this.GetPrimaryKeyString(), CultureInfo.InvariantCulture), access.QueueCount);

    // Another number of queues is another division of the log, with positions of its own.
    private string Checkpoint => QueueStart.Name(Prefix, Queue);

    private string Prefix => $"{ReaderName}-";

    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<LogChunk>().ResumeAsync(this);

    /// <inheritdoc/>
    public Task OnNextAsync(LogChunk item, StreamSequenceToken? token = null) => Survive(async () =>
    {
        // After the number of queues was changed, a silo may still deliver as before: catching up does without it.
        if (item.QueueCount != access.QueueCount || item.ReadTo <= await Position())
            return;
        // One that is far behind goes on when the supervisor has it catch up, a while at a time.
        if (await CatchUpTo(item.After))
            await Handle(item.Events, item.ReadTo);
        await SaveSometimes();
    });

    /// <inheritdoc/>
    public Task OnErrorAsync(Exception ex) => CatchUp();

    /// <inheritdoc/>
    public async Task<LogReaderStatus> CatchUp()
    {
        await Survive(async () =>
        {
            await CatchUpTo(await access.Store.ReadHeadPositionAsync());
            await (_hasHandled ? Save() : SaveSometimes());
        });
        return new(ReaderName, _error ?? _held.Values.MinBy(held => held.Stored.Position)?.Message);
    }

    /// <summary>Whether an event is to be handled; its data is not read for it.</summary>
    protected abstract bool Concerns(StoredEvent stored);

    /// <summary>
    /// Handles one event. Those of a stream are handled in order, those of several streams side by side. What this
    /// throws has the event come again, and all those around it.
    /// </summary>
    protected abstract Task Handle(StoredEvent stored);

    private async Task<long> Position()
    {
        if (_position is { } known)
            return known;
        (var start, _saved) = await QueueStart.ReadAsync(access.Checkpoints, Prefix, Queue);
        _position = start;
        return start;
    }

    // Whether it got there. It goes on no longer than is good for those who wait for this grain.
    private async Task<bool> CatchUpTo(long position)
    {
        var begun = access.Time.GetTimestamp();
        while (await Position() is var after && after < position)
        {
            if (access.Time.GetElapsedTime(begun) >= CatchUpMax)
                return false;
            var page = await access.Store.FollowLogAsync(new LogFilter(Queue), after, PageSize);
            if (page.ReadTo == after)
                return false;
            await Handle(page.Events, page.ReadTo);
            await SaveSometimes();
        }
        return true;
    }

    private async Task Handle(IReadOnlyList<StoredEvent> events, long readTo)
    {
        var after = await Position();
        await Task.WhenAll(
            from stored in events
            where stored.Position > after && Concerns(stored) && !_held.ContainsKey(stored.Stream)
            group stored by stored.Stream into stream
            select HandleInOrder(stream));
        _position = Math.Max(after, readTo);
    }

    private async Task HandleInOrder(IEnumerable<StoredEvent> events)
    {
        _hasHandled = true;
        foreach (var stored in events)
            try
            {
                await Handle(stored);
            }
            catch (UnreadableEventException unreadable) when (_held.Count < HeldMax)
            {
                _held.Add(stored.Stream, unreadable);
                access.Logger.LogError(unreadable, "{Reader} lets {Stream} wait.", Checkpoint, stored.Stream);
                return;
            }
    }

    private Task SaveSometimes() =>
        access.Time.GetElapsedTime(_savedAt) >= (_hasHandled ? SavePeriod : QuietSavePeriod)
            ? Save()
            : Task.CompletedTask;

    private async Task Save()
    {
        _savedAt = access.Time.GetTimestamp();
        var position = await Position();
        if (_held.Count > 0)
            position = Math.Min(position, _held.Values.Min(held => held.Stored.Position) - 1);
        if (position > _saved)
            await access.Checkpoints.SaveCheckpointAsync(Checkpoint, position);
        (_saved, _hasHandled) = (Math.Max(_saved, position), false);
    }

    private async Task Survive(Func<Task> work)
    {
        try
        {
            await work();
            _error = null;
        }
        catch (Exception error) // The stream must not be held up; the supervisor has it tried again.
        {
            _error = error.Message;
            access.Logger.LogWarning(error, "{Reader} could not go on after {Position}.", Checkpoint, _position);
        }
    }
}
