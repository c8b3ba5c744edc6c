using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Waybill.EventStore.Appending;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Sqlite;

/// <summary>
/// The log in one SQLite file, for one process. All writes go through one writer that commits them in groups; reads run
/// beside it on sessions of their own, off the caller's thread, and see whole commits only.
/// </summary>
public sealed class SqliteEventStore : RelationalEventStore, IDisposable
{
    private readonly ConcurrentBag<SqliteSession> _idleReaders = [];
    private readonly ReadGate _gate = new();
    private readonly ProcessLock _lock;
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
            using (var session = SqliteSession.OpenWriter(_path))
                SqliteSchema.Migrate(session, time);
            Commits = new GroupCommit(
                options, types, () => new SqliteWriter(_path, time, _gate), CannotWrite, Committed, logger);
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

    private protected override GroupCommit Commits { get; }

    /// <inheritdoc/>
    public override Task<bool> ForgetSubjectAsync(string subject, CancellationToken cancellation = default) =>
        Write(
            new PendingWrite<bool>((session, c) => session.ForgetSubjectAsync(subject, c), cancellation)
            {
                LeavesNoTrace = true,
            },
            cancellation);

    /// <summary>Finishes the writes already taken and closes the files.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        // The writer's is the last connection to close: that one folds the WAL into the database file.
        CloseIdleReaders();
        Commits.Dispose();
        Signal.Close();
        _lock.Dispose();
    }

    // SQLite reads block. They run on the pool, so that a grain that awaits one gives its thread away meanwhile.
    private protected override Task<T> Read<T>(
        Func<StoreSession, CancellationToken, Task<T>> read, CancellationToken cancellation) => Task.Run(
            async () =>
            {
                await _gate.Passing;
                if (_closed)
                    throw new StoreUnavailableException("The event store is closed.");
                SqliteSession? reader = null;
                try
                {
                    reader = _idleReaders.TryTake(out var idle) ? idle : SqliteSession.OpenReader(_path);
                    return await read(reader, cancellation);
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

    private protected override Task<T> Write<T>(
        Func<StoreSession, CancellationToken, Task<T>> write, CancellationToken cancellation) =>
        Write(new PendingWrite<T>(write, cancellation), cancellation);

    private async Task<T> Write<T>(PendingWrite<T> write, CancellationToken cancellation)
    {
        try
        {
            return await Commits.CarryOutAsync(write, cancellation);
        }
        catch (SqliteException error)
        {
            throw CannotWrite(error);
        }
    }

    private static StoreUnavailableException CannotWrite(Exception error) =>
        new("The event store cannot write.", error);

    private void CloseIdleReaders()
    {
        while (_idleReaders.TryTake(out var reader))
            reader.Dispose();
    }
}
