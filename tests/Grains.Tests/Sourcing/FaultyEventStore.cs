using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Waybill.EventStore;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>What grains ask a store for.</summary>
public enum StoreCall
{
    Append,
    ReadStream,
    FindCommand,
    ReadSnapshot,
    SaveSnapshot,
}

/// <summary>What a call can do besides its work.</summary>
public enum Fault
{
    None,
    ThrowBefore,
    ThrowAfter,
    HangBefore,
    HangAfter,

    /// <summary>Another writer gets in first.</summary>
    Rival,

    /// <summary>The call waits until the test releases it.</summary>
    Hold,

    /// <summary>
    /// An append that nobody hears of any more and that is made when the test releases it. Those that come after it
    /// wait behind it, as they do in a real store.
    /// </summary>
    Late,
}

/// <summary>A store that fails on demand: one fault per call, in the order in which they were planned.</summary>
public sealed class FaultyEventStore(IEventStore inner, ISnapshotStore snapshots) : IEventStore, ISnapshotStore
{
    private readonly ConcurrentDictionary<StoreCall, ConcurrentQueue<Fault>> _planned = new();
    private readonly ConcurrentQueue<int> _appends = new();
    private readonly Channel<Fault> _struck = Channel.CreateUnbounded<Fault>();
    private readonly Channel<(StreamName Stream, Snapshot Snapshot)> _saved =
        Channel.CreateUnbounded<(StreamName, Snapshot)>();
    private readonly Channel<Fault> _hangs = Channel.CreateUnbounded<Fault>();
    private TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _late = Task.CompletedTask;
    private int _calls;
    private int _eventsRead;
    private readonly ConcurrentDictionary<StreamName, int> _snapshotCalls = [];

    /// <summary>While true, no call gets through.</summary>
    public bool IsAway { get; set; }

    public bool IsFailing => inner.IsFailing;

    /// <summary>While true, every stream has an event that cannot be read.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>The version that is gone from every stream; null if none is.</summary>
    public long? Missing { get; set; }

    /// <summary>How many calls there have been, but for savings of snapshots.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>How many events each append brought, whatever became of it; emptied by being read.</summary>
    public List<int> TakeAppends()
    {
        var appends = new List<int>();
        while (_appends.TryDequeue(out var count))
            appends.Add(count);
        return appends;
    }

    /// <summary>How many events have been read from streams.</summary>
    public int EventsRead => Volatile.Read(ref _eventsRead);

    /// <summary>Whose savings of snapshots a fault may strike; null for any, since nobody waits for them.</summary>
    public StreamName? SavesOf { get; set; }

    /// <summary>The snapshots beneath, which do not fail.</summary>
    public ISnapshotStore Snapshots => snapshots;

    /// <summary>How many calls there have been about a stream's snapshots.</summary>
    public int SnapshotCalls(StreamName stream) => _snapshotCalls.GetValueOrDefault(stream);

    /// <summary>What a rival appends.</summary>
    public required Func<NewEvent> RivalEvent { get; init; }

    public void Plan(StoreCall call, params ReadOnlySpan<Fault> faults)
    {
        foreach (var fault in faults)
            _planned.GetOrAdd(call, _ => new()).Enqueue(fault);
    }

    /// <summary>Forgets what was planned and did not come to pass, and what did and nobody asked for.</summary>
    public void PlanNothing()
    {
        _planned.Clear();
        while (_struck.Reader.TryRead(out _) || _hangs.Reader.TryRead(out _))
        {
            // What struck an earlier test says nothing to the next.
        }
    }

    /// <summary>Completes when a planned fault of this kind has begun, once for each.</summary>
    public async Task Struck(Fault fault)
    {
        while (await _struck.Reader.ReadAsync().AsTask().WaitAsync(FakeTimeProvider.BarrierLimit) != fault)
        {
            // One that nobody asked for.
        }
    }

    /// <summary>Completes when a call hangs, once for each.</summary>
    public Task Hangs() => _hangs.Reader.ReadAsync().AsTask();

    /// <summary>Completes when a snapshot has been saved, once for each.</summary>
    public Task<(StreamName Stream, Snapshot Snapshot)> Saved() =>
        _saved.Reader.ReadAsync().AsTask().WaitAsync(FakeTimeProvider.BarrierLimit);

    /// <summary>Lets go of what is held or late.</summary>
    public void Release() => Interlocked.Exchange(
        ref _release, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    public async Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        DateTimeOffset? wakeAt,
        CancellationToken cancellation = default)
    {
        _appends.Enqueue(events.Count);
        var fault = Begin(StoreCall.Append);
        if (fault is Fault.Late)
            _late = Later();
        await Before(fault, stream);
        await _late;
        var result = await inner.AppendAsync(stream, expectedVersion, events, wakeAt, CancellationToken.None);
        await After(fault);
        return result;

        async Task Later()
        {
            await _release.Task;
            await inner.AppendAsync(stream, expectedVersion, events, wakeAt, CancellationToken.None);
        }
    }

