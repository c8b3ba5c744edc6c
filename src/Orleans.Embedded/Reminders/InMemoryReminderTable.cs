using System.Collections.Concurrent;
using System.Globalization;

namespace Orleans.Runtime.ReminderService;

/// <summary>
/// Reminders in memory. All silos of the cluster have the same memory, so it outlives each of them, and ends with the
/// process. Rows are copied on the way in and out, so a row in it never changes.
/// </summary>
internal sealed class InMemoryReminderTable(Cluster cluster) : IReminderTable
{
    private readonly Store _store = cluster.Shared<Store>();

    public Task<ReminderTableData> ReadRows(GrainId grainId) => Select(key => key.Grain == grainId);

    public Task<ReminderTableData> ReadRows(uint begin, uint end) =>
        Select(key => new ReminderRange(begin, end).Contains(key.Grain));

    public Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
        Task.FromResult(_store.Rows.TryGetValue((grainId, reminderName), out var row) ? Copy(row, row.ETag) : null);

    public Task<string?> UpsertRow(ReminderEntry entry)
    {
        var row = Copy(entry, _store.NewETag());
        _store.Rows[(entry.GrainId, entry.ReminderName)] = row;
        return Task.FromResult(row.ETag);
    }

    public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) =>
        Task.FromResult(_store.Rows.TryGetValue((grainId, reminderName), out var row) && row.ETag == eTag
            && _store.Rows.TryRemove(KeyValuePair.Create((grainId, reminderName), row)));

    public Task TestOnlyClearTable()
    {
        _store.Rows.Clear();
        return Task.CompletedTask;
    }

    private Task<ReminderTableData> Select(Func<(GrainId Grain, string Name), bool> wanted) =>
        Task.FromResult(new ReminderTableData(
            _store.Rows.Where(row => wanted(row.Key)).Select(row => Copy(row.Value, row.Value.ETag))));

    private static ReminderEntry Copy(ReminderEntry entry, string? etag) => new()
    {
        GrainId = entry.GrainId,
        ReminderName = entry.ReminderName,
        StartAt = entry.StartAt,
        Period = entry.Period,
        ETag = etag,
    };

    /// <summary>The cluster's memory.</summary>
    private sealed class Store
    {
        private long _lastETag;

        internal ConcurrentDictionary<(GrainId Grain, string Name), ReminderEntry> Rows { get; } = new();

        internal string NewETag() => Interlocked.Increment(ref _lastETag).ToString(CultureInfo.InvariantCulture);
    }
}
