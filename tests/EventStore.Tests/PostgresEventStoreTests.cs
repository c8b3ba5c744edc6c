using Waybill.EventStore;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.EventStore;

[Collection(OnPostgres.Name)]
public sealed class PostgresEventStoreTests(PostgresServer server) : EventStoreContract
{
    private readonly string _schema = server.NewSchema();

    private string? SchemaName => new Npgsql.NpgsqlConnectionStringBuilder(_schema).SearchPath;

    [Fact]
    public void A_database_that_is_not_Unicode_is_refused()
    {
        server.ShouldBeOurs();
        server.Execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");

        Should.Throw<StoreUnsuitableException>(() => OnPostgres.Open(server.Database("latin")))
            .Message.ShouldContain("LATIN1");
    }

    [Fact]
    public async Task Reads_share_a_few_connections()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Store.ReadHeadPositionAsync(Cancellation)));

        // 20 that read, one that writes, one that listens.
        Execute($"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{SchemaName}'")
            .ShouldBeOfType<long>().ShouldBeLessThanOrEqualTo(22);
    }

    protected override IEventStore Open(int waitingMax = 1_000) => OnPostgres.Open(_schema, Clock, waitingMax);

    protected override object? Execute(string sql) => PostgresServer.Execute(_schema, sql);

    protected override IDisposable HoldAppends() => OnPostgres.HoldAppends(_schema);
}
