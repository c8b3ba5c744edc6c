using Microsoft.Data.Sqlite;

namespace Waybill.Tests;

/// <summary>A directory of its own for a server's data, which is removed in the end.</summary>
internal sealed class DataDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("waybill-").FullName;

    /// <summary>Changes the event store behind the server's back; it may be running.</summary>
    public async Task Execute(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path}/waybill.db;Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Reads one value out of the event store behind the server's back; it may be running.</summary>
    public async Task<object?> Read(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path}/waybill.db;Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
