using Npgsql;
using NpgsqlTypes;
using Waybill.EventStore.Appending;
using Waybill.EventStore.Integrity;
using Waybill.EventStore.Personal;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// A connection that appends, under a lock that all processes on this database share. Mostly a commit takes one round
/// trip: it is decided on what the writer takes the log for, that nobody else has written to it and that each stream is
/// what its append expects, and the server writes it if that is so. Otherwise it takes two: the first takes the lock
/// and fetches what the appends must know, the second writes their events and commits. Where there are personal texts,
/// one between them fetches the keys.
/// </summary>
/// <remarks>
/// Positions are given under that lock, and it is let go only once the commit is visible to everybody. So positions
/// have no gaps, rise in commit order, and a reader that sees one has seen all before it (docs/adr/0002).
/// </remarks>
internal sealed class PostgresWriter : IStoreWriter
{
    private readonly NpgsqlConnection _connection;
    private readonly TimeProvider _time;
    private readonly NpgsqlBatch _atOnce;
    private readonly NpgsqlBatch _begin;
    private readonly NpgsqlBatch _keys;
    private readonly NpgsqlBatch _write;
    private readonly NpgsqlBatch _commit;

    private readonly PostgresAppend _assumed = new();
    private readonly PostgresAppend _known = new();

    private readonly ArrayColumn<PendingAppend>[] _streams =
        [.. PostgresAppend.Streams(), new ArrayColumn<PendingAppend, int>(append => append.EventCount)];
    private readonly ArrayColumn<SentCommand>[] _commands = PostgresAppend.Commands();

