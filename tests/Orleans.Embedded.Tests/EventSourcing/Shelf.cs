using System.Collections.Concurrent;
using Waybill.Tests.Support;

namespace Waybill.Tests.EventSourcing;

/// <summary>
/// What a journaled grain's storage holds, and how it misbehaves. Test and grain, being in one process, have the same
/// one under the grain's key; its members are used by one of them at a time.
/// </summary>
public sealed class Shelf
{
    private static readonly ConcurrentDictionary<string, Shelf> Named = new();

    /// <summary>The stored events.</summary>
    public List<Entry> Events { get; } = [];

    /// <summary>Every call to write, with the version it expected.</summary>
    public ConcurrentQueue<(int Expected, Entry[] Events)> Writes { get; } = new();

    public int Reads { get; set; }

    /// <summary>Done before a read or a write.</summary>
    public Func<Task>? BeforeRead { get; set; }

    public Func<Task>? BeforeWrite { get; set; }

    /// <summary>Done after a write.</summary>
    public Func<Task>? AfterWrite { get; set; }

    public static Shelf Of(string key) => Named.GetOrAdd(key, _ => new Shelf());

    /// <summary>Fails so many times, and then no more.</summary>
    public static Func<Task> Failing(int times) => async () =>
    {
        await Task.Yield();
        if (times-- > 0) throw new IOException("The shelf is broken.");
    };

    /// <summary>Lets somebody else in, once.</summary>
    public Func<Task> Intruding(params Entry[] events)
    {
        var done = false;
        return () =>
        {
            if (!done) Events.AddRange(events);
            done = true;
            return Task.CompletedTask;
        };
    }

    /// <summary>Stands at the gate, once.</summary>
    public static Func<Task> At(Gate gate)
    {
        var passed = false;
        return async () =>
        {
            if (passed) return;
            passed = true;
            await gate.Pass();
        };
    }

    public async Task<(int Version, Entry[] Events)> Read()
    {
        Reads++;
        if (BeforeRead is not null) await BeforeRead();
        return (Events.Count, [.. Events]);
    }

    public async Task<bool> Write(IReadOnlyList<Entry> events, int expected)
    {
        Writes.Enqueue((expected, [.. events]));
        if (BeforeWrite is not null) await BeforeWrite();
        if (Events.Count != expected) return false;
        Events.AddRange(events);
        if (AfterWrite is not null) await AfterWrite();
        return true;
    }
}
