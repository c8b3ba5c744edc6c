using Orleans.Concurrency;
using Orleans.EventSourcing;
using Orleans.EventSourcing.CustomStorage;
using Orleans.Providers;
using Waybill.Tests.Support;

namespace Waybill.Tests.EventSourcing;

[GenerateSerializer]
public abstract record Entry
{
    [GenerateSerializer]
    public sealed record In(int Amount) : Entry;

    [GenerateSerializer]
    public sealed record Out(int Amount) : Entry;

    /// <summary>The state cannot take it.</summary>
    [GenerateSerializer]
    public sealed record Unfoldable : Entry;
}

[GenerateSerializer]
public sealed class Sum
{
    [Id(0)]
    public int Total { get; set; }

    public void Apply(Entry.In entry) => Total += entry.Amount;

    public void Apply(Entry.Out entry) => Total -= entry.Amount;
}

/// <summary>What a ledger knows.</summary>
[GenerateSerializer]
public sealed record Standing(int Total, int Version, int Tentative, int Pending);

public interface ILedger : IGrainWithStringKey
{
    /// <summary>Raises the events one by one, waits for nothing, and says what is known then.</summary>
    Task<Standing> Raise(params Entry[] events);

    Task RaiseTogether(params Entry[] events);

    /// <summary>Raises an event each and waits until they are confirmed.</summary>
    Task<Standing> Record(params Entry[] events);

    Task<bool> TryRecord(params Entry[] events);

    /// <summary>Raises unconditionally, then conditionally, then unconditionally, in one turn.</summary>
    Task<bool> Sandwich(Entry before, Entry between, Entry after);

    Task<Standing> Refresh();

    [AlwaysInterleave]
    Task<Standing> Look();

    [AlwaysInterleave]
    Task<bool> TryRecordAnyway(Entry entry);

    Task<bool> StaysOnScheduler(Entry entry);

    Task<int> History(int from, int to);
}

public abstract class Ledger : JournaledGrain<Sum, Entry>, ICustomStorageInterface<Sum, Entry>, ILedger
{
    protected string Key => this.GetPrimaryKeyString();

    protected Shelf Shelf => Shelf.Of(Key);

    public async Task<KeyValuePair<int, Sum>> ReadStateFromStorage()
    {
        var (version, events) = await Shelf.Read();
        var sum = new Sum();
        foreach (var entry in events.Where(entry => entry is not Entry.Unfoldable)) TransitionState(sum, entry);
        return new(version, sum);
    }

    public Task<bool> ApplyUpdatesToStorage(IReadOnlyList<Entry> updates, int expectedVersion) =>
        Shelf.Write(updates, expectedVersion);

    public Task<Standing> Raise(params Entry[] events)
    {
        foreach (var entry in events) RaiseEvent(entry);
        return Look();
    }

    public async Task RaiseTogether(params Entry[] events)
    {
        RaiseEvents(events);
        await ConfirmEvents();
    }

    public async Task<Standing> Record(params Entry[] events)
    {
        foreach (var entry in events) RaiseEvent(entry);
        await ConfirmEvents();
        return await Look();
    }

    public Task<bool> TryRecord(params Entry[] events) =>
        events is [var one] ? RaiseConditionalEvent(one) : RaiseConditionalEvents(events);

    public async Task<bool> Sandwich(Entry before, Entry between, Entry after)
    {
        RaiseEvent(before);
        var conditional = RaiseConditionalEvent(between);
        RaiseEvent(after);
        var recorded = await conditional;
        await ConfirmEvents();
        return recorded;
    }

    public async Task<Standing> Refresh()
    {
        await RefreshNow();
        return await Look();
    }

    public Task<Standing> Look() =>
        Task.FromResult(new Standing(State.Total, Version, TentativeState.Total, UnconfirmedEvents.Count()));

    public Task<bool> TryRecordAnyway(Entry entry) => RaiseConditionalEvent(entry);

    public async Task<bool> StaysOnScheduler(Entry entry)
    {
        var scheduler = TaskScheduler.Current;
        await RaiseConditionalEvent(entry);
        var after = TaskScheduler.Current;
        RaiseEvent(entry);
        await ConfirmEvents();
        await RefreshNow();
        return scheduler != TaskScheduler.Default && scheduler == after && scheduler == TaskScheduler.Current;
    }

    public async Task<int> History(int from, int to) => (await RetrieveConfirmedEvents(from, to)).Count;
}

public interface IPlainLedger : ILedger;

[LogConsistencyProvider(ProviderName = "shelf")]
public sealed class PlainLedgerGrain : Ledger, IPlainLedger
{
    protected override void OnStateChanged() => Notes.Write(Key, $"state {State.Total}, version {Version}");

    protected override void OnTentativeStateChanged()
    {
        Notes.Write(Key, "tentative");
        if (Key.StartsWith("clumsy", StringComparison.Ordinal)) throw new InvalidOperationException("Unheard.");
    }

    protected override void OnConnectionIssue(ConnectionIssue issue) =>
        Notes.Write(Key, $"trouble {issue.NumberOfConsecutiveFailures}");

    protected override void OnConnectionIssueResolved(ConnectionIssue issue) => Notes.Write(Key, "resolved");
}

public interface IBusyLedger : ILedger;

[Reentrant]
[LogConsistencyProvider(ProviderName = "shelf")]
public sealed class BusyLedgerGrain : Ledger, IBusyLedger;

/// <summary>Starts without having read its state.</summary>
public interface IHastyLedger : ILedger;

[LogConsistencyProvider(ProviderName = "shelf")]
public sealed class HastyLedgerGrain : Ledger, IHastyLedger
{
    public override Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Asks for a provider that there is not.</summary>
public interface ILostLedger : ILedger;

[LogConsistencyProvider(ProviderName = "nowhere")]
public sealed class LostLedgerGrain : Ledger, ILostLedger;

/// <summary>Names no provider, and there is no default one.</summary>
public interface INamelessLedger : ILedger;

public sealed class NamelessLedgerGrain : Ledger, INamelessLedger;

public interface IStoreless : IGrainWithStringKey
{
    Task Call();
}

/// <summary>Implements no storage.</summary>
[LogConsistencyProvider(ProviderName = "shelf")]
public sealed class StorelessGrain : JournaledGrain<Sum, Entry>, IStoreless
{
    public Task Call() => ConfirmEvents();
}

public sealed class Unsendable
{
    public int Total { get; set; }
}

public interface IUnsendableLedger : IGrainWithStringKey
{
    Task Call();
}

/// <summary>Its state cannot be copied.</summary>
[LogConsistencyProvider(ProviderName = "shelf")]
public sealed class UnsendableLedgerGrain
    : JournaledGrain<Unsendable>, ICustomStorageInterface<Unsendable, object>, IUnsendableLedger
{
    public Task Call() => ConfirmEvents();

    public Task<KeyValuePair<int, Unsendable>> ReadStateFromStorage() =>
        Task.FromResult(KeyValuePair.Create(0, new Unsendable()));

    public Task<bool> ApplyUpdatesToStorage(IReadOnlyList<object> updates, int expectedVersion) =>
        Task.FromResult(true);
}
