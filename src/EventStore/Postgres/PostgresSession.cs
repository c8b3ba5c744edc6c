using System.Data.Common;
using Npgsql;
using Waybill.EventStore.Integrity;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Postgres;

/// <summary>A connection that it was given for one piece of work.</summary>
/// <param name="connection">The connection.</param>
/// <param name="limit">How long each statement may take; null for as long as the connection's own setting says.</param>
internal sealed class PostgresSession(NpgsqlConnection connection, TimeSpan? limit = null) : StoreSession
{
    /// <inheritdoc/>
    public override RowSession Rows => field ??= new PostgresRows(connection, limit);

    /// <inheritdoc/>
    public override async Task ReadAsync(
        string name, object?[] values, Func<DbDataReader, bool> read, CancellationToken cancellation)
    {
        await using var command = connection.Command(name, values).Within(limit);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation) && read(rows))
        {
            // The rows that are not wanted are skipped when the reader is disposed.
        }
    }

    /// <inheritdoc/>
    public override async Task<int> ExecuteAsync(string name, object?[] values, CancellationToken cancellation)
    {
        await using var command = connection.Command(name, values).Within(limit);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <inheritdoc/>
    public override async Task ExecuteAllAsync(
        IReadOnlyList<(string Name, object?[] Values)> statements, CancellationToken cancellation)
    {
        if (statements.Count == 0)
            return; // The driver does not take an empty batch.
        await using var batch = new NpgsqlBatch(connection);
        if (limit is { } time)
            batch.Timeout = (int)time.TotalSeconds;
        foreach (var (name, values) in statements)
            batch.BatchCommands.Add(Sql.Statement(Sql.Part(name), values));
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    /// <inheritdoc/>
    public override bool TryReadId(DbDataReader row, int column, out Guid id)
    {
        id = row.GetGuid(column);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryReadTime(DbDataReader row, int column, out DateTimeOffset time)
    {
        time = new(row.GetDateTime(column));
        return true;
    }

    /// <inheritdoc/>
    public override void ReadRaw(DbDataReader row, AuditPage page)
    {
        const int position = 0, hash = 17, follows = 18;
        var bytes = page.Bytes;
        page.Begin();
        for (var column = 0; column < hash; column++)
        {
            switch (column)
            {
                case var _ when row.IsDBNull(column): bytes.AddNull(); break;
                case position or 3: bytes.Add(row.GetInt64(column)); break;
                case 4: bytes.Add(row.GetInt16(column)); break;
                case 7: bytes.Add(row.GetInt32(column)); break;
                case 8: bytes.Add(PostgresWriter.ToMicroseconds(row.GetDateTime(column))); break;
                case 5 or 10 or 16: bytes.Add(row.GetGuid(column)); break;
                default: bytes.Add(row.GetFieldValue<byte[]>(column)); break;
            }
        }
        page.End(
            row.GetInt64(position),
            row.GetBoolean(follows),
            row.IsDBNull(hash) ? [] : row.GetFieldValue<byte[]>(hash));
    }
}
