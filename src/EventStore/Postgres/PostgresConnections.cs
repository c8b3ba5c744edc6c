using System.Data;
using System.Globalization;
using Npgsql;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// Makes connections on which nothing waits for ever, all of them configured by <c>configure-session</c>. Readers share
/// two pools; the writer's connection is its own, so that closing it ends whatever it was about.
/// </summary>
/// <remarks>
/// The driver's pool gives out the connection that was idle longest, so that after a burst of load all of them are used
/// in turn, and the server's process behind each finds its caches cold. That is why a few make a pool of their own,
/// which does nearly all the work, and the others stand by.
/// </remarks>
internal sealed class PostgresConnections : IDisposable
{
    /// <summary>How many reads run at a time; a few processes then fit into a server's usual 100 connections.</summary>
    private const int ReadersMax = 20;

    /// <summary>How many of them are used before any other.</summary>
    private const int FirstMax = 4;

    /// <summary>How often a connection that only listens asks whether its server is still there, in seconds.</summary>
    private const int ListenerKeepAlive = 10;

    private readonly NpgsqlDataSource _firstReaders;
    private readonly NpgsqlDataSource _readers;
    private readonly SemaphoreSlim _first;
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
            var first = Math.Min(FirstMax, settings.MaxPoolSize / 2);
            _first = new(first);
            settings.MaxPoolSize -= first;
            settings.MinPoolSize = Math.Min(settings.MinPoolSize, settings.MaxPoolSize);
            _readers = Source(settings);
            (settings.MinPoolSize, settings.MaxPoolSize) = (0, Math.Max(1, first));
            _firstReaders = Source(settings);
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

    /// <summary>Has some work done on a connection of the pools.</summary>
    public async Task<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation)
    {
        if (!_first.Wait(0, CancellationToken.None))
            return await UseAsync(_readers, work, cancellation);
        try
        {
            return await UseAsync(_firstReaders, work, cancellation);
        }
        finally
        {
            _first.Release();
        }
    }

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
        _firstReaders.Dispose();
        _writers.Dispose();
    }

    private async Task<T> UseAsync<T>(
        NpgsqlDataSource pool, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = await pool.OpenConnectionAsync(cancellation);
            return await work(connection);
        }
        catch (Exception error) when (PostgresFailure.Is(error) && connection is not { State: ConnectionState.Open })
        {
            // A server that is gone took the idle ones with it.
            _firstReaders.Clear();
            _readers.Clear();
            throw;
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
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
