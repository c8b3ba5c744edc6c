using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;

namespace Waybill.Bench.Log;

/// <summary>
/// SQLite. The raw client has a file of its own, because only one connection may write to one; set up as the log's.
/// </summary>
internal sealed class SqliteDatabase : Database
{
    private const string Insert =
        """
        INSERT INTO raw_events (
            category, id, version, event_id, type, schema_version, time, data, command_id, correlation_id, actor)
        VALUES (
            $category, $id, $version, $event_id, $type, 1, $time, $data, $command_id, $correlation_id, $actor)
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-bench-");
    private readonly SqliteConnection _raw;
    private readonly SqliteCommand _insert;

    internal SqliteDatabase()
    {
        _raw = new SqliteConnection($"Data Source={Path.Combine(_directory.FullName, "raw.db")};Pooling=false");
        _raw.Open();
        Execute(
            $"""
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            {RawRows}
            CREATE TABLE raw_events (
                position INTEGER PRIMARY KEY,
                category TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, event_id BLOB NOT NULL,
                type TEXT NOT NULL, schema_version INTEGER NOT NULL, time INTEGER NOT NULL, data TEXT NOT NULL,
                command_id BLOB NOT NULL, correlation_id TEXT NOT NULL, causation_id TEXT, actor TEXT NOT NULL,
                saga_id TEXT, trace_parent TEXT,
                UNIQUE (category, id, version));
            CREATE INDEX raw_events_by_command ON raw_events (command_id);
            CREATE INDEX raw_events_by_correlation ON raw_events (correlation_id);
            """);
        _insert = _raw.CreateCommand();
        _insert.CommandText = Insert;
        foreach (var name in Insert.Split('(', ')')[^2].Split(", ").Select(name => name.Trim()).Where(IsParameter))
            _insert.Parameters.Add(new SqliteParameter(name, DBNull.Value));
        _insert.Prepare();
    }

    internal override int WritersMax => 1;

    internal override string Following => "polled every 5 ms";

    internal override TimeSpan ServerTime => TimeSpan.Zero;

    private string LogPath => Path.Combine(_directory.FullName, "log.db");

    internal override Task InsertAsync(int caller, Deposit deposit) => Task.Run(() => Write(deposit));

    internal override Task InsertBatchAsync(int caller, IReadOnlyList<Deposit> deposits) => Task.Run(() =>
    {
        Execute("BEGIN IMMEDIATE");
        foreach (var deposit in deposits) Write(deposit);
        Execute("COMMIT");
    });

    internal override Task CopyLogAsync() => Task.Run(() => Execute(
        $"""
        ATTACH '{LogPath}' AS log;
        DELETE FROM raw_events;
        INSERT INTO raw_events ({Columns}) SELECT {Columns} FROM log.events;
        DETACH log;
        """));

    internal override async Task FollowAsync(Action<long> arrived, CancellationToken cancellation)
    {
        await using var connection = new SqliteConnection(_raw.ConnectionString);
        await connection.OpenAsync(cancellation);
        for (var position = 0L; !cancellation.IsCancellationRequested;)
        {
            var last = await TellAsync(
                connection, "json_extract(data, '$.amount')", $"position > {position}", arrived);
            position = Math.Max(position, last);
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellation)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _raw.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _directory.Delete(recursive: true);
    }

    protected override void AddStore(IServiceCollection services) =>
        services.AddSqliteEventStore(new() { Path = LogPath });

    protected override DbConnection Writer(int caller) => _raw;

    protected override async ValueTask<DbConnection> OpenReaderAsync()
    {
        var connection = new SqliteConnection($"Data Source={LogPath};Mode=ReadOnly");
        await connection.OpenAsync();
        return connection;
    }

    private static bool IsParameter(string value) => value.StartsWith('$');

    private void Execute(string text)
    {
        using var command = _raw.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    private void Write(Deposit deposit)
    {
        object[] values =
        [
            deposit.Stream.Category, deposit.Stream.Id, deposit.Version, deposit.EventId.ToByteArray(bigEndian: true),
            Deposit.Type, DateTime.UtcNow.Ticks / 10, deposit.Json, deposit.CommandId.ToByteArray(bigEndian: true),
            deposit.Correlation, Deposit.Actor,
        ];
        for (var i = 0; i < values.Length; i++) _insert.Parameters[i].Value = values[i];
        _insert.ExecuteNonQuery();
    }
}
