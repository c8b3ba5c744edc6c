using System.Globalization;
using Npgsql;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// Brings a database forward to the schema version this code knows, one transaction per version. Of several processes
/// one migrates and the others wait; one with nothing to migrate needs no rights to change anything.
/// </summary>
internal static class PostgresSchema
{
    /// <exception cref="StoreTooNewException">The database is past that version; nothing is changed.</exception>
    /// <exception cref="StoreUnsuitableException">This user may not change the tables.</exception>
    public static void Migrate(NpgsqlConnection connection, string place, TimeProvider time)
    {
        var known = Sql.Files.SchemaVersions.Count;
        int found;
        while ((found = Version(connection)) < known)
        {
            if (!TryMigrateOnce(connection, time))
                throw new StoreUnsuitableException(
                    $"The tables in PostgreSQL ({place}) have schema version {found}, this Waybill needs {known}, and "
                    + "its user may not change them. Migrate them first as the user who owns them: "
                    + "./run migrate --postgres ...");
        }
        if (found > known)
            throw new StoreTooNewException(found, known);
    }

    private static bool TryMigrateOnce(NpgsqlConnection connection, TimeProvider time)
    {
        using var owns = connection.Command("select-owns-schema");
        if (owns.ExecuteScalar() is not true)
            return false;
        try
        {
            MigrateOnce(connection, time);
            return true;
        }
        catch (PostgresException denied) when (denied.SqlState is PostgresErrorCodes.InsufficientPrivilege)
        {
            return false;
        }
    }

    private static void MigrateOnce(NpgsqlConnection connection, TimeProvider time)
    {
        using var transaction = connection.BeginTransaction();
        Execute(connection.Command("limit-migration"));
        Execute(connection.Command("lock-migration"));
        Execute(connection.Command("create-schema-versions"));
        var version = Version(connection) + 1;
        if (version <= Sql.Files.SchemaVersions.Count)
        {
            Execute(new NpgsqlCommand(Sql.Files.SchemaVersions[version - 1], connection));
            Execute(connection.Command("insert-schema-version", version, time.GetUtcNow().UtcDateTime));
        }
        transaction.Commit();
    }

    private static void Execute(NpgsqlCommand command)
    {
        using (command)
        {
            command.CommandTimeout = 0; // A migration takes as long as it takes, here or in another process.
            command.ExecuteNonQuery();
        }
    }

    private static int Version(NpgsqlConnection connection)
    {
        using var find = connection.Command("find-schema-versions");
        if (find.ExecuteScalar() is not true)
            return 0;
        using var select = connection.Command("select-schema-version");
        return Convert.ToInt32(select.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
