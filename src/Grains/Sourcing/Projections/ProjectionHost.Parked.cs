using System.Globalization;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

// What is done about parked runs, and about the rows of one stream. The live position is never moved by it.
internal sealed partial class ProjectionHost<TProjection, TRow>
{
    // Of the runs that are found at a start, so many are tried again by themselves: the rest wait for a person.
    private const int ScheduledMax = 1_000;

    private readonly Dictionary<Guid, DateTimeOffset> _retries = [];
    private readonly HashSet<Guid> _known = []; // Runs of which it is known whether, and when, they are tried again.

    /// <summary>
    /// Applies a run's events in order, in the end releasing the stream. A failure keeps what went well and parks the
    /// rest.
    /// </summary>
    public Task<RedriveResult> RedriveAsync(Guid runId, string by) => ActAsync(runId, new Act("redrive", by));

    /// <summary>Leaves out the event that failed, for good, and applies the run's other events.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="version">The version of that event, so that asking twice does not leave out two.</param>
    /// <param name="by">Who.</param>
    public Task<RedriveResult> DiscardAsync(Guid runId, long version, string by) =>
        ActAsync(runId, new Act("discard", by, version));

    /// <summary>Folds one stream anew, as far as the projection has come, and writes its rows.</summary>
    public async Task<RedriveResult> RebuildRowsAsync(StreamName stream)
    {
        RedriveResult? result = null;
        await Survive(async () =>
        {
            for (var losses = 0; result is null && losses < LossesMax; losses++)
            {
                await KnowAsync();
                result = await TryRebuildRowsAsync(stream);
            }
        });
        return result ?? Unavailable();
    }

    private async Task<RedriveResult> ActAsync(Guid runId, Act act)
    {
        RedriveResult? result = null;
        await Survive(async () => result = await DriveAsync(runId, act));
        return result ?? Unavailable();
    }

    private RedriveResult Unavailable() => new(RedriveStatus.Unavailable, 0, _error ?? "Somebody else was faster.");

    private async Task RetryAsync()
    {
        var (now, deadline) = (access.Time.GetUtcNow(), Deadline());
        foreach (var (runId, _) in _retries.Where(retry => retry.Value <= now).Take(Options.RetriesMax).ToList())
        {
            if (access.Time.GetTimestamp() > deadline)
                return;
            _retries[runId] = now + Options.RetryPause; // If it cannot be tried.
            await DriveAsync(runId, act: null);
        }
    }

    private async Task ScheduleRetriesAsync()
    {
        var parked = _parked.Values.Select(run => run.Id).ToHashSet();
        foreach (var gone in _retries.Keys.Where(runId => !parked.Contains(runId)).ToList())
            _retries.Remove(gone);
        if (parked.IsSubsetOf(_known))
            return;
        var runs = await access.Call(
            limit => access.Rows.ListParkedAsync(Model, cause: null, afterPosition: 0, ScheduledMax, limit));
        foreach (var run in runs.Where(run => parked.Contains(run.Id) && !_known.Contains(run.Id)))
            ScheduleRetry(run);
        _known.Clear();
        _known.UnionWith(parked);
    }

    private void ScheduleRetry(ParkedRun run)
    {
        _known.Add(run.Id);
        _retries.Remove(run.Id);
        if (run.Attempts.Count is var attempts && attempts >= Options.AttemptsMax)
            return;
        var last = run.Attempts.Count > 0 ? run.Attempts[^1].At : run.ParkedAt;
        _retries[run.Id] = last + Options.RetryPause * Math.Pow(2, attempts - 1);
    }

    // Null if somebody else was faster again and again.
    private async Task<RedriveResult?> DriveAsync(Guid runId, Act? act)
    {
        long applied = 0;
        var deadline = Deadline();
        for (var losses = 0; losses < LossesMax;)
        {
            await KnowAsync();
            if (applied > 0 && access.Time.GetTimestamp() > deadline)
            {
                // The queue's other events come in between, and the next tick goes on.
                _retries[runId] = access.Time.GetUtcNow();
                return new(RedriveStatus.GoesOn, applied, null);
            }
            var run = await access.Call(limit => access.Rows.FindParkedAsync(Model, runId, limit));
            if (run is null || LogQueue.Of(run.Stream, queue.Count) != queue
                || (act?.Discards is { } discarded && discarded != run.FirstVersion))
            {
                if (run is null)
                    Release(runId);
                return applied > 0 ? new(RedriveStatus.Done, applied, null) : new(RedriveStatus.NotParked, 0, null);
            }

            if (await DriveSliceAsync(run, act) is not { } slice)
            {
                losses++;
                _at = null;
                continue;
            }
            applied += slice.Applied;
            act = act is { Discards: not null } ? act with { Discards = null } : act;
            if (slice.Failed is { } failed)
                return new(RedriveStatus.Failed, applied, failed.Attempts[^1].Error);
            if (slice.IsLast)
                return new(RedriveStatus.Done, applied, null);
        }
        return null;
    }

