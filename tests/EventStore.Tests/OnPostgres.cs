using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Waybill.EventStore;
using Waybill.EventStore.Postgres;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.EventStore;

/// <summary>The tests that share one server; one after another, because some stop it.</summary>
[CollectionDefinition(Name)]
public sealed class OnPostgres : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";

    public static PostgresEventStore Open(string connectionString, TimeProvider? time = null, int waitingMax = 1_000) =>
        new(
            new PostgresEventStoreOptions { ConnectionString = connectionString, WaitingMax = waitingMax, BatchMax = waitingMax },
            new EventTypes([NoteJson.Default]),
            time ?? TimeProvider.System,
            NullLogger<PostgresEventStore>.Instance);

    /// <summary>Holds the append lock, as a process does that has begun a commit, until it is disposed.</summary>
    public static IDisposable HoldAppends(string connectionString)
    {
        var connection = PostgresServer.Connect(connectionString);
        using var take = new NpgsqlCommand(
            "SELECT pg_advisory_lock(1463900236, 'events'::regclass::oid::int)", connection);
        take.ExecuteNonQuery();
        return connection;
    }
}
