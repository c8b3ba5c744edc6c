using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Sqlite;

/// <summary>
/// Rows one after another, through statements that stay prepared. They are SQLite's own, because the provider's
/// commands look every parameter up by its name each time, which costs more than writing the row.
/// </summary>
internal sealed class SqliteRows(SqliteConnection connection, SqliteSession session) : RowSession, IDisposable
{
    // A model has a handful for each generation; the tables of old ones are gone.
    private const int PreparedMax = 200;

    // Some tens of milliseconds' work.
    private const int TrimMax = 5_000;

    private readonly Dictionary<string, sqlite3_stmt> _prepared = [];

    /// <inheritdoc/>
    public override bool IndexesAtOnce => true;

    /// <inheritdoc/>
    // Not WITHOUT ROWID: rows that come in no order of their keys would each dirty a page of their own.
    protected override string TableOptions => "";

    /// <inheritdoc/>
    public override async Task<long?> ReadLiveAsync(
        ReadModel model,
        string sql,
        IReadOnlyList<object?> values,
        Action<DbDataReader> take,
        CancellationToken cancellation)
    {
        var position = await session.ReadFirstAsync(
            LowestPosition, [model.View], row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), cancellation);
        if (position is null)
            return null;
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var n = 1; n <= values.Count; n++)
            command.Parameters.Add(new SqliteParameter(
                string.Create(CultureInfo.InvariantCulture, $"${n}"), SqliteSession.Encode(values[n - 1])));
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            take(rows);
            cancellation.ThrowIfCancellationRequested();
        }
        return position;
    }

    /// <inheritdoc/>
    public override Task ExecuteAsync(string sql, CancellationToken cancellation)
    {
        session.Execute(sql);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    // The writer's transactions are shared by all who write, and each of them is durable.
    public override Task DeferDurabilityAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public override Task IndexAsync(ReadModel model, long generation, CancellationToken cancellation) =>
        CreateIndexesAsync(model, generation, cancellation);

    /// <inheritdoc/>
    // Each page of a table that is dropped is overwritten with zeros first.
    public override Task<bool> TrimAsync(ReadModel model, long generation, CancellationToken cancellation)
    {
        var table = Quote(model.Table(generation));
        Run(Prepare($"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} LIMIT {TrimMax})"));
        return Task.FromResult(raw.sqlite3_changes(connection.Handle!) == TrimMax);
    }

    /// <inheritdoc/>
    public override Task AddAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<TRow> rows, CancellationToken cancellation) =>
        Insert(model, generation, rows, "");

    /// <inheritdoc/>
    public override Task UpsertAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<TRow> rows, CancellationToken cancellation) =>
        Insert(model, generation, rows, OnConflict(model));

    /// <inheritdoc/>
    public override Task DeleteAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<RowKey> keys, CancellationToken cancellation)
    {
        if (keys.Count == 0)
            return Task.CompletedTask;
        var statement = Prepare($"DELETE FROM {Quote(model.Table(generation))} WHERE {Match(model)}");
        foreach (var key in keys)
        {
            Bind(statement, key);
            Run(statement);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task LoadAsync<TRow>(
        ReadModel<TRow> model,
        long generation,
        IReadOnlyCollection<RowKey> keys,
        Action<TRow> take,
        CancellationToken cancellation)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"{Select(model, model.Table(generation))} WHERE {Match(model)}";
        for (var n = 1; n <= model.Key.Count; n++)
            command.Parameters.Add(new SqliteParameter(
                string.Create(CultureInfo.InvariantCulture, $"${n}"), DBNull.Value));
        foreach (var key in keys)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < key.Count; i++)
                command.Parameters[i].Value = SqliteSession.Encode(KeyValue.Stored(key[i]));
            using var row = command.ExecuteReader();
            if (row.Read())
                take(model.ReadRow(session, row));
        }
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        foreach (var statement in _prepared.Values)
            statement.Dispose();
        _prepared.Clear();
    }

    /// <inheritdoc/>
    protected override string StoredType(ReadModelColumn column) =>
        column.IsText ? "TEXT" : column.Type == typeof(Guid) ? "BLOB" : "INTEGER";

    /// <inheritdoc/>
    protected override IEnumerable<string> CreateView(string view, string select) =>
        [$"DROP VIEW IF EXISTS {view}", $"CREATE VIEW {view} AS {select}"];

    private static string Match(ReadModel model) =>
        string.Join(" AND ", model.Key.Select((column, i) => $"{Quote(column.Name)} = ${i + 1}"));

    private Task Insert<TRow>(ReadModel<TRow> model, long generation, IReadOnlyList<TRow> rows, string onConflict)
        where TRow : class
    {
        if (rows.Count == 0)
            return Task.CompletedTask;
        var values = string.Join(", ", model.Columns.Select((_, i) => $"${i + 1}"));
        var statement = Prepare(
            $"INSERT INTO {Quote(model.Table(generation))} ({Names(model.Columns)}) VALUES ({values}) {onConflict}");
        var binders = model.TypedColumns.Select(column => column.Accept(Binder<TRow>.Instance)).ToArray();
        foreach (var row in rows)
        {
            for (var i = 0; i < binders.Length; i++)
                Check(binders[i](statement, i + 1, row));
            Run(statement);
        }
        return Task.CompletedTask;
    }

    private void Bind(sqlite3_stmt statement, RowKey key)
    {
        for (var i = 0; i < key.Count; i++)
            Check(BindValue(statement, i + 1, KeyValue.Stored(key[i])));
    }

    private sqlite3_stmt Prepare(string sql)
    {
        if (_prepared.TryGetValue(sql, out var known))
            return known;
        if (_prepared.Count == PreparedMax)
            Dispose();
        Check(raw.sqlite3_prepare_v2(connection.Handle!, sql, out var statement));
        return _prepared[sql] = statement;
    }

    private void Run(sqlite3_stmt statement)
    {
        var result = raw.sqlite3_step(statement);
        raw.sqlite3_reset(statement); // Says again what the step has said.
        if (result != raw.SQLITE_DONE)
            Check(result);
    }

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, connection.Handle);

    private static int BindValue<T>(sqlite3_stmt statement, int column, T value) => value switch
    {
        null => raw.sqlite3_bind_null(statement, column),
        string text => raw.sqlite3_bind_text(statement, column, text),
        long number => raw.sqlite3_bind_int64(statement, column, number),
        int number => raw.sqlite3_bind_int(statement, column, number),
        bool isTrue => raw.sqlite3_bind_int(statement, column, isTrue ? 1 : 0),
        Guid id => BindId(statement, column, id),
        DateTimeOffset time => raw.sqlite3_bind_int64(statement, column, SqliteSession.ToMicroseconds(time)),
        _ => throw new ArgumentException($"A column cannot be a {value.GetType()}."),
    };

    private static int BindId(sqlite3_stmt statement, int column, Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return raw.sqlite3_bind_blob(statement, column, bytes);
    }

    /// <summary>Binds a column of one row.</summary>
    private sealed class Binder<TRow> : IColumnVisitor<TRow, Func<sqlite3_stmt, int, TRow, int>>
        where TRow : class
    {
        public static readonly Binder<TRow> Instance = new();

        public Func<sqlite3_stmt, int, TRow, int> Visit<TStored>(
            ReadModelColumn<TRow> column, Func<TRow, TStored> get) =>
            (statement, index, row) => BindValue(statement, index, get(row));
    }
}
