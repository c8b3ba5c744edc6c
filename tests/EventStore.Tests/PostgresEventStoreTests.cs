using Waybill.EventStore;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.EventStore;

[Collection(OnPostgres.Name)]
public sealed class PostgresEventStoreTests(PostgresServer server) : EventStoreContract
{
    private readonly string _schema = server.NewSchema();

    [Fact]
    public void A_database_that_is_not_Unicode_is_refused()
    {
        server.ShouldBeOurs();
        server.Execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");

        Should.Throw<StoreUnsuitableException>(() => OnPostgres.Open(server.Database("latin")))
            .Message.ShouldContain("LATIN1");
    }

    protected override IEventStore Open(int waitingMax = 1_000) => OnPostgres.Open(_schema, Clock, waitingMax);

    protected override object? Execute(string sql) => PostgresServer.Execute(_schema, sql);

    protected override IDisposable HoldAppends() => OnPostgres.HoldAppends(_schema);
}
