using Orleans.Concurrency;
using Waybill.Tests.Support;

namespace Waybill.Tests.Activations;

/// <summary>One call stands in the middle of the activation, at a gate; which others may start?</summary>
public sealed class Interleaving(OneSilo silo)
{
    [Fact]
    public async Task A_call_waits_until_the_one_before_has_ended()
    {
        var (grain, gate, first) = await Occupied<IStrict>();

        var second = grain.Note("second");
        (await grain.NotesAnyway()).ShouldBe("in");
        gate.Open();
        await Task.WhenAll(first, second).Soon();

        (await grain.NotesAnyway()).ShouldBe("in out second");
    }

    [Fact]
    public async Task Waiting_calls_start_in_the_order_they_came()
    {
        var (grain, gate, first) = await Occupied<IStrict>();

        List<Task> calls = [first, .. Enumerable.Range(0, 50).Select(i => grain.Note($"{i}"))];
        gate.Open();
        await Task.WhenAll(calls).Soon();

        (await grain.NotesAnyway()).ShouldBe($"in out {string.Join(' ', Enumerable.Range(0, 50))}");
    }

    [Fact]
    public async Task A_reentrant_grain_takes_calls_while_others_wait()
    {
        var (grain, gate, first) = await Occupied<IReentrantOne>();

        await grain.Note("second").Soon();
        gate.Open();
        await first.Soon();

        (await grain.NotesAnyway()).ShouldBe("in second out");
    }

    [Fact]
    public async Task Read_only_calls_interleave_with_each_other_but_not_with_others()
    {
        var name = $"{Guid.NewGuid()}";
        var grain = silo.Grains.GetGrain<IStrict>(name);
        var reading = grain.Read(name);
        await Gate.Of(name).Entered;

        var writing = grain.Note("written");
        await grain.Read(null).Soon();
        writing.IsCompleted.ShouldBeFalse();
        Gate.Of(name).Open();

        await Task.WhenAll(reading, writing).Soon();
        (await grain.NotesAnyway()).ShouldBe("written");
    }

    [Fact]
    public async Task A_read_only_call_waits_for_a_writing_one()
    {
        var (grain, gate, first) = await Occupied<IStrict>();

        var reading = grain.Read(null);
        await grain.NotesAnyway().Soon();
        reading.IsCompleted.ShouldBeFalse();
        gate.Open();

        await Task.WhenAll(first, reading).Soon();
    }

    [Fact]
    public async Task Two_turns_never_run_at_the_same_time_even_in_a_reentrant_grain()
    {
        var grain = silo.Grains.GetGrain<IReentrantOne>($"{Guid.NewGuid()}");

        var counts = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => grain.CountInTurns(20))).Soon();

        counts.Max().ShouldBe(200 * 20);
    }

    private async Task<(T Grain, Gate Gate, Task Call)> Occupied<T>()
        where T : IInterleavable
    {
        var name = $"{Guid.NewGuid()}";
        var grain = silo.Grains.GetGrain<T>(name);
        var call = grain.Stay(name);
        await Gate.Of(name).Entered;
        return (grain, Gate.Of(name), call);
    }
}

public interface IInterleavable : IGrainWithStringKey
{
    Task Stay(string gate);

    Task Note(string note);

    [AlwaysInterleave]
    Task<string> NotesAnyway();

    [ReadOnly]
    Task Read(string? gate);

    Task<int> CountInTurns(int turns);
}

public interface IStrict : IInterleavable;

public interface IReentrantOne : IInterleavable;

public abstract class InterleavableGrain : Grain, IInterleavable
{
    private readonly List<string> _notes = [];
    private int _count;

    public async Task Stay(string gate)
    {
        _notes.Add("in");
        await Gate.Of(gate).Pass();
        _notes.Add("out");
    }

    public Task Note(string note)
    {
        _notes.Add(note);
        return Task.CompletedTask;
    }

    public Task<string> NotesAnyway() => Task.FromResult(string.Join(' ', _notes));

    public Task Read(string? gate) => gate is null ? Task.CompletedTask : Gate.Of(gate).Pass();

    // Counting this way is wrong as soon as two threads do it at once.
    public async Task<int> CountInTurns(int turns)
    {
        for (var turn = 0; turn < turns; turn++)
        {
            var before = _count;
            Thread.SpinWait(20);
            _count = before + 1;
            await Task.Yield();
        }

        return _count;
    }
}

public sealed class StrictGrain : InterleavableGrain, IStrict;

[Reentrant]
public sealed class ReentrantOneGrain : InterleavableGrain, IReentrantOne;
