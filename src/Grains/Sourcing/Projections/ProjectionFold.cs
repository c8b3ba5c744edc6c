using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// Applies events to rows, without I/O: the same for a host, a redrive, a rebuild and a step-through. An event that
/// fails is parked, and with it all later ones of its stream; the others go on.
/// </summary>
/// <remarks>
/// A failure is not tried again here, for a pure function fails again: the run is parked at once, in the transaction of
/// the others' rows, so that nobody waits for it; its host then tries it again with growing pauses.
/// </remarks>
internal sealed class ProjectionFold<TProjection, TRow>(ProjectionAccess access)
    where TProjection : IProjection<TRow>
    where TRow : class
{
    private readonly int _bytesMax = access.Options.EventBytesMax;

    /// <summary>Finds the events that concern a row, and reads their data.</summary>
    public List<Prepared> Prepare(IReadOnlyList<StoredEvent> events)
    {
        var prepared = new List<Prepared>(events.Count);
        foreach (var stored in events)
            if (Prepare(stored) is { } ready)
                prepared.Add(ready);
        return prepared;
    }

    /// <summary>The rows that must be known before the events can be applied.</summary>
    /// <param name="events">The events.</param>
    /// <param name="rows">The rows that are known.</param>
    /// <param name="parked">The streams whose events wait.</param>
    public static HashSet<RowKey> KeysToLoad(
        IReadOnlyList<Prepared> events,
        WorkingRows<TRow> rows,
        IReadOnlyDictionary<StreamName, ParkedStream> parked)
    {
        HashSet<RowKey> keys = [];
        foreach (var ready in events)
            // Since a row is of one stream, the stream's first event finds none.
            if (ready.Failure is null && ready.Stored.Version > 1 && !rows.Knows(ready.Prior)
                && (parked.Count == 0 || !parked.ContainsKey(ready.Stored.Stream)))
                keys.Add(ready.Prior);
        return keys;
    }

    /// <summary>Applies the events, in order, to rows that are known.</summary>
    public FoldResult Apply(
        IReadOnlyList<Prepared> events,
        WorkingRows<TRow> rows,
        IReadOnlyDictionary<StreamName, ParkedStream> parked,
        Func<StoredEvent, bool>? notifies = null)
    {
        var result = new FoldResult();
        foreach (var ready in events)
        {
            if (result.Extend(ready.Stored, parked))
                continue;
            try
            {
                if (ready.Failure is not null)
                    throw ready.Failure;
                var before = rows.Get(ready.Prior);
                var after = ApplyOne(before, ready.Recorded!);
                // A row elsewhere than KeyOf says would never be found again.
                if (after is not null && !ReferenceEquals(before, after) && TProjection.Model.KeyOf(after) != ready.Key)
                    throw new InvalidOperationException($"The row of {TProjection.Model.Name} lacks its event's key.");
                var notification = notifies?.Invoke(ready.Stored) is true
                    ? NoticeOf(before, after, ready)
                    : null;
                if (!ReferenceEquals(before, after))
                    rows.Set(ready.Key, after);
                if (notification is not null)
                    result.Notices.Add(notification);
            }
            catch (Exception poison) // Whatever the projection throws: it must not stop the others.
            {
                result.Park(ready.Stored, poison, access.Time.GetUtcNow());
            }
        }
        return result;
    }

    /// <summary>Applies one event to a row.</summary>
    /// <exception cref="UnstorableRowException">No table can hold the row that comes out.</exception>
    public static TRow? ApplyOne(TRow? before, RecordedEvent recorded)
    {
        var after = TProjection.Apply(before, recorded);
        if (after is not null && !ReferenceEquals(before, after))
            TProjection.Model.Check(after);
        return after;
    }

    private static Notice? NoticeOf(TRow? before, TRow? after, Prepared ready)
    {
        if (TProjection.Notify(before, after, ready.Recorded!) is not { } data)
            return null;
        var notice = new Notice(ready.Stored.EventId, ready.Stored.Position, ready.Stored.Stream, data);
        notice.Check();
        return notice;
    }

    /// <summary>Makes one event ready; null if it concerns no row.</summary>
    public Prepared? Prepare(StoredEvent stored)
    {
        var key = default(RowKey);
        var prior = default(RowKey);
        try
        {
            if (TProjection.KeyOf(stored) is not { } written)
                return null;
            key = written;
            prior = TProjection.PriorOf(stored) ?? key;
            TProjection.Model.Check(key);
            TProjection.Model.Check(prior);
            if (stored.Data.Length > _bytesMax)
                throw new EventTooLargeException(_bytesMax);
            return new Prepared(stored, key, prior, access.Types.Read(stored), null);
        }
        catch (Exception poison) // Of the event's type, its data, or the projection: all the same to the others.
        {
            return new Prepared(stored, key, prior, null, poison);
        }
    }
}
