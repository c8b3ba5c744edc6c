using Npgsql;
using NpgsqlTypes;
using Waybill.EventStore.Appending;
using Waybill.EventStore.Integrity;
using Waybill.EventStore.Personal;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// A connection that appends. A commit takes two round trips: the first takes the append lock, which all processes on
/// this database share, and fetches what the appends must know; the second writes their events and commits. Where
/// there are personal texts, one between them fetches the keys.
/// </summary>
/// <remarks>
/// Positions are given under that lock, and it is let go only once the commit is visible to everybody. So positions
/// have no gaps, rise in commit order, and a reader that sees one has seen all before it (docs/adr/0002).
/// </remarks>
internal sealed class PostgresWriter : IStoreWriter
{
    private readonly NpgsqlConnection _connection;
    private readonly TimeProvider _time;
    private readonly NpgsqlBatch _begin;
    private readonly NpgsqlBatch _keys;
    private readonly NpgsqlBatch _write;
    private readonly NpgsqlBatch _commit;

    private readonly NpgsqlParameter<string[]> _categories = new(), _ids = new();
    private readonly NpgsqlParameter<long[]> _expectedVersions = new();
    private readonly NpgsqlParameter<int[]> _counts = new();

    private readonly NpgsqlParameter<string[]> _commandCategories = new(), _commandStreams = new();
    private readonly NpgsqlParameter<Guid[]> _commandIds = new();

