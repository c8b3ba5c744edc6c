using Orleans.EventSourcing;
using Orleans.EventSourcing.CustomStorage;

namespace Waybill.Bench;

public interface IEchoGrain : IGrainWithIntegerKey
{
    Task Nothing();

    Task Yield();

    Task<string> Where();

    Task<Letter> Echo(Letter letter);

    /// <summary>Sends another grain a letter a number of times, one after the other.</summary>
    Task Relay(IEchoGrain other, int times);
}

/// <summary>What a small command carries.</summary>
[GenerateSerializer]
public sealed record Letter(Guid Id, string Text, long Number);

public sealed class EchoGrain(Orleans.Runtime.ILocalSiloDetails silo) : Grain, IEchoGrain
{
    public Task Nothing() => Task.CompletedTask;

    public async Task Yield() => await Task.Yield();

    public Task<string> Where() => Task.FromResult(silo.Name);

    public Task<Letter> Echo(Letter letter) => Task.FromResult(letter);

    public async Task Relay(IEchoGrain other, int times)
    {
        for (var i = 0; i < times; i++) await other.Echo(new Letter(Guid.Empty, "a reference", i));
    }
}

public interface IIdleGrain : IGrainWithIntegerKey
{
    Task Nothing();
}

public sealed class IdleGrain : Grain, IIdleGrain
{
    public Task Nothing() => Task.CompletedTask;
}

public interface ICounterGrain : IGrainWithIntegerKey
{
    Task<int> Add(int amount);
}

[GenerateSerializer]
public sealed class Counter
{
    [Id(0)]
    public int Total { get; set; }

    public void Apply(Added added) => Total += added.Amount;
}

[GenerateSerializer]
public sealed record Added(int Amount);

/// <summary>A journaled grain whose log is a list: what is left is the engine's own cost.</summary>
public sealed class CounterGrain
    : JournaledGrain<Counter, Added>, ICustomStorageInterface<Counter, Added>, ICounterGrain
{
    private readonly List<Added> _log = [];

    public async Task<int> Add(int amount)
    {
        await RaiseConditionalEvent(new Added(amount));
        return State.Total;
    }

    public Task<KeyValuePair<int, Counter>> ReadStateFromStorage()
    {
        var state = new Counter();
        foreach (var added in _log) state.Apply(added);
        return Task.FromResult(KeyValuePair.Create(_log.Count, state));
    }

    public Task<bool> ApplyUpdatesToStorage(IReadOnlyList<Added> updates, int expectedVersion)
    {
        if (expectedVersion != _log.Count) return Task.FromResult(false);
        _log.AddRange(updates);
        return Task.FromResult(true);
    }
}
