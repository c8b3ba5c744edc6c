using Microsoft.Extensions.Logging;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing;

/// <summary>The event store as grains use it: tried again with growing pauses, never beyond a limit.</summary>
public sealed class StoreAccess(
    IEventStore store, EventTypes types, TimeProvider time, SourcingOptions options, ILogger<StoreAccess> logger)
{
    internal EventTypes Types => types;

    internal TimeProvider Time => time;

    internal SourcingOptions Options => options;

    internal ILogger Logger => logger;

    /// <summary>A limit for one command or activation, counted from now.</summary>
    internal CancellationTokenSource StartLimit() => new(options.Limit, time);

    /// <summary>Calls the store until it answers or the limit ends, even if the store ignores the limit.</summary>
    /// <exception cref="StoreUnavailableException">The limit ended; what became of the call is unknown.</exception>
    internal async Task<T> Try<T>(Func<IEventStore, CancellationToken, Task<T>> call, CancellationToken limit)
    {
        for (var pause = options.Pause; ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, options.Rest.Ticks)))
        {
            try
            {
                return await call(store, limit).WaitAsync(limit);
            }
            catch (OperationCanceledException silent) when (limit.IsCancellationRequested)
            {
                throw new StoreUnavailableException("The event store did not answer in time.", silent);
            }
            catch (StoreUnavailableException) when (!limit.IsCancellationRequested)
            {
                // When the limit ends the pause, the next call says so.
                await Task.Delay(pause, time, limit).ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }
}