    private readonly NpgsqlParameter<string[]> _subjects = new();
    private readonly NpgsqlParameter<Guid[]> _freshKeyIds = new();
    private readonly NpgsqlParameter<byte[][]> _freshKeys =
        new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea };
    private readonly NpgsqlParameter<DateTime> _freshSince = new() { NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private readonly RowBytes _buffer = new();

    private readonly NpgsqlParameter<long> _head = new();
    private readonly NpgsqlParameter<long> _newHead = new();
    private readonly NpgsqlParameter<DateTime> _now = new() { NpgsqlDbType = NpgsqlDbType.TimestampTz };
    private readonly Column[] _columns =
    [
        new Column<string>(row => row.Stream.Category),
        new Column<string>(row => row.Stream.Id),
        new Column<long>(row => row.Version),
        new Column<Guid>(row => row.Event.EventId),
        new Column<string>(row => row.Event.Type.Name),
        new Column<int>(row => row.Event.Type.SchemaVersion),
        new Column<byte[]>(row => row.Data, NpgsqlDbType.Array | NpgsqlDbType.Json),
        new Column<Guid>(row => row.Event.Metadata.CommandId),
        new Column<string>(row => row.Event.Metadata.CorrelationId),
        new Column<string?>(row => row.Event.Metadata.CausationId),
        new Column<string>(row => row.Event.Metadata.Actor),
        new Column<string?>(row => row.Event.Metadata.SagaId),
        new Column<string?>(row => row.Event.Metadata.TraceParent),
        new Column<short>(row => (short)row.Slot),
        new Column<byte[]>(row => row.Hash!, NpgsqlDbType.Array | NpgsqlDbType.Bytea),
        new Column<Guid?>(row => row.KeyId),
    ];

    /// <param name="connection">A connection that is from now on this writer's own.</param>
    /// <param name="time">The clock.</param>
    public PostgresWriter(NpgsqlConnection connection, TimeProvider time)
    {
        _connection = connection;
        _time = time;
        _begin = connection.Prepare(
            ("begin", []),
            ("lock-log", []),
            ("select-head", []),
            ("select-streams", [_categories, _ids, _expectedVersions, _counts]),
            ("select-commands", [_commandCategories, _commandStreams, _commandIds]));
        _keys = connection.Prepare(("ensure-subject-keys", [_subjects, _freshKeyIds, _freshKeys, _freshSince]));
        _write = connection.Prepare(
            ("insert-events", [_head, _now, .. _columns.Select(column => column.Parameter)]),
            ("notify-head", [_newHead]),
            ("commit", []));
        _commit = connection.Prepare(("commit", []));
    }

    /// <inheritdoc/>
    public long Head { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<LogRow> Added { get; private set; } = [];

    /// <inheritdoc/>
    public void Commit(IReadOnlyList<Pending> batch)
    {
        var appends = batch.Cast<PendingAppend>().ToArray(); // What is beside the log has connections of its own.
        var log = Begin(appends);
        foreach (var append in appends)
            append.Result = AppendRule.Apply(append, log);
        Added = End(log);
        Head = log.Head + log.Additions.Count;
    }

    /// <summary>A time as it is hashed: microseconds since 1970.</summary>
    public static long ToMicroseconds(DateTime time) =>
        (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public void Dispose() => _connection.Dispose();

    private OpenLog Begin(PendingAppend[] appends)
    {
        _categories.TypedValue = [.. appends.Select(append => append.Stream.Category)];
        _ids.TypedValue = [.. appends.Select(append => append.Stream.Id)];
        _expectedVersions.TypedValue = [.. appends.Select(append => append.ExpectedVersion)];
        _counts.TypedValue = [.. appends.Select(append => append.Events.Length)];
        var commands = appends
            .SelectMany(append => append.CommandIds, (append, commandId) => (append.Stream, Id: commandId))
            .ToArray();
        _commandCategories.TypedValue = [.. commands.Select(command => command.Stream.Category)];
        _commandStreams.TypedValue = [.. commands.Select(command => command.Stream.Id)];
        _commandIds.TypedValue = [.. commands.Select(command => command.Id)];

        var log = new OpenLog();
        using var rows = _begin.ExecuteReader(); // The first result is the lock's, and says nothing.
        rows.NextResult();
        ReadHead(rows, log);
        rows.NextResult();
        while (rows.Read())
            ReadStream(rows, appends[rows.GetInt32(0) - 1], log);
        rows.NextResult();
        while (rows.Read())
        {
            var (stream, commandId) = commands[rows.GetInt32(0) - 1];
            log.KnowCommand(stream, new(commandId, rows.GetInt64(1), rows.GetInt64(2)));
        }
        return log;
    }

    // Time never falls along the log, even if this machine's clock is behind another's or is set back.
    private void ReadHead(NpgsqlDataReader rows, OpenLog log)
    {
        var ticks = _time.GetUtcNow().UtcTicks;
        var now = new DateTime(ticks - ticks % TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);
        var last = DateTime.MinValue;
        if (rows.Read())
        {
            (log.Head, last) = (rows.GetInt64(0), rows.GetDateTime(1));
            log.HeadHash = rows.IsDBNull(2) ? null : rows.GetFieldValue<byte[]>(2);
        }
        _now.TypedValue = now > last ? now : last;
    }

    // A row for each event found where the append expects to write, or one that has only the stream's version.
    private static void ReadStream(NpgsqlDataReader rows, PendingAppend append, OpenLog log)
    {
        log.KnowVersion(append.Stream, rows.GetInt64(1));
        if (!rows.IsDBNull(2))
            log.KnowEvent(append.Stream, rows.GetInt64(2), new(rows.GetGuid(3), rows.GetInt64(4)));
    }

    private LogRow[] End(OpenLog log)
    {
        if (log.Additions.Count == 0)
        {
            _commit.ExecuteNonQuery();
            return [];
        }
        _head.TypedValue = log.Head;
        _newHead.TypedValue = log.Head + log.Additions.Count;
        var rows = ToRows(log);
        foreach (var column in _columns)
            column.Set(rows);
        _write.ExecuteNonQuery();
        return rows;
    }

    private LogRow[] ToRows(OpenLog log)
    {
        var keys = EnsureKeys(log.Additions);
        var rows = new LogRow[log.Additions.Count];
        var microseconds = ToMicroseconds(_now.TypedValue);
        var (position, hash) = (log.Head, log.HeadHash);
        for (var i = 0; i < rows.Length; i++)
        {
            var (stream, version, @event) = log.Additions[i];
            var key = @event.Subject is { } subject ? keys[subject] : null;
            rows[i] = new LogRow(++position, stream, version, microseconds, @event, key);
            hash = rows[i].Chain(hash, _buffer);
        }
        return rows;
    }

    private Dictionary<string, SubjectKey> EnsureKeys(IReadOnlyList<OpenLog.Addition> additions)
    {
        var keys = new Dictionary<string, SubjectKey>();
        foreach (var addition in additions)
            if (addition.Event.Subject is { } subject && !keys.ContainsKey(subject))
                keys.Add(subject, SubjectKey.New());
        if (keys.Count == 0)
            return keys;

        _subjects.TypedValue = [.. keys.Keys];
        _freshKeyIds.TypedValue = [.. keys.Values.Select(key => key.Id)];
        _freshKeys.TypedValue = [.. keys.Values.Select(key => key.Key)];
        _freshSince.TypedValue = _now.TypedValue;
        using var rows = _keys.ExecuteReader();
        while (rows.Read())
            keys[rows.GetString(0)] = new(rows.GetGuid(1), rows.GetFieldValue<byte[]>(2));
        return keys;
    }

    /// <summary>A column of the rows to write, sent as one array.</summary>
    private abstract class Column
    {
        public abstract NpgsqlParameter Parameter { get; }

        public abstract void Set(LogRow[] rows);
    }

    private sealed class Column<T>(Func<LogRow, T> value, NpgsqlDbType? type = null) : Column
    {
        private readonly NpgsqlParameter<T[]> _parameter =
            type is { } given ? new() { NpgsqlDbType = given } : new();

        public override NpgsqlParameter Parameter => _parameter;

        public override void Set(LogRow[] rows) => _parameter.TypedValue = Array.ConvertAll(rows, row => value(row));
    }
}
