using Microsoft.Extensions.Logging;
using Npgsql;

namespace Waybill.EventStore.Postgres;

/// <summary>Whether a server can hold the log.</summary>
internal static class PostgresServer
{
    /// <summary>The oldest version that is tested; as the server counts, 15.0 is 150000.</summary>
    private const int VersionMin = 15;

    /// <exception cref="StoreUnsuitableException">It is too old, or its texts are not Unicode.</exception>
    public static void Check(NpgsqlConnection connection, string place, ILogger logger)
    {
        using var select = connection.Command("select-server");
        using var row = select.ExecuteReader();
        row.Read();
        var (version, encoding, fsync) = (row.GetInt32(0) / 10_000, row.GetString(1), row.GetBoolean(2));
        if (version < VersionMin)
            throw new StoreUnsuitableException(
                $"PostgreSQL {version} ({place}) is too old: the event store needs {VersionMin} or later.");
        if (encoding != "UTF8")
            throw new StoreUnsuitableException(
                $"The encoding of the PostgreSQL database ({place}) is {encoding}; the event store needs UTF8.");
        if (!fsync)
            logger.LogWarning("PostgreSQL ({Place}) runs with fsync off: a crash can lose acknowledged events.", place);
    }
}
