using Microsoft.Data.Sqlite;

namespace Waybill.EventStore.Sqlite;

/// <summary>
/// The one connection that writes: SQLite before 3.51.3 can damage a WAL that several connections write and checkpoint.
/// It holds the head of the log, which nobody else moves. For one thread only; after any exception it is thrown away,
/// and the next one reads the head afresh.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly TimeProvider _time;
    private readonly SqliteCommand _insertEvent;
    private readonly SqliteCommand _selectStreamVersion;
    private readonly SqliteCommand _selectEventIds;
    private readonly SqliteCommand _selectCommand;

    private long _position;
    private long _microseconds;

    public SqliteWriter(string path, TimeProvider time)
    {
        _time = time;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            // Only a foreign shell can hold the file locked; commands should not wait for it past their deadline.
            DefaultTimeout = 1,
        }.ToString());
        try
        {
            _connection.Open();
            _connection.Execute(Sql.Statement("configure-writer"));
            SqliteSchema.Migrate(_connection, time);
            _insertEvent = _connection.Prepare(
                "insert-event", "$position", "$category", "$id", "$version", "$event_id", "$type", "$schema_version",
                "$time", "$data", "$command_id", "$correlation_id", "$causation_id", "$actor", "$saga_id",
                "$trace_parent");
            _selectStreamVersion = _connection.Prepare("select-stream-version", "$category", "$id");
            _selectEventIds = _connection.Prepare("select-event-ids", "$category", "$id", "$after_version", "$limit");
            _selectCommand = SqliteRows.PrepareSelectCommand(_connection);
            ReadHead();
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>Carries out the appends in one transaction and returns their results in the same order.</summary>
    public AppendResult[] Commit(IReadOnlyList<PendingAppend> appends)
    {
        var results = new AppendResult[appends.Count];
        // Time never falls along the log, even if the machine's clock is set back.
        _microseconds = Math.Max(_microseconds, SqliteRows.ToMicroseconds(_time.GetUtcNow()));
        _connection.Transact(() =>
        {
            for (var i = 0; i < results.Length; i++)
                results[i] = Append(appends[i]);
        });
        return results;
    }

    public void Dispose() => _connection.Dispose();

    private AppendResult Append(PendingAppend append)
    {
        var version = StreamVersion(append.Stream);
        if (version > append.ExpectedVersion && EarlierAttempt(append) is { } earlier)
            return earlier;
        foreach (var commandId in append.Events.Select(e => e.Metadata.CommandId).Distinct())
            if (SqliteRows.FindCommand(_selectCommand, append.Stream, commandId) is { } recorded)
                return new AppendResult.AlreadyRecorded(recorded);
        if (version != append.ExpectedVersion)
            return new AppendResult.Conflict(version);

        foreach (var @event in append.Events)
            Insert(append.Stream, ++version, @event);
        return new AppendResult.Appended(version, _position);
    }

    private long StreamVersion(StreamName stream) =>
        _selectStreamVersion.With(stream.Category, stream.Id).ExecuteScalar() as long? ?? 0;

    // An append whose answer was lost comes again with the same ids, and must find its own events.
    private AppendResult.Appended? EarlierAttempt(PendingAppend append)
    {
        var count = append.Events.Length;
        using var rows = _selectEventIds
            .With(append.Stream.Category, append.Stream.Id, append.ExpectedVersion, count)
            .ExecuteReader();
        var position = 0L;
        foreach (var @event in append.Events)
        {
            if (!rows.Read() || SqliteRows.ToGuid(rows, 0) != @event.EventId)
                return null;
            position = rows.GetInt64(1);
        }
        return new AppendResult.Appended(append.ExpectedVersion + count, position);
    }

    private void Insert(StreamName stream, long version, SerializedEvent @event)
    {
        var metadata = @event.Metadata;
        _insertEvent.With(
            ++_position,
            stream.Category,
            stream.Id,
            version,
            SqliteRows.ToBlob(@event.EventId),
            @event.Type.Name,
            @event.Type.SchemaVersion,
            _microseconds,
            @event.Data,
            SqliteRows.ToBlob(metadata.CommandId),
            metadata.CorrelationId,
            metadata.CausationId,
            metadata.Actor,
            metadata.SagaId,
            metadata.TraceParent).ExecuteNonQuery();
    }

    private void ReadHead()
    {
        using var select = _connection.Prepare("select-head");
        using var rows = select.ExecuteReader();
        if (rows.Read())
            (_position, _microseconds) = (rows.GetInt64(0), rows.GetInt64(1));
    }
}
