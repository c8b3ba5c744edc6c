using System.Data.Common;
using Waybill.EventStore.Integrity;
using Waybill.EventStore.Personal;

namespace Waybill.EventStore.Relational;

/// <summary>What the stores ask their databases, on a session that they were given.</summary>
internal static class Queries
{
    // The columns of all statements that select whole events.
    private const int EventId = 0, Category = 1, Id = 2, Version = 3, Position = 4, Type = 5, SchemaVersion = 6,
        Time = 7, Data = 8, CommandId = 9, CorrelationId = 10, CausationId = 11, Actor = 12, SagaId = 13,
        TraceParent = 14, KeyId = 15, Key = 16;

    public static async Task<EventPage> ReadStreamPageAsync(
        this StoreSession session,
        StreamName stream,
        long fromVersion,
        long toVersion,
        DateTimeOffset toTime,
        CancellationToken cancellation)
    {
        var page = await session.ReadPageAsync(
            "select-stream",
            [stream.Category, stream.Id, fromVersion, toVersion, Reading.PageSize],
            Reading.PageSize,
            cancellation);
        // Time never falls along a stream. A condition in the statement would look at all that is left of it, in vain.
        var inTime = page.Events.TakeWhile(stored => stored.Time <= toTime).ToList();
        return inTime.Count < page.Events.Count ? new(inTime, IsFull: false) : page;
    }

    public static async Task<LogPage> ReadLogAsync(
        this StoreSession session, LogFilter filter, long after, int limit, CancellationToken cancellation)
    {
        // The head is read first: what is committed between the two queries is then left for the next page.
        var lookTo = filter == LogFilter.All
            ? after + limit
            : Math.Min(after + Reading.LookMax, await session.ReadHeadPositionAsync(cancellation));
        if (lookTo <= after)
            return new([], after);
        var (events, isFull) = await session.ReadPageAsync(
            "select-log",
            [after, lookTo, filter.Queue?.Number, filter.Queue?.Count, filter.Category, filter.Type, limit],
            limit,
            cancellation);
        var last = events.Count > 0 ? events[^1].Position : after;
        return new(events, isFull || filter == LogFilter.All ? last : lookTo);
    }

    public static async Task<LogPage> ReadCorrelationAsync(
        this StoreSession session, string correlationId, long after, int limit, CancellationToken cancellation)
    {
        var (events, _) = await session.ReadPageAsync(
            "select-correlation", [correlationId, after, limit], limit, cancellation);
        return new(events, events.Count > 0 ? events[^1].Position : after);
    }

    public static Task<RecordedCommand?> FindCommandAsync(
        this StoreSession session, StreamName stream, Guid commandId, CancellationToken cancellation) =>
        session.ReadFirstAsync(
            "select-command",
            [commandId, stream.Category, stream.Id],
            row => new RecordedCommand(commandId, row.GetInt64(0), row.GetInt64(1)),
            cancellation);

    public static async Task<IReadOnlyList<StoredEvent>> ReadCommandAsync(
        this StoreSession session, Guid commandId, CancellationToken cancellation)
    {
        var page = await session.ReadPageAsync(
            "select-command-events", [commandId, Reading.PageSize], Reading.PageSize, cancellation);
        return page.Events;
    }

    public static Task<long> ReadHeadPositionAsync(this StoreSession session, CancellationToken cancellation) =>
        session.ReadFirstAsync("select-head", [], row => row.GetInt64(0), cancellation);

    /// <summary>The position after which every event has a hash.</summary>
    public static Task<long> ReadChainStartAsync(this StoreSession session, CancellationToken cancellation) =>
        session.ReadFirstAsync("select-chain-start", [], row => row.GetInt64(0), cancellation);

    public static Task<long> ReadCheckpointAsync(
        this StoreSession session, string reader, CancellationToken cancellation) =>
        session.ReadFirstAsync("select-checkpoint", [reader], row => row.GetInt64(0), cancellation);

