using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Waybill.EventStore;
using Waybill.Grains;

namespace Waybill.Bench.Log;

/// <summary>
/// An empty database with the log in it, and beside the log what a client does that has no log: it writes the same rows
/// into a table of its own, <c>raw_events</c>, which has the same columns and indexes but no rules, and reads the log's
/// rows without making anything of them.
/// </summary>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>How many rows a batch of the raw client has.</summary>
    internal const int BatchRows = 500;

    /// <summary>What is read of an event.</summary>
    protected const string Columns =
        "category, id, version, position, event_id, type, schema_version, time, data, "
        + "command_id, correlation_id, causation_id, actor, saga_id, trace_parent";

    /// <summary>Beside its events, what the raw client makes of them: a row for each stream.</summary>
    protected const string RawRows =
        "CREATE TABLE raw_rows (id TEXT PRIMARY KEY, balance BIGINT NOT NULL, version BIGINT NOT NULL);";

    private readonly Lazy<ServiceProvider> _services;
    private readonly Lazy<SemaphoreSlim[]> _turns;

    protected Database()
    {
        _services = new(CreateServices);
        _turns = new(() => [.. Enumerable.Range(0, WritersMax).Select(_ => new SemaphoreSlim(1))]);
    }

    /// <summary>How many of its connections may write at a time.</summary>
    internal abstract int WritersMax { get; }

    internal IServiceProvider Services => _services.Value;

    internal IEventStore Store => Services.GetRequiredService<IEventStore>();

    internal EventTypes Types => Services.GetRequiredService<EventTypes>();

    /// <summary>Commits one row.</summary>
    internal abstract Task InsertAsync(int caller, Deposit deposit);

    /// <summary>Commits some rows at once.</summary>
    internal abstract Task InsertBatchAsync(int caller, IReadOnlyList<Deposit> deposits);

    /// <summary>Commits what a row is after a deposit: its stream's row of the raw client.</summary>
    internal Task UpsertRowAsync(int caller, Deposit deposit) => ExecuteAsync(
        caller,
        """
        INSERT INTO raw_rows (id, balance, version) VALUES (@a, @b, @c)
        ON CONFLICT (id) DO UPDATE SET balance = raw_rows.balance + excluded.balance, version = excluded.version
        """,
        deposit.Stream.Id,
        deposit.Amount,
        deposit.Version);

    /// <summary>Reads a row of the raw client.</summary>
    internal Task SelectRowAsync(int caller, Deposit deposit) => ExecuteAsync(
        caller, "SELECT balance, version FROM raw_rows WHERE id = @a", deposit.Stream.Id);

    /// <summary>Does a piece of the raw client's work on a connection that nobody else uses meanwhile.</summary>
    internal async Task InTurnAsync(long number, Func<int, Task> work)
    {
        var writer = (int)(number % _turns.Value.Length);
        await _turns.Value[writer].WaitAsync();
        try
        {
            await work(writer);
        }
        finally
        {
            _turns.Value[writer].Release();
        }
    }

    /// <summary>Gives the raw client's table what the log holds, instead of what it held.</summary>
    internal abstract Task CopyLogAsync();

    /// <summary>How the raw client finds out about rows.</summary>
    internal abstract string Following { get; }

    /// <summary>The processor time that the database's own processes have used.</summary>
    internal abstract TimeSpan ServerTime { get; }

    /// <summary>Tells the amount of each row that comes into the raw client's table, until it is cancelled.</summary>
    internal abstract Task FollowAsync(Action<long> arrived, CancellationToken cancellation);

    /// <summary>Reads a stream's rows from a version on.</summary>
    internal Task<long> SelectStreamAsync(StreamName stream, long fromVersion) => SelectAsync(
        $"SELECT {Columns} FROM events WHERE category = @a AND id = @b AND version >= @c ORDER BY version",
        stream.Category,
        stream.Id,
        fromVersion);

    /// <summary>Reads the log's rows from a position on.</summary>
    internal Task<long> SelectLogAsync(long afterPosition, long limit) => SelectAsync(
        $"SELECT {Columns} FROM events WHERE position > @a ORDER BY position LIMIT @b", afterPosition, limit);

    public virtual async ValueTask DisposeAsync()
    {
        if (_services.IsValueCreated) await _services.Value.DisposeAsync();
    }

    protected abstract void AddStore(IServiceCollection services);

    /// <summary>One of the raw client's connections.</summary>
    protected abstract DbConnection Writer(int caller);

    /// <summary>A connection that reads the log, its own or a pool's.</summary>
    protected abstract ValueTask<DbConnection> OpenReaderAsync();

    /// <summary>Tells the amounts of some rows, and how far they go.</summary>
    protected static async Task<long> TellAsync(
        DbConnection connection, string amount, string condition, Action<long> arrived)
    {
        await using var select = connection.CreateCommand();
        select.CommandText = $"SELECT position, {amount} FROM raw_events WHERE {condition}";
        await using var rows = await select.ExecuteReaderAsync();
        var last = 0L;
        while (await rows.ReadAsync())
        {
            last = Math.Max(last, rows.GetInt64(0));
            arrived(rows.GetInt64(1));
        }
        return last;
    }

    private ServiceProvider CreateServices()
    {
        // The table goes to standard output alone.
        var services = new ServiceCollection()
            .AddLogging(logging => logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace))
            .AddWaybillEvents();
        AddStore(services);
        return services.BuildServiceProvider();
    }

    // SQLite's client does not return before it is done.
    private Task ExecuteAsync(int caller, string text, params object[] values) => Task.Run(async () =>
    {
        await using var command = Command(Writer(caller), text, values);
        await command.ExecuteNonQueryAsync();
    });

    private static DbCommand Command(DbConnection connection, string text, object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (index, value) in values.Index())
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"@{(char)('a' + index)}", value);
            command.Parameters.Add(parameter);
        }
        return command;
    }

    private async Task<long> SelectAsync(string text, params object[] values)
    {
        await using var connection = await OpenReaderAsync();
        await using var command = Command(connection, text, values);
        await using var rows = await command.ExecuteReaderAsync();
        var read = 0L;
        for (var row = new object[rows.FieldCount]; await rows.ReadAsync(); read++) rows.GetValues(row);
        return read;
    }
}
