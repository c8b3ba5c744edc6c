using Microsoft.Extensions.Logging.Abstractions;
using Waybill.EventStore;
using Waybill.EventStore.Postgres;
using Waybill.Tests.Postgres;
using static Waybill.EventStore.AppendResult;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>The tests that share one server; one after another, because some stop it.</summary>
[CollectionDefinition(Name)]
public sealed class OnPostgres : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}

[Collection(OnPostgres.Name)]
public sealed class PostgresEventStoreTests : EventStoreContract, IDisposable
{
    private readonly string _connectionString;
    private PostgresEventStore _store;

    public PostgresEventStoreTests(PostgresServer server)
    {
        _connectionString = server.NewSchema();
        _store = Open();
    }

    protected override IEventStore Store => _store;

    public void Dispose() => _store.Dispose();

    private PostgresEventStore Open() => new(
        new PostgresEventStoreOptions { ConnectionString = _connectionString },
        new EventTypes([NoteJson.Default]),
        Clock,
        NullLogger<PostgresEventStore>.Instance);
}
