using Microsoft.Extensions.Logging;

namespace Waybill.EventStore.Streams;

/// <summary>
/// Reads the end of the log, once for all queues of the silo, so that a commit costs one query and not one for each
/// queue, and hands each queue its part. It sleeps until something is committed, and reads only while it has windows
/// to fill. Its loop survives every failure.
/// </summary>
internal sealed class LogTail : IDisposable
{
    private static readonly IReadOnlyList<StoredEvent> None = [];

    private static readonly TimeSpan EmptyPause = TimeSpan.FromMilliseconds(5);

    private readonly IEventStore _store;
    private readonly EventStreamOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();

    // Guards what follows; the store is never called inside it.
    private readonly Lock _lock = new();
    private readonly List<TailWindow> _windows = [];
    private long? _position;
    private bool _isReading;

    public LogTail(IEventStore store, EventStreamOptions options, TimeProvider time, ILogger<LogTail> logger)
    {
        (_store, _options, _time, _logger) = (store, options, time, logger);
        Health = new ReadHealth("The tail of the log", time, logger);
        Closing = _closing.Token;
    }

    public ReadHealth Health { get; }

    /// <summary>Cancelled when the silo goes.</summary>
    public CancellationToken Closing { get; }

    /// <summary>Begins to fill a window with a queue's events from the present end of the log on.</summary>
    public TailWindow Attach(LogQueue queue)
    {
        var window = new TailWindow(queue, _options.WindowMax, _options.WindowBytesMax);
        lock (_lock)
        {
            _windows.Add(window);
            if (_position is { } position)
                window.Begin(position);
            if (!_isReading && !Closing.IsCancellationRequested)
            {
                _isReading = true;
                _ = Task.Run(ReadAsync);
            }
        }
        return window;
    }

    public void Detach(TailWindow window)
    {
        lock (_lock)
            _windows.Remove(window);
    }

    public void Dispose() => _closing.Cancel();

    private async Task ReadAsync()
    {
        while (TryGoOn(out var position))
        {
            try
            {
                if (position is null)
                {
                    Begin(await _store.ReadHeadPositionAsync(Closing));
                    continue;
                }

                var page = await _store.FollowLogAsync(
                    LogFilter.All, position.Value, _options.PageSize, Closing);
                Health.Succeeded();
                HandOut(page);
                // A store may wake us too early. Once is nothing; for ever would be a busy loop.
                if (page.Events.Count == 0)
                    await WaitAsync(Task.Delay(EmptyPause, _time, Closing));
                if (page.Events.Count < _options.PageSize)
                    await WaitBeyondAsync(page.ReadTo);
            }
            catch (Exception) when (Closing.IsCancellationRequested)
            {
                // The silo goes; so does this loop.
            }
            catch (Exception error) // The loop must survive whatever the store throws.
            {
                await WaitAsync(Task.Delay(Health.Failed(error), _time, Closing));
            }
        }
    }

    // Its end and the next window's coming must not miss each other.
    private bool TryGoOn(out long? position)
    {
        lock (_lock)
        {
            position = _position;
            if (_windows.Count > 0 && !Closing.IsCancellationRequested)
                return true;
            (_isReading, _position) = (false, null);
            return false;
        }
    }

    private void Begin(long position)
    {
        lock (_lock)
        {
            _position = position;
            foreach (var window in _windows)
                window.Begin(position);
        }
    }

    private void HandOut(LogPage page)
    {
        var parts = new List<StoredEvent>?[_options.QueueCount];
        foreach (var stored in page.Events)
            (parts[LogQueue.Of(stored.Stream, parts.Length).Number] ??= []).Add(stored);
        lock (_lock)
        {
            _position = page.ReadTo;
            _windows.RemoveAll(window => !window.Add(parts[window.Queue.Number] ?? None, page.ReadTo));
        }
    }

    private async Task WaitBeyondAsync(long position)
    {
        using var enough = new CancellationTokenSource(_options.PollPeriod, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, Closing);
        try
        {
            await _store.WaitBeyondAsync(position, either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Time to look whether a wake-up was lost.
        }
    }

    private static async Task WaitAsync(Task delay) =>
        await delay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
