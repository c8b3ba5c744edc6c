using Microsoft.Extensions.Logging;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>
/// What one silo settles in the due table: what comes within a moment goes together, so that many sagas share a write.
/// Safe for concurrent use.
/// </summary>
public sealed class DueBook(IDueStore store, SagaOptions options, TimeProvider time, ILogger<DueBook> logger)
{
    private readonly Lock _gate = new(); // Guards the fields.
    private Page _next = new();
    private bool _isWriting;

    /// <summary>
    /// Settles somebody who was to be woken; done once it is durable, or has failed. Nobody need wait: one that is lost
    /// is woken for nothing, and settled then.
    /// </summary>
    public Task SettleAsync(DueSettlement settlement)
    {
        Task done;
        lock (_gate)
        {
            _next.Settled.Add(settlement);
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
                await store.SettleDueAsync(page.Settled);
            }
            catch (Exception error) // The loop must survive.
            {
                logger.LogWarning(error, "The due table could not be written.");
            }
            page.Done.SetResult();
            await Task.Delay(options.SettlePause, time);
        }
    }

    private Page? Take()
    {
        lock (_gate)
        {
            if (_next.Settled.Count == 0)
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
        public List<DueSettlement> Settled { get; } = [];

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
