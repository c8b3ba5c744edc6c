using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Waybill.EventStore.Integrity;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Sqlite;

/// <summary>
/// A connection with its statements prepared on first use. Ids are kept as 16 bytes, big-endian, and times as
/// microseconds since 1970.
/// </summary>
internal sealed class SqliteSession : StoreSession, IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _prepared = [];
    private readonly SqliteConnection _connection;

    private SqliteRows? _rows;

    private SqliteSession(string path, SqliteOpenMode mode)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            // Only a foreign shell can hold the file locked; commands should not wait for it past their deadline.
            DefaultTimeout = 1,
        }.ToString());
        _connection.Open();
    }

    /// <inheritdoc/>
    public override RowSession Rows => _rows ??= new SqliteRows(_connection, this);

    public static SqliteSession OpenReader(string path) => new(path, SqliteOpenMode.ReadOnly);

    public static SqliteSession OpenWriter(string path)
    {
        var session = new SqliteSession(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            session.Execute(SqliteSchema.Files.Statement("configure-writer"));
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public static object? Encode(object? value) => value switch
    {
        Guid id => id.ToByteArray(bigEndian: true),
        DateTimeOffset time => ToMicroseconds(time),
        null => DBNull.Value,
        _ => value,
    };

    public static long ToMicroseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>Lets statements call a function of this code.</summary>
    public void Define(string function, Func<string, string, int> body) =>
        _connection.CreateFunction(function, body, isDeterministic: true);

    /// <summary>A statement with its parameters set; it is this session's to dispose.</summary>
    public SqliteCommand Command(string name, params ReadOnlySpan<object?> values)
    {
        if (!_prepared.TryGetValue(name, out var command))
            _prepared[name] = command = Prepare(name, values.Length);
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = Encode(values[i]);
        return command;
    }

    /// <inheritdoc/>
    public override Task ReadAsync(
        string name, object?[] values, Func<DbDataReader, bool> read, CancellationToken cancellation)
    {
        using var rows = Command(name, values).ExecuteReader();
        while (rows.Read() && read(rows))
            cancellation.ThrowIfCancellationRequested();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task<int> ExecuteAsync(string name, object?[] values, CancellationToken cancellation) =>
        Task.FromResult(Command(name, values).ExecuteNonQuery());

    /// <inheritdoc/>
    public override bool TryReadId(DbDataReader row, int column, out Guid id)
    {
        var bytes = row.GetFieldValue<byte[]>(column);
        var isId = bytes.Length == 16;
        id = isId ? new(bytes, bigEndian: true) : default;
        return isId;
    }

    /// <inheritdoc/>
    public override bool TryReadTime(DbDataReader row, int column, out DateTimeOffset time)
    {
        var microseconds = row.GetInt64(column);
        var isTime = microseconds >= ToMicroseconds(DateTimeOffset.MinValue)
            && microseconds <= ToMicroseconds(DateTimeOffset.MaxValue);
        time = isTime ? DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond) : default;
        return isTime;
    }

    /// <inheritdoc/>
    public override void ReadRaw(DbDataReader row, AuditPage page)
    {
        // SQLite's own memory, so that nothing is copied twice.
        const int hash = 17, follows = 18;
        var statement = ((SqliteDataReader)row).Handle!;
        page.Begin();
        for (var column = 0; column < hash; column++)
        {
            // A column takes a value of any type, and one of another type may have the same bytes.
            var type = raw.sqlite3_column_type(statement, column);
            if (type == raw.SQLITE_NULL)
                page.Bytes.AddNull();
            else if (type != TypeOf(column))
                page.Bytes.AddForeign();
            else if (type == raw.SQLITE_INTEGER)
                page.Bytes.Add(raw.sqlite3_column_int64(statement, column));
            else
                page.Bytes.Add(raw.sqlite3_column_blob(statement, column));
        }
        page.End(
            raw.sqlite3_column_int64(statement, 0),
            raw.sqlite3_column_int(statement, follows) != 0,
            raw.sqlite3_column_blob(statement, hash));
    }

    /// <summary>Executes a text without parameters.</summary>
    public void Execute(string text)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// Does the work in one transaction. If it throws, the session is to be closed, which rolls back.
    /// </summary>
    /// <remarks>
    /// Not a <see cref="SqliteTransaction"/>: where SQLite has rolled back by itself, as it does when the disk is full,
    /// that one throws again while it is disposed, and so does its connection.
    /// </remarks>
    public void Transact(Action work)
    {
        Execute("BEGIN IMMEDIATE");
        work();
        Execute("COMMIT");
    }

    public void Dispose()
    {
        _rows?.Dispose();
        _connection.Dispose();
    }

    // Of a column of select-audit that is hashed.
    private static int TypeOf(int column) => column switch
    {
        0 or 3 or 4 or 7 or 8 => raw.SQLITE_INTEGER,
        5 or 10 or 16 => raw.SQLITE_BLOB,
        _ => raw.SQLITE_TEXT,
    };

    private SqliteCommand Prepare(string name, int parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = SqliteSchema.Files.Statement(name);
        for (var n = 1; n <= parameters; n++)
            command.Parameters.Add(new SqliteParameter(
                string.Create(CultureInfo.InvariantCulture, $"${n}"), value: DBNull.Value));
        command.Prepare();
        return command;
    }
}
