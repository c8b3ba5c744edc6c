using System.Globalization;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Sqlite;

/// <summary>Brings a database forward to the schema version this code knows, one transaction per version.</summary>
internal static class SqliteSchema
{
    public static SqlFiles Files { get; } = new("Sqlite");

    /// <exception cref="StoreTooNewException">The database is past that version; nothing is changed.</exception>
    public static void Migrate(SqliteSession session, TimeProvider time)
    {
        session.Define("slot_of", (category, id) => Slot.Of(new StreamName(category, id)));
        session.Execute(Files.Statement("create-schema-versions"));
        var known = Files.SchemaVersions.Count;
        var found = Version(session);
        if (found > known)
            throw new StoreTooNewException(found, known);

        for (var version = found + 1; version <= known; version++)
        {
            var next = version;
            session.Transact(() =>
            {
                session.Execute(Files.SchemaVersions[next - 1]);
                var now = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
                session.Command("insert-schema-version", next, now).ExecuteNonQuery();
            });
        }
    }

    private static int Version(SqliteSession session) =>
        Convert.ToInt32(session.Command("select-schema-version").ExecuteScalar(), CultureInfo.InvariantCulture);
}
