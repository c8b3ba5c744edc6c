using System.Diagnostics.CodeAnalysis;
using Waybill.EventStore.Integrity;
using Waybill.EventStore.ReadModels;

namespace Waybill.EventStore.Relational;

/// <summary>
/// The events that this process has committed last: who follows the end of the log is given them, and need not read
/// back what has just been written. It holds all events in a range of positions, or none, where another process has
/// written in between, or something failed. Safe for concurrent use.
/// </summary>
/// <remarks>Events with personal texts are not kept, since forgetting them holds from the next read on.</remarks>
internal sealed class RecentEvents
{
    private const int Capacity = 2_048;

    // With Capacity, what all of them take at most.
    private const int DataMax = 8 * 1024;

    private readonly Lock _lock = new();
    private readonly (StoredEvent Event, int Slot)[] _kept = new (StoredEvent, int)[Capacity]; // By position.
    private long _after;
    private long _to; // It holds the events with _after < position <= _to.

    /// <summary>Adds what has been committed.</summary>
    public void Add(IReadOnlyList<LogRow> committed)
    {
        lock (_lock)
            foreach (var row in committed)
                Add(row);
    }

    /// <summary>Forgets all: something has failed, and with the database's state all may be in doubt.</summary>
    public void Clear()
    {
        lock (_lock)
            _after = _to;
    }

    /// <summary>Reads on in the log; false where it does not hold what comes next.</summary>
    public bool TryRead(LogFilter filter, long after, int limit, [MaybeNullWhen(false)] out LogPage page)
    {
        page = null;
        lock (_lock)
        {
            if (after < _after || after >= _to)
                return false;
            var events = new List<StoredEvent>();
            for (var position = after + 1; position <= _to; position++)
            {
                var (stored, slot) = _kept[position % Capacity];
                if (!Passes(filter, stored, slot))
                    continue;
                events.Add(stored);
                if (events.Count < limit)
                    continue;
                page = new(events, position);
                return true;
            }
            page = new(events, _to);
            return true;
        }
    }

    /// <summary>Finds the queues' last positions; false where it does not know them as far as asked for.</summary>
    public bool TryReadEnds(int queueCount, long after, long upTo, [MaybeNullWhen(false)] out QueueEnds ends)
    {
        ends = null;
        lock (_lock)
        {
            if (after < _after || upTo > _to)
                return false;
            var found = new Dictionary<int, long>();
            for (var position = after + 1; position <= _to; position++)
                found[_kept[position % Capacity].Slot % queueCount] = position;
            ends = new(_to, found);
            return true;
        }
    }

    private void Add(LogRow row)
    {
        if (row.Position != _to + 1)
            _after = row.Position - 1;
        _to = row.Position;
        if (row.KeyId is not null || row.Data.Length > DataMax)
            _after = _to;
        else
            _kept[_to % Capacity] = (row.ToStored(), row.Slot);
        _after = Math.Max(_after, _to - Capacity);
    }

    private static bool Passes(LogFilter filter, StoredEvent stored, int slot) =>
        (filter.Queue is not var (number, count) || slot % count == number)
        && (filter.Category ?? stored.Stream.Category) == stored.Stream.Category
        && (filter.Type ?? stored.Type) == stored.Type;
}
