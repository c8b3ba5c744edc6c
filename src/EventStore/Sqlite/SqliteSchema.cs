using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Waybill.EventStore.Sqlite;

/// <summary>Brings a database forward to the schema version this code knows, one transaction per version.</summary>
internal static class SqliteSchema
{
    /// <exception cref="StoreTooNewException">The database is past that version; nothing is changed.</exception>
    public static void Migrate(SqliteConnection connection, TimeProvider time)
    {
        connection.Execute(Sql.Files.Statement("create-schema-versions"));
        var known = Sql.Files.SchemaVersions.Count;
        var found = Version(connection);
        if (found > known)
            throw new StoreTooNewException(found, known);

        for (var version = found + 1; version <= known; version++)
        {
            var next = version;
            connection.Transact(() =>
            {
                connection.Execute(Sql.Files.SchemaVersions[next - 1]);
                using var record = connection.Prepare("insert-schema-version", "$version", "$applied_at");
                record.With(next, time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture)).ExecuteNonQuery();
            });
        }
    }

    private static int Version(SqliteConnection connection)
    {
        using var select = connection.Prepare("select-schema-version");
        return Convert.ToInt32(select.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
