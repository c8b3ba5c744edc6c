using Waybill.EventStore;

namespace Waybill.Grains.Sourcing;

/// <summary>
/// What aggregates were, folded from the log; nothing is written. The way is as long as the stream was then, but for
/// what the last snapshot spares where that is early enough, so it is given up after
/// <see cref="SourcingOptions.Limit"/>.
/// </summary>
public sealed class PastStates(StoreAccess access)
{
    /// <summary>What an aggregate was at a version or a time; its last state if it has none so late.</summary>
    /// <exception cref="TimeoutException">It cannot be folded in time.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be reached.</exception>
    public Task<Folded<TState>> At<TState, TCommand, TEvent>(
        string id, long? version, DateTimeOffset? time, CancellationToken cancellation)
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TEvent : class
    {
        var (folds, stream) = (new StreamFolds<TState, TCommand, TEvent>(access), new StreamName(TState.Category, id));
        return InTime(stream, limit => Fold(folds, stream, null, version ?? long.MaxValue, time, limit), cancellation);
    }

    /// <summary>What an aggregate was at two versions, the earlier one first.</summary>
    /// <inheritdoc cref="At{TState, TCommand, TEvent}"/>
    public Task<(Folded<TState> Before, Folded<TState> After)> Between<TState, TCommand, TEvent>(
        string id, long from, long to, CancellationToken cancellation)
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TEvent : class
    {
        var (folds, stream) = (new StreamFolds<TState, TCommand, TEvent>(access), new StreamName(TState.Category, id));
        return InTime(
            stream,
            async limit =>
            {
                var before = await Fold(folds, stream, null, from, null, limit);
                return (before, await Fold(folds, stream, before, to, null, limit));
            },
            cancellation);
    }

    private static async Task<Folded<TState>> Fold<TState, TCommand, TEvent>(
        StreamFolds<TState, TCommand, TEvent> folds,
        StreamName stream,
        Folded<TState>? known,
        long version,
        DateTimeOffset? time,
        CancellationToken limit)
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TEvent : class
    {
        var start = known ?? StreamFolds<TState, TCommand, TEvent>.Empty;
        if (await folds.Snapshots.Read(stream, limit) is { } kept
            && kept.Version > start.Version && kept.Version <= version
            && await folds.Fits(stream, kept, time, limit))
            start = kept;
        return await folds.Fold(stream, start, version, time, limit);
    }

    private async Task<T> InTime<T>(
        StreamName stream, Func<CancellationToken, Task<T>> fold, CancellationToken cancellation)
    {
        using var limit = access.StartLimit(access.Time.GetTimestamp());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await fold(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{stream} could not be folded in time.", late);
        }
    }
}
