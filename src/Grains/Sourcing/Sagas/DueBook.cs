using Microsoft.Extensions.Logging;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>
/// One silo's writes to the due table: what comes while one is under way goes with the next, so that many sagas share
/// the wait for the disk. They are carried out in the order in which they came. Safe for concurrent use.
/// </summary>
public sealed class DueBook(IDueStore store, TimeProvider time, ILogger<DueBook> logger)
{
    private readonly Lock _gate = new(); // Guards the fields.
    private Page _next = new();
    private bool _isWriting;

    /// <summary>Enters somebody to be woken; done once it is durable.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be reached; it may have been entered.</exception>
    public Task EnterAsync(Due due) => Add(page => page.Due.Add(due));

    /// <summary>
    /// Settles somebody who was to be woken, some time. One that is lost is woken for nothing, and settled then.
    /// </summary>
    public void Settle(DueSettlement settlement) => Add(page => page.Settled.Add(settlement));

    private Task Add(Action<Page> write)
    {
        Task done;
        lock (_gate)
        {
            write(_next);
            done = _next.Done.Task;
            if (_isWriting)
                return done;
            _isWriting = true;
        }
        // Not on the grain's scheduler: the pages are everybody's.
        _ = Task.Run(WriteAsync);
        return done;
    }

    private async Task WriteAsync()
    {
        while (Take() is { } page)
        {
            try
            {
                await store.UpdateDueAsync(page.Due, page.Settled, time.GetUtcNow());
                page.Done.SetResult();
            }
            catch (Exception error) // The loop must survive; whoever waits is told.
            {
                logger.LogWarning(error, "The due table could not be written.");
                page.Done.SetException(error);
                _ = page.Done.Task.Exception; // Nobody may be waiting.
            }
        }
    }

    private Page? Take()
    {
        lock (_gate)
        {
            if (_next.IsEmpty)
            {
                _isWriting = false;
                return null;
            }
            var taken = _next;
            _next = new();
            return taken;
        }
    }

    private sealed class Page
    {
        public List<Due> Due { get; } = [];

        public List<DueSettlement> Settled { get; } = [];

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsEmpty => Due.Count + Settled.Count == 0;
    }
}
