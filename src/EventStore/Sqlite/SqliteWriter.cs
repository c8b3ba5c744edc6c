using Microsoft.Data.Sqlite;
using Waybill.EventStore.Appending;
using Waybill.EventStore.Integrity;
using Waybill.EventStore.Personal;

namespace Waybill.EventStore.Sqlite;

/// <summary>
/// The one connection that writes: SQLite before 3.51.3 can damage a WAL that several connections write and checkpoint.
/// It holds the head of the log, which nobody else moves; the next writer reads it afresh.
/// </summary>
internal sealed class SqliteWriter : IStoreWriter, IOpenLog
{
    private readonly SqliteSession _session;
    private readonly TimeProvider _time;
    private readonly ReadGate _reads;

    private readonly RowBytes _buffer = new();

    private long _position;
    private long _microseconds;
    private byte[]? _hash;
    private List<LogRow> _added = [];

    public SqliteWriter(string path, TimeProvider time, ReadGate reads)
    {
        (_time, _reads) = (time, reads);
        _session = SqliteSession.OpenWriter(path);
        try
        {
            ReadHead();
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public long Head { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<LogRow> Added => _added;

    /// <inheritdoc/>
    public void Commit(IReadOnlyList<Pending> batch)
    {
        // Time never falls along the log, even if the machine's clock is set back.
        _microseconds = Math.Max(_microseconds, SqliteSession.ToMicroseconds(_time.GetUtcNow()));
        _added = [];
        _session.Transact(() =>
        {
            foreach (var pending in batch)
            {
                if (pending is PendingAppend append)
                    append.Result = AppendRule.Apply(append, this);
                else
                    CarryOut((IPendingWrite)pending);
            }
        });
        Head = _position;
        var traceless = batch.OfType<IPendingWrite>().Where(write => write.LeavesNoTrace).ToList();
        if (traceless.Count > 0 && EmptyWal() is { } failure)
            traceless.ForEach(write => write.Refuse(failure));
    }

    /// <inheritdoc/>
    public long VersionOf(StreamName stream) =>
        _session.Command("select-stream-version", stream.Category, stream.Id).ExecuteScalar() as long? ?? 0;

    /// <inheritdoc/>
    public IReadOnlyList<Standing> After(StreamName stream, long version, int count)
    {
        var standing = new List<Standing>(count);
        using var rows = _session.Command("select-event-ids", stream.Category, stream.Id, version, count)
            .ExecuteReader();
        while (rows.Read())
        {
            _session.TryReadId(rows, 0, out var id); // A damaged one is nobody's.
            standing.Add(new(id, rows.GetInt64(1)));
        }
        return standing;
    }

    /// <inheritdoc/>
    public RecordedCommand? FindCommand(StreamName stream, Guid commandId)
    {
        using var rows = _session.Command("select-command", commandId, stream.Category, stream.Id).ExecuteReader();
        return rows.Read() ? new RecordedCommand(commandId, rows.GetInt64(0), rows.GetInt64(1)) : null;
    }

    /// <inheritdoc/>
    public long Add(StreamName stream, long version, SerializedEvent @event)
    {
        var metadata = @event.Metadata;
        var key = @event.Subject is { } subject ? FindKey(subject) ?? MakeKey(subject) : null;
        var row = new LogRow(++_position, stream, version, _microseconds, @event, key);
        _hash = row.Chain(_hash, _buffer);
        _added.Add(row);
        _session.Command(
            "insert-event",
            row.Position,
            stream.Category,
            stream.Id,
            version,
            @event.EventId,
            @event.Type.Name,
            @event.Type.SchemaVersion,
            row.Microseconds,
            row.Data,
            metadata.CommandId,
            metadata.CorrelationId,
            metadata.CausationId,
            metadata.Actor,
            metadata.SagaId,
            metadata.TraceParent,
            row.Slot,
            row.Hash,
            row.KeyId).ExecuteNonQuery();
        return _position;
    }

    /// <inheritdoc/>
    public void Enter(Due due) =>
        _session.Command("enter-due", due.Stream.Category, due.Stream.Id, due.At, _microseconds).ExecuteNonQuery();

    public void Dispose() => _session.Dispose();

    // What shares the transaction has nothing to do with why this one failed. Where SQLite has given up the whole
    // transaction, it knows the savepoint no more, and that failure is everybody's.
    private void CarryOut(IPendingWrite write)
    {
        _session.Execute("SAVEPOINT beside");
        try
        {
            write.CarryOut(_session);
        }
        catch (Exception error)
        {
            _session.Execute("ROLLBACK TO beside");
            write.Refuse(error);
        }
        _session.Execute("RELEASE beside");
    }

    private SubjectKey? FindKey(string subject)
    {
        using var rows = _session.Command("select-subject-key", subject).ExecuteReader();
        return rows.Read() && _session.TryReadId(rows, 0, out var id) ? new(id, rows.GetFieldValue<byte[]>(1)) : null;
    }

    private SubjectKey MakeKey(string subject)
    {
        var key = SubjectKey.New();
        _session.Command("insert-subject-key", key.Id, subject, key.Key, _microseconds).ExecuteNonQuery();
        return key;
    }

    // All is committed already, so that a failure here is nobody else's. A reader in the midst of a page can keep the
    // WAL for longer than this waits.
    private StoreUnavailableException? EmptyWal()
    {
        const string remains = "What was deleted is still in the write-ahead log. Try again.";
        _reads.Close();
        try
        {
            using var rows = _session.Command("empty-wal").ExecuteReader();
            return rows.Read() && rows.GetInt64(0) != 0 ? new StoreUnavailableException(remains) : null;
        }
        catch (SqliteException error)
        {
            return new StoreUnavailableException(remains, error);
        }
        finally
        {
            _reads.Open();
        }
    }

    private void ReadHead()
    {
        using var rows = _session.Command("select-head").ExecuteReader();
        if (rows.Read())
        {
            (_position, _microseconds) = (rows.GetInt64(0), rows.GetInt64(1));
            _hash = rows.IsDBNull(2) ? null : rows.GetFieldValue<byte[]>(2);
        }
        Head = _position;
    }
}
