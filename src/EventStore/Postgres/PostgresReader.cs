using Npgsql;

namespace Waybill.EventStore.Postgres;

/// <summary>The questions that readers ask, on a connection that they were given.</summary>
internal static class PostgresReader
{
    private const int Version = 0, Position = 1, EventId = 2, Type = 3, SchemaVersion = 4, Time = 5, Data = 6,
        CommandId = 7, CorrelationId = 8, CausationId = 9, Actor = 10, SagaId = 11, TraceParent = 12;

    public static async Task<List<StoredEvent>> ReadPageAsync(
        this NpgsqlConnection connection,
        StreamName stream,
        long fromVersion,
        long toVersion,
        CancellationToken cancellation)
    {
        var page = new List<StoredEvent>();
        await using var select = connection.Command(
            "select-stream", stream.Category, stream.Id, fromVersion, toVersion, Reading.PageSize);
        await using var rows = await select.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation))
            page.Add(ToStoredEvent(rows, stream));
        return page;
    }

    public static async Task<RecordedCommand?> FindCommandAsync(
        this NpgsqlConnection connection, StreamName stream, Guid commandId, CancellationToken cancellation)
    {
        await using var select = connection.Command("select-command", commandId, stream.Category, stream.Id);
        await using var rows = await select.ExecuteReaderAsync(cancellation);
        return await rows.ReadAsync(cancellation) ? new(commandId, rows.GetInt64(0), rows.GetInt64(1)) : null;
    }

    public static async Task<long> ReadHeadPositionAsync(
        this NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var select = connection.Command("select-head");
        return await select.ExecuteScalarAsync(cancellation) as long? ?? 0;
    }

    private static StoredEvent ToStoredEvent(NpgsqlDataReader row, StreamName stream) => new(
        row.GetGuid(EventId),
        stream,
        row.GetInt64(Version),
        row.GetInt64(Position),
        row.GetString(Type),
        row.GetInt32(SchemaVersion),
        new DateTimeOffset(row.GetDateTime(Time)),
        row.GetFieldValue<byte[]>(Data),
        new EventMetadata(
            row.GetGuid(CommandId),
            row.GetString(CorrelationId),
            TextOrNull(row, CausationId),
            row.GetString(Actor),
            TextOrNull(row, SagaId),
            TextOrNull(row, TraceParent)));

    private static string? TextOrNull(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);
}