    public async IAsyncEnumerable<StoredEvent> ReadStreamAsync(
        StreamName stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        DateTimeOffset? toTime = null,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var fault = Begin(StoreCall.ReadStream);
        await Before(fault, stream);
        await foreach (var stored in inner.ReadStreamAsync(
            stream, fromVersion, toVersion, toTime, CancellationToken.None))
        {
            if (stored.Version == Missing)
                continue;
            Interlocked.Increment(ref _eventsRead);
            yield return IsDamaged ? stored with { Type = "account.lost" } : stored;
        }
        await After(fault);
    }

    public async Task<RecordedCommand?> FindCommandAsync(
        StreamName stream, Guid commandId, CancellationToken cancellation = default)
    {
        var fault = Begin(StoreCall.FindCommand);
        await Before(fault, stream);
        var found = await inner.FindCommandAsync(stream, commandId, CancellationToken.None);
        await After(fault);
        return found;
    }

    public Task<LogPage> ReadCorrelationAsync(
        string correlationId, long afterPosition, int limit, CancellationToken cancellation = default) =>
        inner.ReadCorrelationAsync(correlationId, afterPosition, limit, cancellation);

    public Task<IReadOnlyList<StoredEvent>> ReadCommandAsync(
        Guid commandId, CancellationToken cancellation = default) => inner.ReadCommandAsync(commandId, cancellation);

    public async Task<Snapshot?> ReadSnapshotAsync(
        StreamName stream, string shape, CancellationToken cancellation = default)
    {
        _snapshotCalls.AddOrUpdate(stream, 1, (_, calls) => calls + 1);
        var fault = Begin(StoreCall.ReadSnapshot);
        await Before(fault, stream);
        var kept = await snapshots.ReadSnapshotAsync(stream, shape, CancellationToken.None);
        await After(fault);
        return kept;
    }

    public async Task SaveSnapshotAsync(
        StreamName stream, Snapshot snapshot, CancellationToken cancellation = default)
    {
        _snapshotCalls.AddOrUpdate(stream, 1, (_, calls) => calls + 1);
        var fault = SavesOf is { } only && only != stream ? null : Begin(StoreCall.SaveSnapshot);
        await Before(fault, stream);
        await snapshots.SaveSnapshotAsync(stream, snapshot, CancellationToken.None);
        _saved.Writer.TryWrite((stream, snapshot));
        await After(fault);
    }

    public Task<long> ReadHeadPositionAsync(CancellationToken cancellation = default) =>
        inner.ReadHeadPositionAsync(cancellation);

    public Task<LogPage> ReadLogAsync(
        LogFilter filter, long afterPosition, int limit, CancellationToken cancellation = default) =>
        inner.ReadLogAsync(filter, afterPosition, limit, cancellation);

    public Task WaitBeyondAsync(long position, CancellationToken cancellation) =>
        inner.WaitBeyondAsync(position, cancellation);

    private Fault? Begin(StoreCall call)
    {
        if (call is not StoreCall.SaveSnapshot) // Which may be that of any test, for nobody waits for it.
            Interlocked.Increment(ref _calls);
        if (IsAway)
            throw new StoreUnavailableException("The store is away.");
        return _planned.TryGetValue(call, out var planned) && planned.TryDequeue(out var fault) ? fault : null;
    }

    private async Task Before(Fault? fault, StreamName stream)
    {
        if (fault is not { } planned)
            return;
        var held = _release.Task;
        if (fault is Fault.Rival)
            await AppendRival(stream);
        _struck.Writer.TryWrite(planned);
        if (fault is Fault.Hold)
            await held;
        await Fail(fault, Fault.ThrowBefore, fault is Fault.Late ? Fault.Late : Fault.HangBefore);
    }

    private Task After(Fault? fault) => Fail(fault, Fault.ThrowAfter, Fault.HangAfter);

    private async Task AppendRival(StreamName stream)
    {
        var version = await inner.ReadStreamAsync(stream).CountAsync();
        await inner.AppendAsync(stream, version, [RivalEvent()], CancellationToken.None);
    }

    // A hanging call ignores its cancellation, as a connection to a vanished machine may.
    private Task Fail(Fault? fault, Fault throwing, Fault hanging)
    {
        if (fault == throwing)
            throw new StoreUnavailableException($"Planned: {fault}.");
        if (fault != hanging)
            return Task.CompletedTask;
        _hangs.Writer.TryWrite(hanging);
        return new TaskCompletionSource().Task;
    }
}