    // Null if somebody else was faster.
    private async Task<Slice?> DriveSliceAsync(ParkedRun run, Act? act)
    {
        var (events, next) = await access.Call(limit => ReadSliceAsync(run, limit));
        var skipped = act is { Discards: not null } ? 1 : 0;
        var prepared = _fold.Prepare(events[skipped..]);
        var rows = new WorkingRows<TRow>();
        if (!await LoadAsync(prepared, rows, NoneParked))
            return null;
        var result = _fold.Apply(
            prepared, rows, NoneParked, stored => stored.Position > run.NotifiedTo && Notifies(stored));
        return await CommitSliceAsync(run, act, prepared, result, rows.TakeChanges(), next);
    }

    // As many events as are applied at once, and the one after them.
    private async Task<(List<StoredEvent> Events, StoredEvent? Next)> ReadSliceAsync(
        ParkedRun run, CancellationToken limit)
    {
        var (events, bytes) = (new List<StoredEvent>(), 0L);
        await foreach (var stored in access.Log.ReadStreamAsync(
            run.Stream, run.FirstVersion, run.LastVersion, cancellation: limit))
        {
            bytes += stored.Data.Length;
            if (events.Count == Options.RedriveSize || (events.Count > 0 && bytes > Options.RedriveBytes))
                return (events, stored);
            events.Add(stored);
        }
        return (events, null);
    }

    private async Task<Slice?> CommitSliceAsync(
        ParkedRun run,
        Act? act,
        List<Prepared> prepared,
        FoldResult result,
        RowDifference<TRow> changes,
        StoredEvent? next)
    {
        var now = access.Time.GetUtcNow();
        var failed = result.Parked is [var poison] ? FoldResult.FailedAgain(run, poison) : null;
        var rest = failed
            ?? (next is null ? null : run with { FirstVersion = next.Version, FirstPosition = next.Position });
        var applied = failed is null
            ? prepared.Count
            : prepared.Count(ready => ready.Stored.Version < failed.FirstVersion);
        var committed = await CommitAsync(
            new ProjectionCommit<TRow>(_at!, _at!.Position)
            {
                Upserts = [.. changes.Added, .. changes.Updated],
                Deletes = changes.Removed,
                Notices = result.Notices,
                Parked = rest is null ? [] : [rest],
                Released = rest is null ? [run.Id] : [],
                Acts = act is null ? [] : [act.On(run, now, Describe(run, act, applied, rest, failed))],
            });
        if (!committed)
            return null;
        _rows = new();
        if (rest is null)
            Release(run.Id);
        else if (failed is not null)
            ScheduleRetry(failed);
        return new(applied, failed, rest is null);
    }

    private static string Describe(ParkedRun run, Act act, int applied, ParkedRun? rest, ParkedRun? failed)
    {
        var begun = act.Discards is not null ? $"left out version {run.FirstVersion}, " : "";
        var end = failed is not null
            ? $"version {failed.FirstVersion} failed: {failed.Cause}"
            : rest is not null ? $"goes on with version {rest.FirstVersion}" : "nothing is left";
        return string.Create(CultureInfo.InvariantCulture, $"{begun}applied {applied} events; {end}");
    }

    private void Release(Guid runId)
    {
        _retries.Remove(runId);
        if (_parked.Values.FirstOrDefault(run => run.Id == runId) is { } released)
            _parked.Remove(released.Stream);
    }

    private async Task<RedriveResult?> TryRebuildRowsAsync(StreamName stream)
    {
        if (LogQueue.Of(stream, queue.Count) != queue)
            return new(RedriveStatus.Failed, 0, $"{stream} is not in queue {queue.Number}.");
        var parked = _parked.GetValueOrDefault(stream) is { } waiting
            ? await access.Call(limit => access.Rows.FindParkedAsync(Model, waiting.Id, limit))
            : null;
        var at = _at!;
        var (rows, keys, applied) = (new WorkingRows<TRow>(), new HashSet<RowKey>(), 0);
        var failed = await access.Call(FoldAsync);
        if (failed is not null)
            return new(RedriveStatus.Failed, 0, failed.Attempts[^1].Error);
        var committed = await CommitAsync(new ProjectionCommit<TRow>(at, at.Position)
        {
            Upserts = rows.TakeChanges().Added,
            // A row that should not be there is not among the changes, because nothing was loaded.
            Deletes = [.. keys.Where(key => rows.Get(key) is null)],
        });
        _rows = new();
        if (committed)
            return new(RedriveStatus.Done, applied, null);
        _at = null;
        return null;

        // One event after another, because a stream may be longer than memory is large.
        async Task<ParkedRun?> FoldAsync(CancellationToken limit)
        {
            await foreach (var stored in access.Log.ReadStreamAsync(
                stream, toVersion: parked?.FirstVersion - 1 ?? long.MaxValue, cancellation: limit))
            {
                if (stored.Position > at.Position)
                    break;
                if (_fold.Prepare(stored) is not { } ready)
                    continue;
                if (_fold.Apply([ready], rows, NoneParked).Parked is [var poison])
                    return poison;
                keys.Add(ready.Key);
                applied++;
            }
            return null;
        }
    }

    private sealed record Act(string Name, string By, long? Discards = null)
    {
        public ParkedAct On(ParkedRun run, DateTimeOffset now, string result) =>
            new(Guid.CreateVersion7(now), run.Id, run.Stream, Name, By, now, result);
    }

    private sealed record Slice(long Applied, ParkedRun? Failed, bool IsLast);
}
