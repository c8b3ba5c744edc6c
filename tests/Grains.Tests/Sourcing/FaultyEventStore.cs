using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Waybill.EventStore;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>What a storage call can do besides its work.</summary>
public enum Fault
{
    ThrowBefore,
    ThrowAfter,
    HangBefore,
    HangAfter,

    /// <summary>Another writer gets in first (appends only).</summary>
    Rival,
}

/// <summary>A store that fails on demand: one fault per call, in the order in which they were planned.</summary>
public sealed class FaultyEventStore(IEventStore inner) : IEventStore
{
    private readonly ConcurrentQueue<Fault> _appendFaults = new();
    private readonly ConcurrentQueue<Fault> _readFaults = new();
    private readonly Channel<Fault> _hanging = Channel.CreateUnbounded<Fault>();
    private int _calls;

    /// <summary>While true, no call gets through.</summary>
    public bool IsAway { get; set; }

    public bool IsFailing => inner.IsFailing;

    /// <summary>While true, every stream has an event that cannot be read.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>How many calls of any kind there have been.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>What a rival appends.</summary>
    public required Func<NewEvent> RivalEvent { get; init; }

    public void PlanForAppends(params ReadOnlySpan<Fault> faults)
    {
        foreach (var fault in faults)
            _appendFaults.Enqueue(fault);
    }

    public void PlanForReads(params ReadOnlySpan<Fault> faults)
    {
        foreach (var fault in faults)
            _readFaults.Enqueue(fault);
    }

    /// <summary>Completes when a call hangs, once for each.</summary>
    public Task Hanging() => _hanging.Reader.ReadAsync().AsTask().WaitAsync(FakeTimeProvider.BarrierLimit);

    public async Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        CancellationToken cancellation = default)
    {
        var fault = Begin(_appendFaults);
        if (fault is Fault.Rival)
            await inner.AppendAsync(stream, expectedVersion, [RivalEvent()], CancellationToken.None);
        await FailBefore(fault);
        var result = await inner.AppendAsync(stream, expectedVersion, events, CancellationToken.None);
        await FailAfter(fault);
        return result;
    }

    public async IAsyncEnumerable<StoredEvent> ReadStreamAsync(
        StreamName stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        DateTimeOffset? toTime = null,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var fault = Begin(_readFaults);
        await FailBefore(fault);
        await foreach (var stored in inner.ReadStreamAsync(
            stream, fromVersion, toVersion, toTime, CancellationToken.None))
            yield return IsDamaged ? stored with { Type = "account.lost" } : stored;
        await FailAfter(fault);
    }

    public async Task<RecordedCommand?> FindCommandAsync(
        StreamName stream, Guid commandId, CancellationToken cancellation = default)
    {
        var fault = Begin(_readFaults);
        await FailBefore(fault);
        var found = await inner.FindCommandAsync(stream, commandId, CancellationToken.None);
        await FailAfter(fault);
        return found;
    }

    public Task<long> ReadHeadPositionAsync(CancellationToken cancellation = default) =>
        inner.ReadHeadPositionAsync(cancellation);

    public Task<LogPage> ReadLogAsync(
        LogFilter filter, long afterPosition, int limit, CancellationToken cancellation = default) =>
        inner.ReadLogAsync(filter, afterPosition, limit, cancellation);

    public Task WaitBeyondAsync(long position, CancellationToken cancellation) =>
        inner.WaitBeyondAsync(position, cancellation);

    private Fault? Begin(ConcurrentQueue<Fault> planned)
    {
        Interlocked.Increment(ref _calls);
        if (IsAway)
            throw new StoreUnavailableException("The store is away.");
        return planned.TryDequeue(out var fault) ? fault : null;
    }

    private Task FailBefore(Fault? fault) => Fail(fault, Fault.ThrowBefore, Fault.HangBefore);

    private Task FailAfter(Fault? fault) => Fail(fault, Fault.ThrowAfter, Fault.HangAfter);

    // A hanging call ignores its cancellation, as a connection to a vanished machine may.
    private Task Fail(Fault? fault, Fault throwing, Fault hanging)
    {
        if (fault == throwing)
            throw new StoreUnavailableException($"Planned: {fault}.");
        if (fault != hanging)
            return Task.CompletedTask;
        _hanging.Writer.TryWrite(hanging);
        return new TaskCompletionSource().Task;
    }
}
