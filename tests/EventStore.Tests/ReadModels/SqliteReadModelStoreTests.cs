using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Sqlite;

namespace Waybill.Tests.EventStore.ReadModels;

public sealed class SqliteReadModelStoreTests : ReadModelStoreContract
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");

    private string DatabasePath => Path.Combine(_directory.FullName, "waybill.db");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    protected override (IEventStore Log, IReadModelStore Store) Open()
    {
        var store = new SqliteEventStore(
            new SqliteEventStoreOptions { Path = DatabasePath },
            Make.Types,
            Clock,
            NullLogger<SqliteEventStore>.Instance);
        return (store, store.ReadModels);
    }

    protected override object? Query(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
