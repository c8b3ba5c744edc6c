using Npgsql;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.EventStore.ReadModels;

[Collection(OnPostgres.Name)]
public sealed class PostgresReadModelStoreTests(PostgresServer server) : ReadModelStoreContract
{
    private readonly string _schema = server.NewSchema();

    protected override (IEventStore Log, IReadModelStore Store) Open()
    {
        var store = OnPostgres.Open(_schema, Clock);
        return (store, store.ReadModels);
    }

    protected override object? Query(string sql)
    {
        using var connection = PostgresServer.Connect(_schema);
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }
}
