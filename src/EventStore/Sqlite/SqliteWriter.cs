using Microsoft.Data.Sqlite;
using Waybill.EventStore.Appending;

namespace Waybill.EventStore.Sqlite;

/// <summary>
/// The one connection that writes: SQLite before 3.51.3 can damage a WAL that several connections write and checkpoint.
/// It holds the head of the log, which nobody else moves; the next writer reads it afresh.
/// </summary>
internal sealed class SqliteWriter : IAppendWriter, IOpenLog
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
            _connection.Execute(Sql.Files.Statement("configure-writer"));
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

    /// <inheritdoc/>
    public AppendResult[] Commit(IReadOnlyList<PendingAppend> appends)
    {
        var results = new AppendResult[appends.Count];
        // Time never falls along the log, even if the machine's clock is set back.
        _microseconds = Math.Max(_microseconds, SqliteRows.ToMicroseconds(_time.GetUtcNow()));
        _connection.Transact(() =>
        {
            for (var i = 0; i < results.Length; i++)
                results[i] = AppendRule.Apply(appends[i], this);
        });
        return results;
    }

    /// <inheritdoc/>
    public long VersionOf(StreamName stream) =>
        _selectStreamVersion.With(stream.Category, stream.Id).ExecuteScalar() as long? ?? 0;

    /// <inheritdoc/>
    public IReadOnlyList<Standing> After(StreamName stream, long version, int count)
    {
        var standing = new List<Standing>(count);
        using var rows = _selectEventIds.With(stream.Category, stream.Id, version, count).ExecuteReader();
        while (rows.Read())
            standing.Add(new(SqliteRows.ToGuid(rows, 0), rows.GetInt64(1)));
        return standing;
    }

    /// <inheritdoc/>
    public RecordedCommand? FindCommand(StreamName stream, Guid commandId) =>
        SqliteRows.FindCommand(_selectCommand, stream, commandId);

    /// <inheritdoc/>
    public long Add(StreamName stream, long version, SerializedEvent @event)
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
        return _position;
    }

    public void Dispose() => _connection.Dispose();

    private void ReadHead()
    {
        using var select = _connection.Prepare("select-head");
        using var rows = select.ExecuteReader();
        if (rows.Read())
            (_position, _microseconds) = (rows.GetInt64(0), rows.GetInt64(1));
    }
}
