using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Waybill.EventStore.Relational;
using Waybill.EventStore.Sqlite;

namespace Waybill.Tests.EventStore.Streams;

public sealed class SqliteEventStreamsTests : EventStreamsContract
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");

    private string DatabasePath => Path.Combine(_directory.FullName, "waybill.db");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    protected override RelationalEventStore Open() => new SqliteEventStore(
        new SqliteEventStoreOptions { Path = DatabasePath },
        Make.Types,
        TimeProvider.System,
        NullLogger<SqliteEventStore>.Instance);

    protected override void Execute(string sql)
    {
        using var connection = Connect();
        Execute(connection, sql);
    }

    protected override IDisposable HoldAppends()
    {
        var connection = Connect();
        Execute(connection, "BEGIN IMMEDIATE");
        return connection;
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
