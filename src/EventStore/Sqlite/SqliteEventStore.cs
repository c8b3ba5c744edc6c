using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Waybill.EventStore.Sqlite;

/// <summary>
/// The log in one SQLite file, for one process. Appends go through one writer that commits them in groups; reads run
/// beside it on connections of their own, off the caller's thread, and see whole commits only.
/// </summary>
public sealed class SqliteEventStore : IEventStore, IDisposable
{
    /// <summary>How many events a page of a stream holds: enough to make the query's cost small beside them.</summary>
    private const int PageSize = 256;

    private readonly ConcurrentBag<SqliteReader> _idleReaders = [];
    private readonly ProcessLock _lock;
    private readonly GroupCommit _commits;
    private readonly EventTypes _types;
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
        _types = types;
        _lock = ProcessLock.Take(_path);
        try
        {
            _commits = new GroupCommit(options, () => new SqliteWriter(_path, time), logger);
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
    public async Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedVersion);
        ArgumentOutOfRangeException.ThrowIfZero(events.Count);
        var serialized = events.Select(Serialize).ToArray();
        var append = new PendingAppend(stream, expectedVersion, serialized, cancellation);
        return await _commits.Append(append).WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RecordedEvent> ReadStreamAsync(
        StreamName stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var from = fromVersion; ;)
        {
            var next = from;
            var page = await Read(
                reader => reader.ReadPage(stream, next, toVersion, PageSize, _types), cancellation);
            foreach (var recorded in page)
                yield return recorded;
            if (page.Count < PageSize)
                yield break;
            from = page[^1].Version + 1;
        }
    }

    /// <inheritdoc/>
    public Task<RecordedCommand?> FindCommandAsync(
        StreamName stream, Guid commandId, CancellationToken cancellation = default) =>
        Read(reader => reader.FindCommand(stream, commandId), cancellation);

    /// <inheritdoc/>
    public Task<long> ReadHeadPositionAsync(CancellationToken cancellation = default) =>
        Read(reader => reader.ReadHeadPosition(), cancellation);

    /// <summary>Finishes the appends already taken and closes the files.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        // The writer's is the last connection to close: that one folds the WAL into the database file.
        while (_idleReaders.TryTake(out var reader))
            reader.Dispose();
        _commits.Dispose();
        _lock.Dispose();
    }

    private SerializedEvent Serialize(NewEvent @event)
    {
        var type = _types.Of(@event.Event);
        return new SerializedEvent(@event.EventId, type, type.Serialize(@event.Event), @event.Metadata);
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
            }
        },
        cancellation);
}
