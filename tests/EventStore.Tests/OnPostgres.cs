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

    /// <summary>How long a statement may take in use, in seconds: for tests of what takes longer.</summary>
    public const int Shipped = 2;

    // In the others nothing waits this long unless it hangs.
    private const int Patience = 20;

    /// <param name="connectionString">The database.</param>
    /// <param name="time">The clock.</param>
    /// <param name="waitingMax">How many appends may wait, and how many one commit takes.</param>
    /// <param name="eventsMax">How many events one commit takes.</param>
    /// <param name="patience">How long a statement may take, in seconds; a call, twice as long.</param>
    public static PostgresEventStore Open(
        string connectionString, TimeProvider? time = null, int waitingMax = 1_000, int eventsMax = 5_000,
        int patience = Patience) =>
        new(
            new PostgresEventStoreOptions
            {
                ConnectionString = connectionString,
                WaitingMax = waitingMax,
                BatchMax = waitingMax,
                BatchEventsMax = eventsMax,
                Timeout = TimeSpan.FromSeconds(patience),
                Limit = TimeSpan.FromSeconds(2 * patience),
            },
            Make.Types,
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
