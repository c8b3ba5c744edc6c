using Microsoft.Data.Sqlite;

namespace Waybill.EventStore.Sqlite;

/// <summary>Reads and writes the columns of the log's rows; shared by the writer and the readers.</summary>
internal static class SqliteRows
{
    private const int Version = 0, Position = 1, EventId = 2, Type = 3, SchemaVersion = 4, Time = 5, Data = 6,
        CommandId = 7, CorrelationId = 8, CausationId = 9, Actor = 10, SagaId = 11, TraceParent = 12;

    public static byte[] ToBlob(Guid id) => id.ToByteArray(bigEndian: true);

    public static Guid ToGuid(SqliteDataReader row, int column) =>
        new(row.GetFieldValue<byte[]>(column), bigEndian: true);

    public static long ToMicroseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static SqliteCommand PrepareSelectCommand(SqliteConnection connection) =>
        connection.Prepare("select-command", "$command_id", "$category", "$id");

    public static RecordedCommand? FindCommand(SqliteCommand selectCommand, StreamName stream, Guid commandId)
    {
        using var rows = selectCommand.With(ToBlob(commandId), stream.Category, stream.Id).ExecuteReader();
        return rows.Read() ? new RecordedCommand(commandId, rows.GetInt64(0), rows.GetInt64(1)) : null;
    }

    /// <summary>Reads a row of <c>select-stream</c>.</summary>
    public static StoredEvent ToStoredEvent(SqliteDataReader row, StreamName stream) => new(
        ToGuid(row, EventId),
        stream,
        row.GetInt64(Version),
        row.GetInt64(Position),
        row.GetString(Type),
        row.GetInt32(SchemaVersion),
        DateTimeOffset.UnixEpoch.AddTicks(row.GetInt64(Time) * TimeSpan.TicksPerMicrosecond),
        row.GetFieldValue<byte[]>(Data),
        new EventMetadata(
            ToGuid(row, CommandId),
            row.GetString(CorrelationId),
            TextOrNull(row, CausationId),
            row.GetString(Actor),
            TextOrNull(row, SagaId),
            TextOrNull(row, TraceParent)));

    private static string? TextOrNull(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);
}
