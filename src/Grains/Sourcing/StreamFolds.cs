using Waybill.EventStore;

namespace Waybill.Grains.Sourcing;

/// <summary>Folds streams of one kind of aggregate.</summary>
internal sealed class StreamFolds<TState, TCommand, TEvent>(StoreAccess access)
    where TState : class, IAggregate<TState, TCommand, TEvent>
    where TEvent : class
{
    /// <summary>The fold of nothing, which fits every version.</summary>
    public static Folded<TState> Empty { get; } = new(TState.Initial, Version: 0, Position: 0);

    /// <summary>The kept folds.</summary>
    public Snapshots<TState> Snapshots { get; } = access.SnapshotsOf<TState, TCommand, TEvent>();

    /// <summary>Folds on.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="from">The fold from which to go on.</param>
    /// <param name="toVersion">The last version to fold.</param>
    /// <param name="toTime">The latest time of an event to fold; null for any.</param>
    /// <param name="limit">Ends it.</param>
    /// <exception cref="UnreadableEventException">An event cannot be read, or one is missing before it.</exception>
    public async Task<Folded<TState>> Fold(
        StreamName stream, Folded<TState> from, long toVersion, DateTimeOffset? toTime, CancellationToken limit)
    {
        var folded = from;
        await foreach (var stored in access.Store.ReadStreamAsync(stream, from.Version + 1, toVersion, toTime, limit))
        {
            if (stored.Version != folded.Version + 1)
                throw new UnreadableEventException(stored, $"it comes after event {folded.Version}.");
            var happened = (TEvent)access.Types.Read(stored).Event;
            folded = new(TState.Evolve(folded.State, happened), stored.Version, stored.Position);
        }
        return folded;
    }

    /// <summary>Whether the log still holds what a snapshot was made of, up to a time.</summary>
    /// <remarks>A log that was restored from a backup may have ended before it, and gone on differently.</remarks>
    public async Task<bool> Fits(
        StreamName stream, Folded<TState> kept, DateTimeOffset? toTime, CancellationToken limit)
    {
        var last = await access.Store.ReadStreamAsync(stream, kept.Version, kept.Version, toTime, limit)
            .FirstOrDefaultAsync(limit);
        return last?.Position == kept.Position;
    }
}
