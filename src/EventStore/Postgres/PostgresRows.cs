using System.Data.Common;
using Npgsql;
using NpgsqlTypes;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Postgres;

/// <summary>Rows by the thousand: each column goes to the server as one array, and new rows as a binary COPY.</summary>
internal sealed class PostgresRows(NpgsqlConnection connection, TimeSpan? limit) : RowSession
{
    // Below it a COPY's own round trips cost more than it saves.
    private const int CopyMin = 200;

    // So that no statement meets the session's limit, however many rows there are.
    private const int StatementMax = 10_000;

    /// <inheritdoc/>
    public override bool IndexesAtOnce => false;

    /// <inheritdoc/>
    // Room on each page for the rows' next versions: an update that stays on its page leaves the indexes alone, which
    // halves its cost.
    protected override string TableOptions => " WITH (fillfactor = 70)";

    /// <inheritdoc/>
    // In one round trip.
    public override async Task<long?> ReadLiveAsync(
        ReadModel model,
        string sql,
        IReadOnlyList<object?> values,
        Action<DbDataReader> take,
        CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Sql.Statement(Sql.Part(LowestPosition), [model.View]));
        batch.BatchCommands.Add(Sql.Statement(sql, values));
        long? position = null;
        try
        {
            await using var rows = await batch.ExecuteReaderAsync(cancellation);
            await rows.ReadAsync(cancellation);
            position = rows.IsDBNull(0) ? null : rows.GetInt64(0);
            await rows.NextResultAsync(cancellation);
            while (await rows.ReadAsync(cancellation))
                take(rows);
            return position;
        }
        catch (PostgresException missing)
            when (position is null && missing.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return null; // The model has not been made, and has no view either.
        }
    }

    /// <inheritdoc/>
    public override async Task ExecuteAsync(string sql, CancellationToken cancellation)
    {
        await using var command = Command(sql);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <inheritdoc/>
    public override async Task DeferDurabilityAsync(CancellationToken cancellation)
    {
        await using var defer = connection.Command("defer-durability");
        await defer.ExecuteNonQueryAsync(cancellation);
    }

    /// <inheritdoc/>
    public override async Task IndexAsync(ReadModel model, long generation, CancellationToken cancellation)
    {
        await using var lift = connection.Command("limit-migration");
        await lift.ExecuteNonQueryAsync(cancellation);
        // A new table has no statistics, which the plans of its first queries would miss.
        foreach (var sql in CreateIndexes(model, generation).Append($"ANALYZE {Quote(model.Table(generation))}"))
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public override Task<bool> TrimAsync(ReadModel model, long generation, CancellationToken cancellation) =>
        Task.FromResult(false); // A table goes with its files.

    /// <inheritdoc/>
    public override async Task AddAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<TRow> rows, CancellationToken cancellation)
    {
        if (rows.Count < CopyMin)
            await InsertAsync(model, generation, rows, "", cancellation);
        else
            foreach (var some in rows.Chunk(StatementMax))
                await CopyAsync(model, generation, some, cancellation);
    }

    /// <inheritdoc/>
    public override async Task UpsertAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<TRow> rows, CancellationToken cancellation)
    {
        foreach (var some in rows.Chunk(StatementMax))
            await InsertAsync(model, generation, some, OnConflict(model), cancellation);
    }

    /// <inheritdoc/>
    public override async Task DeleteAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<RowKey> keys, CancellationToken cancellation)
    {
        foreach (var some in keys.Chunk(StatementMax))
        {
            await using var command = Command(
                $"DELETE FROM {Quote(model.Table(generation))} AS kept "
                    + $"USING {Unnest(model.Key)} AS k ({Names(model.Key)}) WHERE {Match(model)}");
            AddKeys(command, model, some);
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    /// <inheritdoc/>
    public override async Task LoadAsync<TRow>(
        ReadModel<TRow> model,
        long generation,
        IReadOnlyCollection<RowKey> keys,
        Action<TRow> take,
        CancellationToken cancellation)
    {
        // OFFSET 0 makes it a look-up by key for each, whatever the planner thinks of a table it has no statistics of.
        var columns = string.Join(", ", model.Columns.Select(column => "r." + Quote(column.Name)));
        var sql = $"SELECT {columns} FROM {Unnest(model.Key)} AS k ({Names(model.Key)}) CROSS JOIN LATERAL ("
            + $"SELECT * FROM {Quote(model.Table(generation))} AS kept WHERE {Match(model)} OFFSET 0) AS r";
        var session = new PostgresSession(connection);
        foreach (var some in keys.Chunk(StatementMax))
        {
            await using var command = Command(sql);
            AddKeys(command, model, some);
            await ReadAsync(command, Take, cancellation);
        }

        bool Take(DbDataReader row)
        {
            take(model.ReadRow(session, row));
            return true;
        }
    }

    /// <inheritdoc/>
    // Texts compare by their bytes, as they do in SQLite, and as the store's other texts do.
    protected override string StoredType(ReadModelColumn column) => TypeOf(column) switch
    {
        NpgsqlDbType.Text => "text COLLATE \"C\"",
        NpgsqlDbType.Bigint => "bigint",
        NpgsqlDbType.Integer => "integer",
        NpgsqlDbType.Boolean => "boolean",
        NpgsqlDbType.Uuid => "uuid",
        _ => "timestamptz",
    };

    /// <inheritdoc/>
    protected override IEnumerable<string> CreateView(string view, string select) =>
    [
        // Whoever reads the view from here on waits behind this, and this behind who reads already: rather not at all.
        "SET LOCAL lock_timeout = '100ms'",
        $"CREATE OR REPLACE VIEW {view} AS {select}",
    ];

    private static NpgsqlDbType TypeOf(ReadModelColumn column) => column.Type switch
    {
        var t when t == typeof(long) => NpgsqlDbType.Bigint,
        var t when t == typeof(int) => NpgsqlDbType.Integer,
        var t when t == typeof(bool) => NpgsqlDbType.Boolean,
        var t when t == typeof(Guid) => NpgsqlDbType.Uuid,
        var t when t == typeof(DateTimeOffset) => NpgsqlDbType.TimestampTz,
        _ => NpgsqlDbType.Text,
    };

    /// <summary>Parameters that are arrays, as rows.</summary>
    /// <param name="columns">What each one is an array of.</param>
    /// <param name="first">The number of the first one.</param>
    /// <param name="more">Others beside them.</param>
    public static string Unnest(IReadOnlyCollection<ReadModelColumn> columns, int first = 1, string more = "") =>
        $"unnest({string.Join(", ", columns.Select((_, i) => $"${first + i}"))}{more})";

    /// <summary>The rows' columns, each as one array.</summary>
    public static IEnumerable<NpgsqlParameter> Values<TRow>(ReadModel<TRow> model, IReadOnlyList<TRow> rows)
        where TRow : class
    {
        var array = new RowArray<TRow>(rows);
        return model.TypedColumns.Select(column => column.Accept(array));
    }

    private static string Match(ReadModel model) =>
        string.Join(" AND ", model.Key.Select(column => $"kept.{Quote(column.Name)} = k.{Quote(column.Name)}"));

    private static void AddKeys<TRow>(NpgsqlCommand command, ReadModel<TRow> model, IReadOnlyList<RowKey> keys)
        where TRow : class
    {
        for (var i = 0; i < model.Key.Count; i++)
            command.Parameters.Add(model.TypedKey[i].Accept(new KeyArray<TRow>(keys, i)));
    }

    private static async Task ReadAsync(
        NpgsqlCommand command, Func<DbDataReader, bool> take, CancellationToken cancellation)
    {
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation) && take(rows))
        {
            // The rows that are not wanted are skipped when the reader is disposed.
        }
    }

    private NpgsqlCommand Command(string sql) => new NpgsqlCommand(sql, connection).Within(limit);

    private async Task InsertAsync<TRow>(
        ReadModel<TRow> model,
        long generation,
        IReadOnlyList<TRow> rows,
        string onConflict,
        CancellationToken cancellation)
        where TRow : class
    {
        if (rows.Count == 0)
            return;
        await using var command = Command(
            $"INSERT INTO {Quote(model.Table(generation))} ({Names(model.Columns)}) "
                + $"SELECT * FROM {Unnest(model.Columns)} {onConflict}");
        command.Parameters.AddRange(Values(model, rows).ToArray());
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task CopyAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<TRow> rows, CancellationToken cancellation)
        where TRow : class
    {
        var writers = model.TypedColumns.Select(column => column.Accept(CellWriter<TRow>.Instance)).ToArray();
        await using var copy = await connection.BeginBinaryImportAsync(
            $"COPY {Quote(model.Table(generation))} ({Names(model.Columns)}) FROM STDIN (FORMAT BINARY)", cancellation);
        if (limit is { } time)
            copy.Timeout = time;
        foreach (var row in rows)
        {
            await copy.StartRowAsync(cancellation);
            foreach (var write in writers)
                await write(copy, row, cancellation);
        }
        await copy.CompleteAsync(cancellation);
    }

    /// <summary>A column of some rows as one array.</summary>
    private sealed class RowArray<TRow>(IReadOnlyList<TRow> rows) : IColumnVisitor<TRow, NpgsqlParameter>
        where TRow : class
    {
        public NpgsqlParameter Visit<TStored>(ReadModelColumn<TRow> column, Func<TRow, TStored> get)
        {
            var values = new TStored[rows.Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = get(rows[i]);
            return Parameter(column, values);
        }
    }

    /// <summary>A column of some keys as one array.</summary>
    private sealed class KeyArray<TRow>(IReadOnlyList<RowKey> keys, int index) : IColumnVisitor<TRow, NpgsqlParameter>
        where TRow : class
    {
        public NpgsqlParameter Visit<TStored>(ReadModelColumn<TRow> column, Func<TRow, TStored> get)
        {
            var values = new TStored[keys.Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = (TStored)KeyValue.Stored(keys[i][index]);
            return Parameter(column, values);
        }
    }

    /// <summary>Writes a column of one row into a COPY.</summary>
    private sealed class CellWriter<TRow>
        : IColumnVisitor<TRow, Func<NpgsqlBinaryImporter, TRow, CancellationToken, Task>>
        where TRow : class
    {
        public static readonly CellWriter<TRow> Instance = new();

        public Func<NpgsqlBinaryImporter, TRow, CancellationToken, Task> Visit<TStored>(
            ReadModelColumn<TRow> column, Func<TRow, TStored> get)
        {
            var type = TypeOf(column);
            return (copy, row, cancellation) => get(row) is { } value
                ? copy.WriteAsync(value, type, cancellation)
                : copy.WriteNullAsync(cancellation);
        }
    }

    private static NpgsqlParameter<T[]> Parameter<T>(ReadModelColumn column, T[] values) =>
        new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | TypeOf(column) };
}
