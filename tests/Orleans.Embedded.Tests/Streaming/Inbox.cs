using System.Collections.Concurrent;
using Waybill.Tests.Support;

namespace Waybill.Tests.Streaming;

/// <summary>
/// What a consumer got, in order, under a name of the test's choice. A test waits for it to come, and may step in
/// before something is taken: wait, or throw.
/// </summary>
public sealed class Inbox
{
    private static readonly ConcurrentDictionary<string, Inbox> Named = new();

    private readonly Lock _lock = new();
    private readonly List<string> _items = [];
    private readonly List<Waiting> _waiting = [];

    public string[] Items
    {
        get
        {
            lock (_lock) return [.. _items];
        }
    }

    /// <summary>Runs before an item is taken.</summary>
    public Func<string, Task>? Before { get; set; }

    public static Inbox Of(string name) => Named.GetOrAdd(name, _ => new Inbox());

    public async Task Take(string item)
    {
        if (Before is { } before) await before(item);
        Write(item);
    }

    public void Write(string item)
    {
        lock (_lock)
        {
            _items.Add(item);
            foreach (var entry in _waiting.Where(entry => entry.Condition(_items)).ToList())
            {
                _waiting.Remove(entry);
                entry.Met.SetResult([.. _items]);
            }
        }
    }

    /// <summary>All that has come, once it is this many.</summary>
    public Task<string[]> Has(int count) => Has(items => items.Count >= count);

    /// <summary>All that has come, once this is among it.</summary>
    public Task<string[]> Has(string item) => Has(items => items.Contains(item));

    public async Task<string[]> Has(Func<IReadOnlyList<string>, bool> condition)
    {
        var met = new TaskCompletionSource<string[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (condition(_items)) return [.. _items];
            _waiting.Add(new Waiting(condition, met));
        }

        try
        {
            return await met.Task.Soon();
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"Came so far: {string.Join(", ", Items)}.", e);
        }
    }

    private sealed record Waiting(Func<IReadOnlyList<string>, bool> Condition, TaskCompletionSource<string[]> Met);
}