    public static async Task<IReadOnlyDictionary<string, long>> ReadCheckpointsAsync(
        this StoreSession session, string prefix, CancellationToken cancellation)
    {
        var found = new Dictionary<string, long>();
        await session.ReadAsync(
            "select-checkpoints", [prefix], row => found.TryAdd(row.GetString(0), row.GetInt64(1)), cancellation);
        return found;
    }

    public static Task<int> SaveCheckpointAsync(
        this StoreSession session, string reader, long position, CancellationToken cancellation) =>
        session.ExecuteAsync("save-checkpoint", [reader, position], cancellation);

    public static Task<Snapshot?> ReadSnapshotAsync(
        this StoreSession session, StreamName stream, string shape, CancellationToken cancellation) =>
        session.ReadFirstAsync(
            "select-snapshot",
            [stream.Category, stream.Id, shape],
            row => new Snapshot(shape, row.GetInt64(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2)),
            cancellation);

    public static Task<int> SaveSnapshotAsync(
        this StoreSession session, StreamName stream, Snapshot snapshot, CancellationToken cancellation) =>
        session.ExecuteAsync(
            "save-snapshot",
            [stream.Category, stream.Id, snapshot.Shape, snapshot.Version, snapshot.Position, snapshot.State],
            cancellation);

    /// <summary>Deletes the subject's key.</summary>
    /// <returns>False if there is none.</returns>
    public static async Task<bool> ForgetSubjectAsync(
        this StoreSession session, string subject, CancellationToken cancellation) =>
        await session.ExecuteAsync("delete-subject-key", [subject], cancellation) > 0;

    /// <summary>Fills a page with the rows after a position, as they are stored.</summary>
    public static async Task<int> ReadAuditPageAsync(
        this StoreSession session, AuditPage page, long after, CancellationToken cancellation)
    {
        page.Clear();
        await session.ReadAsync("select-audit", [after, LogAudit.PageSize], Take, cancellation);
        return page.Rows.Count;

        bool Take(DbDataReader row)
        {
            session.ReadRaw(row, page);
            return page.Bytes.Length < Reading.PageBytesMax;
        }
    }

    private static async Task<EventPage> ReadPageAsync(
        this StoreSession session, string name, object?[] values, int limit, CancellationToken cancellation)
    {
        var events = new List<StoredEvent>();
        var bytes = 0;
        var isFull = false;
        await session.ReadAsync(name, values, Take, cancellation);
        return new(events, isFull);

        bool Take(DbDataReader row)
        {
            var stored = ReadEvent(session, row);
            events.Add(stored);
            bytes += stored.Data.Length;
            isFull = events.Count == limit || bytes > Reading.PageBytesMax;
            return !isFull;
        }
    }

    // One damaged row must not keep others from being read: without its data it is unreadable for who needs it, and
    // only for them. SQLite takes anything in any column.
    private static StoredEvent ReadEvent(StoreSession session, DbDataReader row)
    {
        var schemaVersion = row.GetInt64(SchemaVersion);
        var isWhole = session.TryReadId(row, EventId, out var eventId)
            & session.TryReadId(row, CommandId, out var commandId)
            & session.TryReadTime(row, Time, out var time)
            & schemaVersion is > 0 and <= int.MaxValue;
        return new(
            eventId,
            new StreamName(row.GetString(Category), row.GetString(Id)),
            row.GetInt64(Version),
            row.GetInt64(Position),
            row.GetString(Type),
            isWhole ? (int)schemaVersion : 0,
            time,
            isWhole ? ReadData(row, eventId) : [],
            new EventMetadata(
                commandId,
                row.GetString(CorrelationId),
                TextOrNull(row, CausationId),
                row.GetString(Actor),
                TextOrNull(row, SagaId),
                TextOrNull(row, TraceParent)));
    }

    // The key comes with the row, from the same snapshot, and is kept nowhere: forgetting holds from the next read on.
    private static byte[] ReadData(DbDataReader row, Guid eventId)
    {
        var data = row.GetFieldValue<byte[]>(Data);
        return row.IsDBNull(KeyId)
            ? data
            : SealedTexts.Open(data, eventId, row.IsDBNull(Key) ? null : row.GetFieldValue<byte[]>(Key));
    }

    private static string? TextOrNull(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);
}
