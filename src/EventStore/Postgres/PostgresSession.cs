using System.Data.Common;
using Npgsql;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Postgres;

/// <summary>A connection that it was given for one piece of work.</summary>
internal sealed class PostgresSession(NpgsqlConnection connection) : StoreSession
{
    /// <inheritdoc/>
    public override RowSession Rows => field ??= new PostgresRows(connection);

    /// <inheritdoc/>
    public override async Task ReadAsync(
        string name, object?[] values, Func<DbDataReader, bool> read, CancellationToken cancellation)
    {
        await using var command = connection.Command(name, values);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation) && read(rows))
        {
            // The rows that are not wanted are skipped when the reader is disposed.
        }
    }

    /// <inheritdoc/>
    public override async Task<int> ExecuteAsync(string name, object?[] values, CancellationToken cancellation)
    {
        await using var command = connection.Command(name, values);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <inheritdoc/>
    public override Guid ReadId(DbDataReader row, int column) => row.GetGuid(column);

    /// <inheritdoc/>
    public override DateTimeOffset ReadTime(DbDataReader row, int column) => new(row.GetDateTime(column));
}
