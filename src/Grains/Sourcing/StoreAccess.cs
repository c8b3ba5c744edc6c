using System.Collections.Concurrent;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing;

/// <summary>The event store as grains use it: tried again with growing pauses, never beyond a limit.</summary>
public sealed class StoreAccess(
    IEventStore store,
    ISnapshotStore snapshots,
    EventTypes types,
    TimeProvider time,
    SourcingOptions options,
    ILogger<StoreAccess> logger)
{
    // What can be told of a type is found out once, not for each grain.
    private readonly ConcurrentDictionary<Type, object> _snapshots = new();

    internal IEventStore Store => store;

    internal EventTypes Types => types;

    internal TimeProvider Time => time;

    internal SourcingOptions Options => options;

    internal ILogger Logger => logger;

    /// <summary>A limit for what has begun at a timestamp.</summary>
    internal CancellationTokenSource StartLimit(long since)
    {
        var left = options.Limit - time.GetElapsedTime(since);
        return new(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
    }

    /// <summary>
    /// Whether so little is left of the limit for what has begun at a timestamp that even a store that is well may not
    /// answer in time: a quarter, in which it answers but for its worst moments.
    /// </summary>
    internal bool IsLate(long since) => time.GetElapsedTime(since) > options.Limit * 0.75;

    /// <summary>The snapshots of one kind of aggregate.</summary>
    internal Snapshots<TState> SnapshotsOf<TState, TCommand, TEvent>()
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TEvent : class =>
        (Snapshots<TState>)_snapshots.GetOrAdd(typeof(TState), _ => new Snapshots<TState>(
            snapshots,
            TState.Json,
            areKept: !TState.IsShort && !types.All.Any(
                type => type.IsPersonal && type.Json.Type.IsAssignableTo(typeof(TEvent))),
            logger));

    /// <summary>Calls the store until it answers or the limit ends, even if the store ignores the limit.</summary>
    /// <exception cref="StoreUnavailableException">The limit ended; what became of the call is unknown.</exception>
    internal async Task<T> Try<T>(Func<IEventStore, CancellationToken, Task<T>> call, CancellationToken limit)
    {
        for (var pause = options.Pause; ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, options.Rest.Ticks)))
        {
            try
            {
                limit.ThrowIfCancellationRequested();
                return await call(store, limit).WaitAsync(limit);
            }
            catch (OperationCanceledException silent) when (limit.IsCancellationRequested)
            {
                throw new StoreUnavailableException("The event store did not answer in time.", silent);
            }
            catch (StoreUnavailableException) when (!limit.IsCancellationRequested)
            {
                // When the limit ends the pause, the next round says so.
                await Task.Delay(pause, time, limit).ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }
}
