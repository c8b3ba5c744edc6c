using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// The rows that a fold works on, in memory, and which of them have changed. For one thread at a time.
/// </summary>
internal sealed class WorkingRows<TRow>
    where TRow : class
{
    private Dictionary<RowKey, Entry> _recent = [];
    private Dictionary<RowKey, Entry> _older = [];
    private List<Entry> _changed = [];

    /// <summary>How many rows have changed since the changes were last taken.</summary>
    public int ChangedCount => _changed.Count;

    /// <summary>True if it is known what the table has under the key.</summary>
    public bool Knows(RowKey key) => Find(key) is not null;

    /// <summary>Tells what the table has under the key.</summary>
    public void Add(RowKey key, TRow? row) => _recent[key] = new Entry(key) { Row = row, IsStored = row is not null };

    /// <summary>The row as it is now; null also if it is not known, and so cannot be there.</summary>
    public TRow? Get(RowKey key) => Find(key)?.Row;

    /// <summary>Changes, adds or removes a row.</summary>
    public void Set(RowKey key, TRow? row)
    {
        var entry = Find(key);
        if (entry is null)
            _recent.Add(key, entry = new Entry(key));
        entry.Row = row;
        if (entry.HasChanged)
            return;
        entry.HasChanged = true;
        _changed.Add(entry);
    }

    /// <summary>What has changed since the last time, which from now on counts as being in the table.</summary>
    public RowDifference<TRow> TakeChanges()
    {
        List<TRow> added = [], updated = [];
        List<RowKey> removed = [];
        foreach (var entry in _changed)
        {
            if (entry.Row is not { } row)
                removed.Add(entry.Key);
            else
                (entry.IsStored ? updated : added).Add(row);
            entry.IsStored = entry.Row is not null;
            entry.HasChanged = false;
        }
        _changed = [];
        return new(added, updated, removed);
    }

    /// <summary>True if more than half of so many rows have come since rows were last forgotten.</summary>
    public bool IsFull(int rowsMax) => _recent.Count > rowsMax / 2;

    /// <summary>
    /// Forgets the rows that have not been used since the last time. Changes must have been taken both times, and those
    /// of the last time be in the table.
    /// </summary>
    public void Forget() => (_older, _recent) = (_recent, []);

    private Entry? Find(RowKey key)
    {
        if (_recent.TryGetValue(key, out var entry))
            return entry;
        if (_older.Remove(key, out entry))
            _recent.Add(key, entry);
        return entry;
    }

    private sealed class Entry(RowKey key)
    {
        public RowKey Key { get; } = key;

        public TRow? Row { get; set; }

        public bool IsStored { get; set; }

        public bool HasChanged { get; set; }
    }
}

/// <summary>What a fold has done to the rows of a table.</summary>
/// <param name="Added">Rows that the table did not have, as far as the fold knew.</param>
/// <param name="Updated">Rows that it had.</param>
/// <param name="Removed">The keys of rows that are not to be there.</param>
internal sealed record RowDifference<TRow>(
    IReadOnlyList<TRow> Added, IReadOnlyList<TRow> Updated, IReadOnlyList<RowKey> Removed)
    where TRow : class;
