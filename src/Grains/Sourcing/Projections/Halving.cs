using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// Finds the event whose row the store refuses. The store does not say whose row it is, but halves of halves come down
/// to the one event, and everything before it is committed on the way.
/// </summary>
internal static class Halving
{
    /// <summary>Commits the events, with a failure in place of what cannot be stored.</summary>
    /// <param name="events">The events, in order.</param>
    /// <param name="to">The position to which they lead.</param>
    /// <param name="commit">Commits some events up to a position; false if somebody else was faster.</param>
    /// <returns>False if somebody else was faster.</returns>
    public static async Task<bool> ApplyAsync(
        List<Prepared> events, long to, Func<List<Prepared>, long, Task<bool>> commit)
    {
        if (events.Count == 0)
            return true;
        try
        {
            return await commit(events, to);
        }
        catch (UnstorableRowException refused)
        {
            if (events is [var poison])
                return await commit([poison with { Failure = refused }], to);
            var half = events.Count / 2;
            return await ApplyAsync(events[..half], events[half - 1].Stored.Position, commit)
                && await ApplyAsync(events[half..], to, commit);
        }
    }
}
