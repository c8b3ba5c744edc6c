using System.Globalization;
using Npgsql;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// Makes connections on which nothing waits for ever, all of them configured by <c>configure-session</c>. Readers share
/// a pool; the writer's connection is its own, so that closing it ends whatever it was about.
/// </summary>
internal sealed class PostgresConnections : IDisposable
{
    /// <summary>How many reads run at a time; a few processes then fit into a server's usual 100 connections.</summary>
    private const int ReadersMax = 20;

    /// <summary>How often a connection that only listens asks whether its server is still there, in seconds.</summary>
    private const int ListenerKeepAlive = 10;

    private readonly NpgsqlDataSource _readers;
    private readonly NpgsqlDataSource _writers;
    private readonly NpgsqlDataSource _listeners;
    private readonly string _milliseconds;

    /// <exception cref="StoreUnsuitableException">The connection string is none.</exception>
    public PostgresConnections(PostgresEventStoreOptions options)
    {
        _milliseconds = (options.Timeout.TotalMilliseconds * 0.75).ToString("F0", CultureInfo.InvariantCulture);
        try
        {
            var settings = Settings(options);
            Place = $"{settings.Host}:{settings.Port}, database {settings.Database ?? settings.Username}";
            _readers = Source(settings);
            settings.Pooling = false;
            _writers = Source(settings);
            settings.KeepAlive = ListenerKeepAlive;
            _listeners = Source(settings);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or NotSupportedException)
        {
            // Its own words quote the string, and with it perhaps the password.
            throw new StoreUnsuitableException(
                "The PostgreSQL connection string is malformed. It reads like "
                + "'Host=localhost;Database=waybill;Username=waybill;Password=...'.");
        }
    }

    /// <summary>Which database this is, for whoever operates it: no secrets.</summary>
    public string Place { get; }

    public ValueTask<NpgsqlConnection> OpenReaderAsync(CancellationToken cancellation) =>
        _readers.OpenConnectionAsync(cancellation);

    /// <summary>Drops the readers' idle connections: a server that is gone took them with it.</summary>
    public void ForgetReaders() => _readers.Clear();

    /// <summary>Blocks the thread that asks: the writer has one of its own.</summary>
    public NpgsqlConnection OpenWriter() =>
        // Not by the driver's blocking way, where a limit of which less than a millisecond is left counts as none.
        _writers.OpenConnectionAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>A connection to wait on, which finds out by itself when its server is gone.</summary>
    public ValueTask<NpgsqlConnection> OpenListenerAsync(CancellationToken cancellation) =>
        _listeners.OpenConnectionAsync(cancellation);

    public void Dispose()
    {
        _listeners.Dispose();
        _readers.Dispose();
        _writers.Dispose();
    }

    private static NpgsqlConnectionStringBuilder Settings(PostgresEventStoreOptions options)
    {
        var settings = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        ArgumentException.ThrowIfNullOrWhiteSpace(settings.Host);
        var seconds = (int)Math.Ceiling(options.Timeout.TotalSeconds);
        settings.Timeout = seconds;
        settings.CommandTimeout = seconds;
        settings.CancellationTimeout = -1; // After a timeout nobody waits for the server to call it off as well.
        settings.NoResetOnClose = true; // A reset would undo configure-session.
        settings.MaxAutoPrepare = 100; // The store's own statements, and a handful for each read model.
        settings.AutoPrepareMinUsages = 2;
        settings.ApplicationName ??= "waybill";
        // ContainsKey would say whether there is such a setting, not whether it is given.
        if (!settings.ShouldSerialize("Maximum Pool Size"))
            settings.MaxPoolSize = Math.Max(ReadersMax, settings.MinPoolSize);
        return settings;
    }

    private NpgsqlDataSource Source(NpgsqlConnectionStringBuilder settings) =>
        new NpgsqlDataSourceBuilder(settings.ConnectionString)
            .UsePhysicalConnectionInitializer(
                _ => throw new NotSupportedException("Connections are opened asynchronously."), ConfigureAsync)
            .Build();

    private async Task ConfigureAsync(NpgsqlConnection connection)
    {
        await using var configure = connection.Command("configure-session", _milliseconds);
        await configure.ExecuteNonQueryAsync();
    }
}
