using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// A fold of the log into the rows of a read model, pure: no clock, no I/O. All events that concern a row are of one
/// stream, because only these come in an order that is the same every time.
/// </summary>
public interface IProjection<TRow>
    where TRow : class
{
    /// <summary>The rows' table.</summary>
    static abstract ReadModel<TRow> Model { get; }

    /// <summary>
    /// The key of the row that an event writes; null if it concerns none. Cheap: the event's data is not read for it.
    /// </summary>
    static abstract RowKey? KeyOf(StoredEvent stored);

    /// <summary>
    /// The key of the row that <see cref="Apply"/> is given, where that is not the row it writes: for a read model that
    /// gets a new row with each event, the row before. The row of <see cref="KeyOf"/> must then be new. Null, as by
    /// default, stands for the row that is written.
    /// </summary>
    static virtual RowKey? PriorOf(StoredEvent stored) => null;

    /// <summary>Folds one event into a row.</summary>
    /// <param name="row">The row as the events before have left it; null if there is none.</param>
    /// <param name="recorded">The event.</param>
    /// <returns>
    /// The row as it is now, the same object if nothing has changed; null removes it. What this throws parks the event
    /// and all later ones of its stream.
    /// </returns>
    static abstract TRow? Apply(TRow? row, RecordedEvent recorded);

    /// <summary>
    /// What there is to tell about an event that has been applied, as JSON; null, as by default, if nothing. It is
    /// delivered at least once, with the event's id to know repeats by, to the silo's <see cref="INotifier"/>. Events
    /// that a rebuild applies are not told of: they have been, when they happened. Where the live projection could not
    /// come up to the rebuild before the swap, because its host was away or far behind, what lies between is not told.
    /// </summary>
    /// <param name="before">The row that <see cref="Apply"/> was given.</param>
    /// <param name="after">The row that it returned.</param>
    /// <param name="recorded">The event.</param>
    static virtual string? Notify(TRow? before, TRow? after, RecordedEvent recorded) => null;
}

/// <summary>Takes the notifications of projections. A failure has the notification delivered again, later.</summary>
public interface INotifier
{
    /// <summary>Takes one notification. It may come again: the event's id tells.</summary>
    /// <param name="projection">The name of the projection's read model.</param>
    /// <param name="notice">The notification.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="NotifierAwayException">
    /// No notification would be taken now, so that the others need not be tried.
    /// </exception>
    Task NotifyAsync(string projection, Notice notice, CancellationToken cancellation);
}

/// <summary>Whoever notifications go to takes none for a while; they wait.</summary>
public sealed class NotifierAwayException(string message, Exception? inner = null) : Exception(message, inner);
