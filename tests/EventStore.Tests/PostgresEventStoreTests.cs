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

    [Fact]
    public async Task A_user_that_may_only_read_and_append_does_for_tables_that_are_there()
    {
        server.ShouldBeOurs();
        server.Execute("CREATE ROLE clerk LOGIN PASSWORD 'clerk'");
        var schema = new Npgsql.NpgsqlConnectionStringBuilder(_schema);
        Execute($"GRANT USAGE ON SCHEMA {schema.SearchPath} TO clerk");
        Execute(
            "GRANT SELECT ON schema_versions TO clerk; GRANT SELECT, INSERT ON events TO clerk; "
            + "GRANT SELECT, INSERT, DELETE ON subject_keys TO clerk; "
            + "GRANT SELECT, INSERT, UPDATE ON checkpoints TO clerk; "
            + "GRANT SELECT, INSERT, UPDATE ON snapshots TO clerk");
        (schema.Username, schema.Password) = ("clerk", "clerk");

        using var store = OnPostgres.Open(schema.ConnectionString);

        (await store.AppendAsync(Make.Stream(), 0, [Make.Event(1, command: 1)], Cancellation))
            .ShouldBe(new AppendResult.Appended(1, 1));
        (await store.AppendAsync(Make.Stream(), 1, [Make.Authored(2, "ann", "Ann")], Cancellation))
            .ShouldBe(new AppendResult.Appended(2, 2));
        await store.SaveCheckpointAsync("reader", 2, Cancellation);
        await store.SaveSnapshotAsync(Make.Stream(), new Snapshot("shape", 2, 2, "{}"u8.ToArray()), Cancellation);
        (await store.ForgetSubjectAsync("ann", Cancellation)).ShouldBeTrue();
        (await store.ReadStreamAsync(Make.Stream(), cancellation: Cancellation).CountAsync(Cancellation)).ShouldBe(2);
        (await store.VerifyAsync(cancellation: Cancellation)).ShouldBeOfType<Verification.Intact>();
    }

    protected override IEventStore Open(int waitingMax = 1_000) => OnPostgres.Open(_schema, Clock, waitingMax);

    protected override object? Execute(string sql) => PostgresServer.Execute(_schema, sql);

    protected override IDisposable HoldAppends() => OnPostgres.HoldAppends(_schema);
}
