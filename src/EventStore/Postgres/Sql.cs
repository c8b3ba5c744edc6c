using System.Collections.Concurrent;
using Npgsql;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Postgres;

/// <summary>The embedded SQL, made into commands. Parameters stand in the order of their numbers.</summary>
internal static class Sql
{
    // Readers make their commands anew each time, and should not read the assembly for it.
    private static readonly ConcurrentDictionary<string, string> Texts = new();

    public static SqlFiles Files { get; } = new("Postgres");

    /// <summary>One statement on its own.</summary>
    public static NpgsqlCommand Command(
        this NpgsqlConnection connection, string name, params ReadOnlySpan<object?> parameters)
    {
        var command = new NpgsqlCommand(Text(name), connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = Encode(parameter) });
        return command;
    }

    /// <summary>One statement of a batch.</summary>
    public static NpgsqlBatchCommand Statement(string text, IReadOnlyList<object?> values)
    {
        var statement = new NpgsqlBatchCommand(text);
        foreach (var value in values)
            statement.Parameters.Add(new NpgsqlParameter { Value = Encode(value) });
        return statement;
    }

    /// <summary>Has the driver wait so long for a statement; as it does by itself without a limit.</summary>
    public static NpgsqlCommand Within(this NpgsqlCommand command, TimeSpan? limit)
    {
        if (limit is { } time)
            command.CommandTimeout = (int)time.TotalSeconds;
        return command;
    }

    /// <summary>Statements that go to the server together, prepared.</summary>
    public static NpgsqlBatch Prepare(
        this NpgsqlConnection connection, params ReadOnlySpan<(string Name, NpgsqlParameter[] Parameters)> statements)
    {
        var batch = new NpgsqlBatch(connection);
        foreach (var (name, parameters) in statements)
        {
            var command = new NpgsqlBatchCommand(Text(name));
            command.Parameters.AddRange(parameters);
            batch.BatchCommands.Add(command);
        }
        batch.Prepare();
        return batch;
    }

    /// <summary>Executes a text without parameters.</summary>
    public static void Execute(this NpgsqlConnection connection, string text)
    {
        using var command = new NpgsqlCommand(text, connection);
        command.ExecuteNonQuery();
    }

    // Times go as the latest time there is where no time is meant, which PostgreSQL knows as infinity.
    public static object Encode(object? value) => value switch
    {
        DateTimeOffset time => time.UtcDateTime,
        null => DBNull.Value,
        _ => value,
    };

    /// <summary>The text of one statement, as a part of another one.</summary>
    public static string Part(string name) => Text(name).TrimEnd().TrimEnd(';');

    private static string Text(string name) => Texts.GetOrAdd(name, Files.Statement);
}