    private readonly NpgsqlParameter<string[]> _subjects = new();
    private readonly NpgsqlParameter<Guid[]> _freshKeyIds = new();
    private readonly NpgsqlParameter<byte[][]> _freshKeys =
        new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea };
    private readonly NpgsqlParameter<DateTime> _freshSince = new() { NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private readonly RowBytes _buffer = new();

    // The log's end after this writer's last commit; null before its first.
    private LogEnd? _end;

    // Where several processes write, what this one takes the log for is mostly wrong, and asking first costs less.
    private bool _isAlone;

    /// <param name="connection">A connection that is from now on this writer's own.</param>
    /// <param name="time">The clock.</param>
    public PostgresWriter(NpgsqlConnection connection, TimeProvider time)
    {
        _connection = connection;
        _time = time;
        // A batch is one transaction, also without saying so.
        _atOnce = connection.Prepare(("lock-log", []), ("append-events", _assumed.Parameters));
        _begin = connection.Prepare(
            ("begin", []),
            ("lock-log", []),
            ("select-head", []),
            ("select-streams", [.. _streams.Parameters()]),
            ("select-commands", [.. _commands.Parameters()]));
        _keys = connection.Prepare(("ensure-subject-keys", [_subjects, _freshKeyIds, _freshKeys, _freshSince]));
        _write = connection.Prepare(("append-events", _known.Parameters), ("commit", []));
        _commit = connection.Prepare(("commit", []));
    }

    /// <inheritdoc/>
    public long Head => _end?.Position ?? 0;

    /// <inheritdoc/>
    public IReadOnlyList<LogRow> Added { get; private set; } = [];

    /// <inheritdoc/>
    public void Commit(IReadOnlyList<Pending> batch)
    {
        var appends = batch.Cast<PendingAppend>().ToArray(); // What is beside the log has connections of its own.
        if (!TryCommitAtOnce(appends))
            CommitInTwo(appends);
    }

    /// <summary>A time as it is hashed: microseconds since 1970.</summary>
    public static long ToMicroseconds(DateTime time) =>
        (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public void Dispose() => _connection.Dispose();

    private bool TryCommitAtOnce(PendingAppend[] appends)
    {
        if (!_isAlone || _end is not { } end || appends.Any(append => append.Events.Any(e => e.Subject is not null)))
            return false;
        var log = new OpenLog(end);
        var streams = new List<PendingAppend>(appends.Length);
        foreach (var append in appends)
        {
            if (log.Assume(append.Stream, append.ExpectedVersion))
                streams.Add(append);
            if (AppendRule.Apply(append, log) is not AppendResult.Appended appended)
                return false; // Why that is, only the database can say.
            append.Result = appended;
        }

        var time = TimeAfter(end);
        var rows = ToRows(log, time, []);
        _assumed.Set(end.Position, time, rows, log.Due, streams, CommandsOf(appends));
        if (!HasWritten(_atOnce, append: 1))
            return false;
        Take(end, time, rows);
        return true;
    }

    private void CommitInTwo(PendingAppend[] appends)
    {
        var log = Begin(appends);
        foreach (var append in appends)
            append.Result = AppendRule.Apply(append, log);
        var time = TimeAfter(log.End);
        var rows = ToRows(log, time, EnsureKeys(log.Additions, time));
        if (rows.Length == 0)
            _commit.ExecuteNonQuery();
        else
            Write(log, time, rows);
        _isAlone = _end is null || _end.Position == log.End.Position;
        Take(log.End, time, rows);
    }

    private void Write(OpenLog log, DateTime time, LogRow[] rows)
    {
        var after = log.End.Position;
        _known.Set(after, time, rows, log.Due, [], []);
        if (!HasWritten(_write, append: 0))
            throw new InvalidOperationException($"The log no longer ends at {after}, under the append lock.");
    }

    // Returns only once all is answered: that it is committed, the server says after the last statement's result.
    private static bool HasWritten(NpgsqlBatch batch, int append)
    {
        batch.ExecuteNonQuery();
        return batch.BatchCommands[append].Rows > 0;
    }

    private void Take(LogEnd end, DateTime time, LogRow[] rows)
    {
        _end = rows is [.., var last] ? new(last.Position, time, last.Hash) : end;
        Added = rows;
    }

    private OpenLog Begin(PendingAppend[] appends)
    {
        var commands = CommandsOf(appends);
        _streams.Set(appends);
        _commands.Set(commands);

        using var rows = _begin.ExecuteReader(); // The first result is the lock's, and says nothing.
        rows.NextResult();
        var log = new OpenLog(ReadEnd(rows));
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

    private static SentCommand[] CommandsOf(PendingAppend[] appends) =>
    [
        .. appends.SelectMany(
            append => append.CommandIds, (append, commandId) => new SentCommand(append.Stream, commandId)),
    ];

    private static LogEnd ReadEnd(NpgsqlDataReader rows) => rows.Read()
        ? new(rows.GetInt64(0), rows.GetDateTime(1), rows.IsDBNull(2) ? null : rows.GetFieldValue<byte[]>(2))
        : new(0, DateTime.MinValue, null);

    // A row for each event found where the append expects to write, or one that has only the stream's version.
    private static void ReadStream(NpgsqlDataReader rows, PendingAppend append, OpenLog log)
    {
        log.KnowVersion(append.Stream, rows.GetInt64(1));
        if (!rows.IsDBNull(2))
            log.KnowEvent(append.Stream, rows.GetInt64(2), new(rows.GetGuid(3), rows.GetInt64(4)));
    }

    // Time never falls along the log, even if this machine's clock is behind another's or is set back.
    private DateTime TimeAfter(LogEnd end)
    {
        var ticks = _time.GetUtcNow().UtcTicks;
        var now = new DateTime(ticks - ticks % TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);
        return now > end.Time ? now : end.Time;
    }

    private LogRow[] ToRows(OpenLog log, DateTime time, Dictionary<string, SubjectKey> keys)
    {
        var rows = new LogRow[log.Additions.Count];
        var microseconds = ToMicroseconds(time);
        var (position, hash) = (log.End.Position, log.End.Hash);
        for (var i = 0; i < rows.Length; i++)
        {
            var (stream, version, @event) = log.Additions[i];
            var key = @event.Subject is { } subject ? keys[subject] : null;
            rows[i] = new LogRow(++position, stream, version, microseconds, @event, key);
            hash = rows[i].Chain(hash, _buffer);
        }
        return rows;
    }

    private Dictionary<string, SubjectKey> EnsureKeys(IReadOnlyList<OpenLog.Addition> additions, DateTime time)
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
        _freshSince.TypedValue = time;
        using var rows = _keys.ExecuteReader();
        while (rows.Read())
            keys[rows.GetString(0)] = new(rows.GetGuid(1), rows.GetFieldValue<byte[]>(2));
        return keys;
    }
}
