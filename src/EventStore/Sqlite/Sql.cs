using Microsoft.Data.Sqlite;

namespace Waybill.EventStore.Sqlite;

/// <summary>The embedded SQL, made into commands.</summary>
internal static class Sql
{
    public static SqlFiles Files { get; } = new("Sqlite");

    /// <summary>Prepares one statement; its parameters are named here in the order in which they will be set.</summary>
    public static SqliteCommand Prepare(
        this SqliteConnection connection, string name, params ReadOnlySpan<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = Files.Statement(name);
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
}
