using Microsoft.Extensions.Logging;

namespace Waybill.EventStore.Appending;

/// <summary>
/// Gathers what arrives while a commit is under way and writes it in one transaction: many then share one wait for the
/// disk. It owns the writer and the thread it runs on; a thread of its own, because a commit
/// blocks for as long as the disk takes, which would starve the pool's few threads.
/// </summary>
/// <remarks>A failed commit fails all that was in it, and the writer is opened anew for the next ones.</remarks>
internal sealed class GroupCommit : IDisposable
{
    /// <summary>How long a commit waits for those whom the one before it has answered.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(1);

    private readonly WaitingLine _waiting;
    private readonly EventStoreOptions _options;
    private readonly EventTypes _types;
    private readonly Func<IStoreWriter> _open;
    private readonly Func<Exception, StoreUnavailableException> _explain;
    private readonly Action<IStoreWriter> _committed;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private IStoreWriter? _writer;
    private int _busy;
    private volatile bool _isFailing;

    /// <summary>Opens the first writer; what that throws goes on to the caller.</summary>
    /// <param name="options">How much may wait, and how long.</param>
    /// <param name="types">How events are serialized.</param>
    /// <param name="open">Opens a writer.</param>
    /// <param name="explain">What a failed commit's callers are told.</param>
    /// <param name="committed">Given the writer, at first and after each commit.</param>
    /// <param name="logger">Where a failed commit is told in full.</param>
    public GroupCommit(
        EventStoreOptions options,
        EventTypes types,
        Func<IStoreWriter> open,
        Func<Exception, StoreUnavailableException> explain,
        Action<IStoreWriter> committed,
        ILogger logger)
    {
        _waiting = new(options.WaitingMax);
        _options = options;
        _types = types;
        _open = open;
        _explain = explain;
        _committed = committed;
        _logger = logger;
        _writer = open();
        committed(_writer);
        _thread = new Thread(Run) { Name = "event store writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>True from a commit that fails until one that succeeds.</summary>
    public bool IsFailing => _isFailing;

    /// <inheritdoc cref="IEventStore.AppendAsync"/>
    public Task<AppendResult> AppendAsync(
        StreamName stream,
        long expectedVersion,
        IReadOnlyList<NewEvent> events,
        DateTimeOffset? wakeAt,
        CancellationToken cancellation) =>
        CarryOutAsync(new PendingAppend(stream, expectedVersion, events, wakeAt, _types, cancellation), cancellation);

    /// <summary>Waits until the writer has carried it out, for as long as the options allow.</summary>
    /// <exception cref="StoreUnavailableException">It failed, or was not answered in time.</exception>
    public async Task<TResult> CarryOutAsync<TResult>(Pending<TResult> pending, CancellationToken cancellation)
    {
        _waiting.Add(pending);
        try
        {
            return await pending.Answer.Within(_options.Limit, cancellation);
        }
        finally
        {
            pending.Abandon(); // Without an effect on one that is answered.
        }
    }

    /// <summary>Carries out what still waits, then closes the writer.</summary>
    public void Dispose()
    {
        _waiting.Close();
        _thread.Join();
        _writer?.Dispose();
    }

    // Whoever was answered often comes again at once, and one commit for all costs less than two for halves of them. So
    // while there are fewer than lately, it waits a moment for the others. Who is alone waits for nobody.
    private void Run()
    {
        var batch = new List<Pending>(_options.BatchMax);
        while (_waiting.WaitFor(Math.Min(_busy, _options.BatchMax), Linger))
        {
            _waiting.Take(batch, _options.BatchMax, _options.BatchEventsMax);
            if (batch.Count > 0)
                Commit(batch);
            batch.Clear();
        }
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

    private void Commit(List<Pending> batch)
    {
        try
        {
            _writer ??= _open();
            _writer.Commit(batch);
            _isFailing = false;
            _committed(_writer);
            _busy = batch.Count + _waiting.Count;
            foreach (var pending in batch)
                pending.Complete();
        }
        catch (Exception error) // The thread must outlive any failure; whoever waits is told of it.
        {
            _isFailing = true;
            _logger.LogError(error, "A commit of {Writes} writes failed.", batch.Count);
            CloseWriter();
            foreach (var pending in batch)
                pending.Fail(_explain(error));
        }
    }
}
