using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;
using Waybill.EventStore.Appending;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// The log in a PostgreSQL database, for any number of processes. Appends of this process go through one writer that
/// commits them in groups; reads run beside it on pooled connections.
/// </summary>
/// <remarks>An outage fails the calls that meet it, in bounded time; the next ones connect anew.</remarks>
public sealed class PostgresEventStore : IEventStore, ICheckpointStore, ISnapshotStore, IDisposable
{
    private readonly PostgresConnections _connections;
    private readonly GroupCommit _commits;
    private readonly TimeSpan _limit;
    private readonly ILogger _logger;
    private volatile bool _closed;

    /// <summary>Connects, and makes or migrates the tables first where needed.</summary>
    /// <exception cref="StoreTooNewException">The tables were made by a newer Waybill.</exception>
    /// <exception cref="StoreUnavailableException">The server cannot be reached, or lets this user not in.</exception>
    /// <exception cref="StoreUnsuitableException">The server or the connection string will never do.</exception>
    public PostgresEventStore(
        PostgresEventStoreOptions options, EventTypes types, TimeProvider time, ILogger<PostgresEventStore> logger)
    {
        _limit = options.Limit;
        _logger = logger;
        _connections = new PostgresConnections(options);
        try
        {
            using (var connection = _connections.OpenWriter())
            {
                PostgresServer.Check(connection, _connections.Place, logger);
                PostgresSchema.Migrate(connection, time);
            }
            _commits = new GroupCommit(options, types, () => OpenWriter(time), PostgresFailure.CannotWrite, logger);
        }
        catch (Exception error)
        {
            _connections.Dispose();
            if (PostgresFailure.Is(error))
                throw PostgresFailure.CannotOpen(_connections.Place, error);
            throw;
        }
    }

    /// <inheritdoc/>
    public bool IsFailing => _commits.IsFailing;

    /// <inheritdoc/>
    public Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        CancellationToken cancellation = default) =>
        _commits.AppendAsync(stream, expectedVersion, events, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredEvent> ReadStreamAsync(
        StreamName stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        DateTimeOffset? toTime = null,
        CancellationToken cancellation = default) => Reading.ByPage(
            fromVersion,
            (from, ends) => Read(
                connection => connection.ReadPageAsync(stream, from, toVersion, ends), ends),
            cancellation);

    /// <inheritdoc/>
    public Task<RecordedCommand?> FindCommandAsync(
        StreamName stream, Guid commandId, CancellationToken cancellation = default) =>
        Read(connection => connection.FindCommandAsync(stream, commandId, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<long> ReadHeadPositionAsync(CancellationToken cancellation = default) =>
        Read(connection => connection.ReadHeadPositionAsync(cancellation), cancellation);

    /// <inheritdoc/>
    public Task<LogPage> ReadLogAsync(
        LogFilter filter, long afterPosition, int limit, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public Task WaitBeyondAsync(long position, CancellationToken cancellation) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<long> ReadCheckpointAsync(string reader, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public Task SaveCheckpointAsync(string reader, long position, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<Snapshot?> ReadSnapshotAsync(
        StreamName stream, string shape, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public Task SaveSnapshotAsync(StreamName stream, Snapshot snapshot, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Finishes the appends already taken and closes the connections.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        _commits.Dispose();
        _connections.Dispose();
    }

    private PostgresWriter OpenWriter(TimeProvider time)
    {
        var connection = _connections.OpenWriter();
        try
        {
            return new PostgresWriter(connection, time);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // The driver holds its limits one after another: a server that is silent can cost it three of them.
    private Task<T> Read<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancellation) =>
        ReadToTheEnd(read, cancellation).Within(_limit, cancellation);

    private async Task<T> ReadToTheEnd<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancellation)
    {
        if (_closed)
            throw new StoreUnavailableException("The event store is closed.");
        NpgsqlConnection? connection = null;
        try
        {
            connection = await _connections.OpenReaderAsync(cancellation);
            return await read(connection);
        }
        catch (Exception error) when (PostgresFailure.Is(error))
        {
            _logger.LogWarning(error, "A read failed.");
            if (connection is not { State: ConnectionState.Open })
                _connections.ForgetReaders();
            throw PostgresFailure.CannotRead(error);
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }
}
