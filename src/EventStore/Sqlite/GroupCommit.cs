using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Waybill.EventStore.Sqlite;

/// <summary>
/// Gathers the appends that arrive while a commit is under way and writes them in one transaction: many appends then
/// share one wait for the disk. It owns the writer and the thread it runs on; a thread of its own, because a commit
/// blocks for as long as the disk takes, which would starve the pool's few threads.
/// </summary>
/// <remarks>A failed commit fails its appends, and the writer is opened anew for the next ones.</remarks>
internal sealed class GroupCommit : IDisposable
{
    private readonly BlockingCollection<PendingAppend> _waiting;
    private readonly Func<SqliteWriter> _open;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly int _batchMax;
    private SqliteWriter? _writer;

    public GroupCommit(SqliteEventStoreOptions options, Func<SqliteWriter> open, ILogger logger)
    {
        _waiting = new(options.WaitingMax);
        _batchMax = options.BatchMax;
        _open = open;
        _logger = logger;
        _writer = open();
        _thread = new Thread(Run) { Name = "event store writer", IsBackground = true };
        _thread.Start();
    }

    /// <exception cref="StoreOverloadedException">The queue is full.</exception>
    /// <exception cref="StoreUnavailableException">The store is closed.</exception>
    public Task<AppendResult> Append(PendingAppend append)
    {
        try
        {
            return _waiting.TryAdd(append)
                ? append.Answer
                : throw new StoreOverloadedException(_waiting.BoundedCapacity);
        }
        catch (InvalidOperationException closed)
        {
            throw new StoreUnavailableException("The event store is closed.", closed);
        }
    }

    /// <summary>Carries out what still waits, then closes the writer.</summary>
    public void Dispose()
    {
        _waiting.CompleteAdding();
        _thread.Join();
        _writer?.Dispose();
    }

    private void Run()
    {
        var batch = new List<PendingAppend>(_batchMax);
        foreach (var first in _waiting.GetConsumingEnumerable())
        {
            Take(first, batch);
            while (batch.Count < _batchMax && _waiting.TryTake(out var next))
                Take(next, batch);
            if (batch.Count > 0)
                Commit(batch);
            batch.Clear();
        }
    }

    private static void Take(PendingAppend append, List<PendingAppend> batch)
    {
        if (append.IsAbandoned)
            append.Abandon();
        else
            batch.Add(append);
    }

    // What is closed after a failure may fail to close as well. The next commit must not meet it again.
    private void CloseWriter()
    {
        var failed = _writer;
        _writer = null;
        try
        {
            failed?.Dispose();
        }
        catch (Exception error) // The thread must outlive this one too.
        {
            _logger.LogWarning(error, "After a failed commit its connection did not close cleanly.");
        }
    }

    private void Commit(List<PendingAppend> batch)
    {
        try
        {
            _writer ??= _open();
            var results = _writer.Commit(batch);
            for (var i = 0; i < results.Length; i++)
                batch[i].Complete(results[i]);
        }
        catch (Exception error) // The thread must outlive any failure; whoever waits is told of it.
        {
            _logger.LogError(error, "A commit of {Appends} appends failed.", batch.Count);
            CloseWriter();
            foreach (var append in batch)
                append.Fail(new StoreUnavailableException("The event store cannot write.", error));
        }
    }
}
