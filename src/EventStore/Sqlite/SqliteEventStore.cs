using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Waybill.EventStore.Appending;

namespace Waybill.EventStore.Sqlite;

/// <summary>
/// The log in one SQLite file, for one process. Appends go through one writer that commits them in groups; reads run
/// beside it on connections of their own, off the caller's thread, and see whole commits only.
/// </summary>
public sealed class SqliteEventStore : IEventStore, ICheckpointStore, ISnapshotStore, IDisposable
{
    private readonly ConcurrentBag<SqliteReader> _idleReaders = [];
    private readonly ProcessLock _lock;
    private readonly GroupCommit _commits;
    private readonly string _path;
    private volatile bool _closed;

    /// <summary>Opens the database, making or migrating it first where needed.</summary>
    /// <exception cref="StoreInUseException">Another process holds the file.</exception>
    /// <exception cref="StoreTooNewException">The file was written by a newer Waybill.</exception>
    /// <exception cref="StoreUnavailableException">The file cannot be opened, or is no SQLite database.</exception>
    public SqliteEventStore(
        SqliteEventStoreOptions options, EventTypes types, TimeProvider time, ILogger<SqliteEventStore> logger)
    {
        _path = options.Path;
        _lock = ProcessLock.Take(_path);
        try
        {
            _commits = new GroupCommit(options, types, () => new SqliteWriter(_path, time), CannotWrite, logger);
        }
        catch (SqliteException error)
        {
            _lock.Dispose();
            throw new StoreUnavailableException($"The event store {_path} cannot be opened: {error.Message}", error);
        }
        catch
        {
            _lock.Dispose();
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
            (from, ends) => Read(reader => reader.ReadPage(stream, from, toVersion), ends),
            cancellation);

    /// <inheritdoc/>
    public Task<RecordedCommand?> FindCommandAsync(
        StreamName stream, Guid commandId, CancellationToken cancellation = default) =>
        Read(reader => reader.FindCommand(stream, commandId), cancellation);

    /// <inheritdoc/>
    public Task<long> ReadHeadPositionAsync(CancellationToken cancellation = default) =>
        Read(reader => reader.ReadHeadPosition(), cancellation);

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

    /// <summary>Finishes the appends already taken and closes the files.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        // The writer's is the last connection to close: that one folds the WAL into the database file.
        CloseIdleReaders();
        _commits.Dispose();
        _lock.Dispose();
    }

    private static StoreUnavailableException CannotWrite(Exception error) =>
        new("The event store cannot write.", error);

    private void CloseIdleReaders()
    {
        while (_idleReaders.TryTake(out var reader))
            reader.Dispose();
    }

    // SQLite reads block. They run on the pool, so that a grain that awaits one gives its thread away meanwhile.
    private Task<T> Read<T>(Func<SqliteReader, T> read, CancellationToken cancellation) => Task.Run(
        () =>
        {
            if (_closed)
                throw new StoreUnavailableException("The event store is closed.");
            SqliteReader? reader = null;
            try
            {
                reader = _idleReaders.TryTake(out var idle) ? idle : new SqliteReader(_path);
                return read(reader);
            }
            catch (SqliteException error)
            {
                reader?.Dispose();
                reader = null;
                throw new StoreUnavailableException("The event store cannot be read.", error);
            }
            finally
            {
                if (reader is not null)
                    _idleReaders.Add(reader);
                // A close that came meanwhile has not met this one.
                if (_closed)
                    CloseIdleReaders();
            }
        },
        cancellation);
}
