using Microsoft.Data.Sqlite;

namespace Waybill.EventStore.Sqlite;

/// <summary>The embedded SQL: a file per statement in <c>Sql/</c>, one per schema version in <c>Schema/</c>.</summary>
internal static class Sql
{
    private const string Prefix = "Waybill.EventStore.Sqlite.";

    /// <summary>The schema versions in order: the first makes version 1 of an empty file, and so on.</summary>
    public static IReadOnlyList<string> SchemaVersions { get; } =
    [
        .. typeof(Sql).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix + "Schema.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(Read),
    ];

    /// <summary>The text of one statement.</summary>
    public static string Statement(string name) => Read($"{Prefix}Sql.{name}.sql");

    /// <summary>Prepares one statement; its parameters are named here in the order in which they will be set.</summary>
    public static SqliteCommand Prepare(
        this SqliteConnection connection, string name, params ReadOnlySpan<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = Statement(name);
        foreach (var parameter in parameters)
            command.Parameters.Add(new SqliteParameter(parameter, value: DBNull.Value));
        command.Prepare();
        return command;
    }

    /// <summary>Sets all parameters, in the order in which they were prepared.</summary>
    public static SqliteCommand With(this SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    /// <summary>Executes a text without parameters.</summary>
    public static void Execute(this SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// Does the work in one transaction. If it throws, the connection is to be closed, which rolls back.
    /// </summary>
    /// <remarks>
    /// Not a <see cref="SqliteTransaction"/>: where SQLite has rolled back by itself, as it does when the disk is full,
    /// that one throws again while it is disposed, and so does its connection.
    /// </remarks>
    public static void Transact(this SqliteConnection connection, Action work)
    {
        connection.Execute("BEGIN IMMEDIATE");
        work();
        connection.Execute("COMMIT");
    }

    private static string Read(string resource)
    {
        using var stream = typeof(Sql).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"There is no embedded resource {resource}.");
        return new StreamReader(stream).ReadToEnd();
    }
}
