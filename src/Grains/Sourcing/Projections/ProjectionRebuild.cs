using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// Builds a projection's rows anew, beside the live ones, from the whole log, and puts them in their place. Reading,
/// decoding, folding and writing go on side by side, each one page or commit ahead of the next.
/// </summary>
/// <remarks>
/// What it commits is fenced by the token of its lease: of two that build, the later one wins, and goes on where the
/// earlier one was. It is one run; whoever starts it starts another one after a failure.
/// </remarks>
internal sealed class ProjectionRebuild<TProjection, TRow>(ProjectionAccess access)
    where TProjection : IProjection<TRow>
    where TRow : class
{
    // How many parked runs are committed together, at most about: they are written one by one.
    private const int ParkedMax = 2_000;

    // How many pages each stage may be ahead of the next one: one to work on and one to take up next.
    private const int PagesAhead = 2;

    private readonly ProjectionFold<TProjection, TRow> _fold = new(access);
    private RebuildLease _lease = null!;
    private long _position;
    private Dictionary<StreamName, ParkedStream> _parked = [];

    private static ReadModel<TRow> Model => TProjection.Model;

    private ProjectionOptions Options => access.Options;

    /// <summary>Builds and swaps.</summary>
    /// <param name="by">Who starts it.</param>
    /// <param name="fresh">Drops what has been built so far, rather than going on from there.</param>
    /// <param name="catchUp">
    /// Lets the live projection come up to a position, as far as it can: what it notifies of on the way is lost if it
    /// does not come that far before the swap.
    /// </param>
    /// <param name="cancellation">Ends it; what has been built stays, to go on from.</param>
    /// <returns>False if another one has taken over, or it was cancelled.</returns>
    public async Task<bool> RunAsync(string by, bool fresh, Func<long, Task> catchUp, CancellationToken cancellation)
    {
        await access.Rows.PrepareAsync(Model, Options.QueueCount, cancellation);
        _lease = await access.Rows.StartRebuildAsync(Model, by, access.Time.GetUtcNow(), fresh, cancellation);
        await ResumeAsync(_lease.Position, cancellation);
        var hasWaited = access.Notifier is null;
        while (true)
        {
            if (!await BuildAsync(cancellation)
                || await access.Rows.IndexBuildAsync(Model, _lease, cancellation) is CommitOutcome.Superseded
                || !await BuildAsync(cancellation))
                return false;
            // Once: a live side that is sick is what a rebuild may be there to heal.
            if (!hasWaited)
                await WaitAsync(catchUp, cancellation);
            hasWaited = true;
            switch (await SwapAsync(cancellation))
            {
                case SwapOutcome.Swapped swapped:
                    access.Logger.LogInformation(
                        "{Projection} is rebuilt up to position {Position}.", Model.View, swapped.Position);
                    return true;
                case SwapOutcome.Superseded:
                    return false;
            }
        }
    }

    private async Task WaitAsync(Func<long, Task> catchUp, CancellationToken cancellation)
    {
        try
        {
            await catchUp(_position).WaitAsync(cancellation);
        }
        catch (Exception sick) when (!cancellation.IsCancellationRequested)
        {
            access.Logger.LogWarning(
                sick, "{Projection} is swapped without waiting for its live side.", Model.View);
        }
    }

    private async Task ResumeAsync(long position, CancellationToken cancellation)
    {
        _position = position;
        var parked = await access.Rows.ReadParkedStreamsAsync(Model, _lease.Generation, queue: null, cancellation);
        _parked = parked.ToDictionary(run => run.Stream);
    }

    // Up to the head of the log as it is then. False if another one has taken over.
    private async Task<bool> BuildAsync(CancellationToken cancellation)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pages = Channel.CreateBounded<LogPage>(PagesAhead);
        var prepared = Channel.CreateBounded<(List<Prepared> Events, long ReadTo)>(PagesAhead);
        var from = _position;
        var head = await access.Log.ReadHeadPositionAsync(ends.Token);
        var reads = Stage(pages.Writer, write => ReadAsync(from, head, write, ends.Token), ends.Token);
        var prepares = Stage(prepared.Writer, write => PrepareAsync(pages.Reader, write, ends.Token), ends.Token);
        var folds = FoldAsync(prepared.Reader, ends.Token);
        try
        {
            return await folds;
        }
        finally
        {
            await ends.CancelAsync();
            await reads;
            await prepares;
        }
    }

    // A stage that fails ends the one after it with its failure, and is told to end by whoever ends.
    private static Task Stage<T>(
        ChannelWriter<T> writer, Func<ChannelWriter<T>, Task> work, CancellationToken ends) => Task.Run(async () =>
    {
        try
        {
            await work(writer);
            writer.Complete();
        }
        catch (Exception failure) // It goes on to the reader, which throws it.
        {
            writer.TryComplete(failure);
        }
    }, ends).ContinueWith(_ => { }, TaskScheduler.Default);

    private async Task ReadAsync(
        long from, long head, ChannelWriter<LogPage> pages, CancellationToken cancellation)
    {
        for (var at = from; at < head;)
        {
            var page = await access.Log.ReadLogAsync(LogFilter.All, at, Options.RebuildPageSize, cancellation);
            if (page.ReadTo == at)
                return;
            await pages.WriteAsync(page, cancellation);
            at = page.ReadTo;
        }
    }

    private async Task PrepareAsync(
        ChannelReader<LogPage> pages,
        ChannelWriter<(List<Prepared> Events, long ReadTo)> prepared,
        CancellationToken cancellation)
    {
        await foreach (var page in pages.ReadAllAsync(cancellation))
            await prepared.WriteAsync((_fold.Prepare(page.Events), page.ReadTo), cancellation);
    }

    private async Task<bool> FoldAsync(
        ChannelReader<(List<Prepared> Events, long ReadTo)> pages, CancellationToken cancellation)
    {
        var batch = new Batch(_position);
        var rows = new WorkingRows<TRow>();
        var write = Task.FromResult(CommitOutcome.Committed);
        try
        {
            await foreach (var (events, readTo) in pages.ReadAllAsync(cancellation))
            {
                await LoadAsync(events, rows, cancellation);
                batch.Add(_fold.Apply(events, rows, _parked), _parked, readTo);
                var isFull = rows.IsFull(Options.RebuildRowsMax);
                if (!isFull && rows.ChangedCount < Options.RebuildCommitRows && batch.ParkedCount < ParkedMax
                    && readTo - batch.From < Options.RebuildCommitSize)
                    continue;
                if (await write is CommitOutcome.Superseded)
                    return false;
                write = WriteAsync(batch.Take(rows.TakeChanges(), access.Time.GetUtcNow()), cancellation);
                // What is forgotten has not changed since the time before, so that its write has ended.
                if (isFull)
                    rows.Forget();
            }
            if (await write is CommitOutcome.Superseded)
                return false;
            if (batch.To > batch.From)
                write = WriteAsync(batch.Take(rows.TakeChanges(), access.Time.GetUtcNow()), cancellation);
            if (await write is CommitOutcome.Superseded)
                return false;
            _position = batch.To;
            return true;
        }
        finally
        {
            // A write that is under way would otherwise meet the next attempt's.
            await ((Task)write).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // On a thread of its own: making the rows into what the database takes is work too.
    private Task<CommitOutcome> WriteAsync(BuildCommit<TRow> commit, CancellationToken cancellation) =>
        Task.Run(() => access.Rows.CommitBuildAsync(Model, _lease, commit, cancellation), cancellation);

    private async Task LoadAsync(List<Prepared> events, WorkingRows<TRow> rows, CancellationToken cancellation)
    {
        var keys = ProjectionFold<TProjection, TRow>.KeysToLoad(events, rows, _parked);
        if (keys.Count == 0)
            return;
        var loaded = await access.Rows.LoadRowsAsync(Model, _lease.Generation, keys, cancellation)
            ?? throw new OperationCanceledException("The table being built is gone.");
        foreach (var key in keys)
            rows.Add(key, loaded.GetValueOrDefault(key));
    }

    private Task<SwapOutcome> SwapAsync(CancellationToken cancellation) => access.Rows.SwapAsync<TRow>(
        Model,
        _lease,
        new SwapRequest(Options.QueueCount, Options.SwapLeftMax, access.Time.GetUtcNow()),
        FoldLastAsync,
        cancellation);

    private async Task<RowChanges<TRow>> FoldLastAsync(SwapChunk<TRow> chunk)
    {
        var events = _fold.Prepare(chunk.Events);
        var parked = chunk.Parked.ToDictionary(run => run.Stream);
        var rows = new WorkingRows<TRow>();
        var keys = ProjectionFold<TProjection, TRow>.KeysToLoad(events, rows, parked);
        if (keys.Count > 0)
        {
            var loaded = await chunk.Load(keys);
            foreach (var key in keys)
                rows.Add(key, loaded.GetValueOrDefault(key));
        }
        var result = _fold.Apply(events, rows, parked, NotSeenByAHost);
        var changes = rows.TakeChanges();
        return new RowChanges<TRow>
        {
            Upserts = [.. changes.Added, .. changes.Updated],
            Deletes = changes.Removed,
            Parked = result.Parked,
            Extended = result.Extended,
            Notices = result.Notices,
        };

        bool NotSeenByAHost(StoredEvent stored) =>
            access.Notifier is not null && LiveOf(stored.Stream).Position < stored.Position;

        ProjectionPosition LiveOf(StreamName stream) =>
            chunk.Live.Single(at => at.Queue == LogQueue.Of(stream, at.Queue.Count));
    }

    /// <summary>What is to be committed next, gathered from several pages.</summary>
    private sealed class Batch(long from)
    {
        private readonly Dictionary<Guid, ParkedRun> _parked = [];
        private readonly Dictionary<Guid, ParkedExtension> _extended = [];

        public long From { get; private set; } = from;

        public long To { get; private set; } = from;

        public int ParkedCount => _parked.Count + _extended.Count;

        public void Add(FoldResult result, Dictionary<StreamName, ParkedStream> parked, long to)
        {
            foreach (var run in result.Parked)
                _parked[run.Id] = run;
            foreach (var extension in result.Extended)
            {
                if (_parked.TryGetValue(extension.Id, out var run))
                    _parked[run.Id] = run with
                    {
                        LastVersion = extension.LastVersion, LastPosition = extension.LastPosition,
                    };
                else
                    _extended[extension.Id] = extension;
            }
            result.AddTo(parked);
            To = to;
        }

        public BuildCommit<TRow> Take(RowDifference<TRow> rows, DateTimeOffset now)
        {
            var commit = new BuildCommit<TRow>(From, To, now)
            {
                Added = rows.Added,
                Upserts = rows.Updated,
                Deletes = rows.Removed,
                Parked = [.. _parked.Values],
                Extended = [.. _extended.Values],
            };
            _parked.Clear();
            _extended.Clear();
            From = To;
            return commit;
        }
    }
}
