using Microsoft.Extensions.Logging;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// Keeps a projection's rows up to date for one queue of the log: takes what is delivered, reads what is missing from
/// the store, and commits rows and position together. What it commits is fenced by the position it went out from, so
/// that of two hosts, or a host and a swap, one wins and the other begins anew from what is stored.
/// </summary>
/// <remarks>
/// For one caller at a time, except for <see cref="ProgressAsync"/>. Nothing throws: what keeps it from going on is
/// kept for the status, and the next tick tries again.
/// </remarks>
internal sealed partial class ProjectionHost<TProjection, TRow>(
    ProjectionAccess access, LogQueue queue, Func<Task<bool>> rebuild)
    where TProjection : IProjection<TRow>
    where TRow : class
{
    // Somebody else's commits are rare; who loses more often than this is better off waiting for the next tick.
    private const int LossesMax = 3;

    private static readonly Dictionary<StreamName, ParkedStream> NoneParked = [];

    private readonly ProjectionFold<TProjection, TRow> _fold = new(access);
    private Dictionary<StreamName, ParkedStream> _parked = [];
    private ProjectionPosition? _at; // As stored; null until it is known.
    private WorkingRows<TRow> _rows = new(); // As stored, and fenced as the position is: the ones used last.
    private long _readTo; // What lies between the stored position and this concerns no row.
    private bool _isPrepared;
    private bool _hasRead;
    private bool _looksAgain;
    private DateTimeOffset? _lastRead;
    private string? _error;

    private static ReadModel<TRow> Model => TProjection.Model;

    private ProjectionOptions Options => access.Options;

    /// <summary>
    /// Takes a chunk of the queue: seen before, it is ignored; if something before it is missing, that is read first.
    /// </summary>
    /// <param name="after">The position after which the chunk begins.</param>
    /// <param name="readTo">The position up to which all events of the queue are in it.</param>
    /// <param name="events">The events.</param>
    public Task TakeAsync(long after, long readTo, IReadOnlyList<StoredEvent> events) =>
        // After a failure the ticks go on alone, so that deliveries do not pile up behind a store that hangs.
        _error is not null ? Task.CompletedTask : Survive(async () =>
        {
            await KnowAsync();
            var deadline = Deadline();
            if (after > _readTo)
                await CatchUpAsync(after, deadline);
            if (readTo <= _readTo)
                return;
            // What is left open here, the next tick finds.
            _hasRead = after <= _readTo && await ApplyAsync([.. events.Where(e => e.Position > _readTo)], readTo);
            Deliver();
        });

    /// <summary>Has the next tick see whether the projection is still where this one thinks it is.</summary>
    public void LookAgain() => _looksAgain = true;

    /// <summary>Does what is due: reads on, keeps its position, retries parked runs, delivers notifications.</summary>
    /// <returns>False if there is more to read at once.</returns>
    public async Task<bool> TickAsync()
    {
        var isDone = true;
        await Survive(async () =>
        {
            await KnowAsync();
            await LookAgainAsync();
            if (!_hasRead)
                isDone = await CatchUpAsync(long.MaxValue, Deadline());
            _hasRead = false;
            await KeepPositionAsync();
            await RetryAsync();
            Deliver();
        });
        return isDone;
    }

    /// <summary>Reads on until a position, for whoever wants to read what it has written.</summary>
    /// <returns>How far it has come, which is less if it took too long or the store cannot be reached.</returns>
    public async Task<long> CatchUpToAsync(long position)
    {
        if (_at is null || _readTo < position)
            await Survive(async () =>
            {
                await KnowAsync();
                await CatchUpAsync(position, Deadline());
            });
        return _readTo;
    }

    /// <summary>How it goes. It may be asked while something else is under way.</summary>
    public async Task<QueueProgress> ProgressAsync()
    {
        // Together, before anything is awaited: who is told of a read is told of where it led.
        var (position, lastRead) = (_at is null && _readTo == 0 ? (long?)null : _readTo, _lastRead);
        var (lag, notices, error) = (default(QueueLag), default(long?), _error);
        try
        {
            lag = await ReadLagAsync(position ?? 0);
            notices = await CountNoticesAsync();
        }
        catch (Exception unreadable) // The status says so.
        {
            error ??= unreadable.Message;
        }
        return new QueueProgress(
            queue.Number,
            position,
            lag?.Head,
            lag?.EventsBehind,
            lag?.IsExact ?? false,
            access.Time.GetUtcNow() - lag?.OldestTime,
            lastRead,
            error,
            _parked.Count,
            _noticeError,
            notices);
    }

    // The read models may be what is out of reach; the log then says the same, at a higher price.
    private async Task<QueueLag> ReadLagAsync(long position)
    {
        if (_error is null)
            try
            {
                return await access.Call(
                    limit => access.Rows.ReadLagAsync(queue, position, limit), within: Options.StatusLimit);
            }
            catch (StoreUnavailableException)
            {
                // It has not been found out yet.
            }
        var reads = access.Call(
            limit => access.Log.ReadLogAsync(new LogFilter(queue), position, Options.PageSize, limit),
            within: Options.StatusLimit);
        var head = await access.Call(access.Log.ReadHeadPositionAsync, within: Options.StatusLimit);
        var page = await reads;
        return new(head, page.Events.Count, page.ReadTo >= head, page.Events.Count > 0 ? page.Events[0].Time : null);
    }

    private long Deadline() =>
        access.Time.GetTimestamp() + (long)(Options.CatchUpLimit.TotalSeconds * access.Time.TimestampFrequency);

    private async Task<bool> Survive(Func<Task> work)
    {
        try
        {
            await work();
            (_error, _lastRead) = (null, access.Time.GetUtcNow());
            return true;
        }
        catch (Exception failure) // Whoever delivers must not see it, and the next tick tries again.
        {
            if (_error != failure.Message && failure is not ProjectionWaitsException)
                access.Logger.LogWarning(
                    failure, "{Projection} stands still in queue {Queue}.", Model.View, queue.Number);
            (_at, _error) = (null, failure.Message);
            return false;
        }
    }

    // What is stored has the last word: after a start, a failure with an unknown end, and when somebody was faster.
    private async Task KnowAsync()
    {
        if (_at is not null)
            return;
        if (!_isPrepared)
            await access.Call(limit => access.Rows.PrepareAsync(Model, queue.Count, limit));
        _isPrepared = true;
        var at = await access.Call(limit => access.Rows.ReadPositionAsync(Model, queue, limit));
        if (at is null)
        {
            await rebuild();
            throw new ProjectionWaitsException("It was divided into another number of queues; a rebuild comes first.");
        }
        var head = await access.Call(access.Log.ReadHeadPositionAsync);
        if (head - at.Position > Math.Max(Options.RebuildBehind, head / 2) && await rebuild())
            throw new ProjectionWaitsException("It is far behind; a rebuild comes first.");
        var parked = await access.Call(
            limit => access.Rows.ReadParkedStreamsAsync(Model, at.Generation, queue, limit));
        _parked = parked.ToDictionary(run => run.Stream);
        _hasNotices = true; // A commit whose answer was lost, or a swap, may have left some.
        await ScheduleRetriesAsync();
        (_at, _readTo, _rows) = (at, at.Position, new());
    }

    // A queue without traffic commits nothing, and so would never find out that a swap has left it behind.
    private async Task LookAgainAsync()
    {
        if (!_looksAgain)
            return;
        if (await access.Call(limit => access.Rows.ReadPositionAsync(Model, queue, limit)) != _at)
        {
            _at = null;
            await KnowAsync();
        }
        _looksAgain = false;
    }

    // False if the time ended first.
    private async Task<bool> CatchUpAsync(long to, long deadline)
    {
        for (var losses = 0; _readTo < to;)
        {
            if (access.Time.GetTimestamp() > deadline)
                return false;
            var page = await access.Call(
                limit => access.Log.FollowLogAsync(new LogFilter(queue), _readTo, Options.PageSize, limit));
            if (page.ReadTo == _readTo)
                return true;
            if (!await ApplyAsync(page.Events, page.ReadTo) && ++losses == LossesMax)
                return true; // For this tick.
        }
        return true;
    }

    // False if somebody else was faster: then it stands where that one left it.
    private async Task<bool> ApplyAsync(IReadOnlyList<StoredEvent> events, long to)
    {
        var prepared = _fold.Prepare(events);
        if (prepared.Count == 0 || await CommitAsync(prepared, to))
        {
            _readTo = to;
            return true;
        }
        _at = null;
        await KnowAsync();
        return false;
    }

    private async Task<bool> CommitAsync(List<Prepared> events, long to)
    {
        if (!await LoadAsync(events, _rows, _parked))
            return false;
        var result = _fold.Apply(events, _rows, _parked, Notifies);
        var changes = _rows.TakeChanges();
        var committed = await CommitAsync(new ProjectionCommit<TRow>(_at!, to)
        {
            Upserts = [.. changes.Added, .. changes.Updated],
            Deletes = changes.Removed,
            Parked = result.Parked,
            Extended = result.Extended,
            Notices = result.Notices,
        });
        if (!committed)
            return false;
        if (_rows.IsFull(Options.RowsMax))
            _rows.Forget();
        result.AddTo(_parked);
        foreach (var run in result.Parked)
        {
            access.Logger.LogWarning("{Projection} parks {Stream}: {Cause}.", Model.View, run.Stream, run.Cause);
            ScheduleRetry(run);
        }
        return true;
    }

    private async Task<bool> CommitAsync(ProjectionCommit<TRow> commit)
    {
        if (await access.Call(limit => access.Rows.CommitAsync(Model, commit, limit)) is CommitOutcome.Superseded)
            return false;
        _at = commit.Reached;
        _hasNotices |= commit.Notices.Count > 0;
        return true;
    }

    private async Task<bool> LoadAsync(
        IReadOnlyList<Prepared> events, WorkingRows<TRow> rows, IReadOnlyDictionary<StreamName, ParkedStream> parked)
    {
        var keys = ProjectionFold<TProjection, TRow>.KeysToLoad(events, rows, parked);
        if (keys.Count == 0)
            return true;
        var loaded = await access.Call(limit => access.Rows.LoadRowsAsync(Model, _at!.Generation, keys, limit));
        if (loaded is null)
            return false;
        foreach (var key in keys)
            rows.Add(key, loaded.GetValueOrDefault(key));
        return true;
    }

    // Where nothing concerns a row nothing is committed, until some time has passed: readers are told positions too.
    private async Task KeepPositionAsync()
    {
        if (_at is not { } at || _readTo <= at.Position)
            return;
        if (!await CommitAsync(new ProjectionCommit<TRow>(at, _readTo)))
            _at = null;
    }
}

/// <summary>A projection cannot go on before something else has been done.</summary>
internal sealed class ProjectionWaitsException(string message) : Exception(message);
