namespace Waybill.EventStore.ReadModels;

/// <summary>How far a projection has come in one queue of the log.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Generation">The generation of the table that its rows are in: the live one.</param>
/// <param name="Position">The position up to which all events of the queue are in the rows, or parked.</param>
/// <param name="Revision">How often rows were changed where the position stayed: by redrives and the like.</param>
public sealed record ProjectionPosition(LogQueue Queue, long Generation, long Position, long Revision = 0);

/// <summary>Where a projection stands.</summary>
/// <param name="Generation">The live generation.</param>
/// <param name="Positions">
/// The position of each queue, by number. There may be another number of them than was asked for: then the number of
/// queues has been changed since, and a rebuild is needed before the projection can go on.
/// </param>
/// <param name="Rebuild">The rebuild under way or left off; null if there is none.</param>
/// <param name="Parked">How many runs of the live generation are parked.</param>
/// <param name="Head">The position of the last event in the log, at least as late as all of the above.</param>
public sealed record ProjectionState(
    long Generation, IReadOnlyList<ProjectionPosition> Positions, RebuildProgress? Rebuild, long Parked, long Head)
{
    /// <summary>The generation that the last swap replaced, while its table is still there.</summary>
    public long? Replaced { get; init; }

    /// <summary>The position up to which all events, of all queues, are in the rows, or parked.</summary>
    public long Position => Positions.Min(queue => queue.Position);
}

/// <summary>What some events do to a projection's rows.</summary>
public record RowChanges<TRow>
    where TRow : class
{
    /// <summary>
    /// Rows to be written, each key once, whether the table has it or not. What
    /// <see cref="ReadModel{TRow}.Check"/> refuses fails the commit.
    /// </summary>
    public IReadOnlyList<TRow> Upserts { get; init; } = [];

    /// <summary>
    /// The keys of rows to be removed, where they are there; none of them among the rows to be written.
    /// </summary>
    public IReadOnlyList<RowKey> Deletes { get; init; } = [];

    /// <summary>Runs to be parked, or that are parked and are to be replaced by this (same id).</summary>
    public IReadOnlyList<ParkedRun> Parked { get; init; } = [];

    /// <summary>Runs to which later events of their streams are added.</summary>
    public IReadOnlyList<ParkedExtension> Extended { get; init; } = [];

    /// <summary>Notifications to be kept until they are delivered.</summary>
    public IReadOnlyList<Notice> Notices { get; init; } = [];
}

/// <summary>
/// What one turn of a projection's host does, all of it or nothing: it moves a queue's position and changes rows,
/// parked runs and notices.
/// </summary>
/// <param name="From">
/// Where the queue must still be: what is written was made of rows that were as they stood there.
/// </param>
/// <param name="To">
/// Its new position; the same where only parked events are redriven, discarded, or a row is made anew. That raises the
/// revision, so that whoever still has the rows as they were before cannot write these.
/// </param>
public sealed record ProjectionCommit<TRow>(ProjectionPosition From, long To) : RowChanges<TRow>
    where TRow : class
{
    /// <summary>Where the queue is once this is stored.</summary>
    public ProjectionPosition Reached => From with
    {
        Position = To,
        Revision = From.Revision + (To == From.Position ? 1 : 0),
    };

    /// <summary>Runs that are parked no more: redriven to their end, or discarded. Each must still be parked.</summary>
    public IReadOnlyList<Guid> Released { get; init; } = [];

    /// <summary>What was done to parked runs by whom.</summary>
    public IReadOnlyList<ParkedAct> Acts { get; init; } = [];

    /// <summary>True if it moves the position and writes rows, no more than are written at once, or none.</summary>
    internal bool IsRowsAlone => (Upserts, Deletes, Parked, Extended, Notices, Released, Acts) is
        ({ Count: <= RowsAloneMax }, [], [], [], [], [], []);

    private const int RowsAloneMax = 1_000;
}

/// <summary>What each commit of a projection begins with: it changes one row, or the commit is superseded.</summary>
internal static class ProjectionFence
{
    public const string Statement = "move-position";

    public static object?[] Values<TRow>(ReadModel model, ProjectionCommit<TRow> commit)
        where TRow : class =>
    [
        model.View, commit.From.Queue.Number, commit.From.Queue.Count, commit.From.Generation,
        commit.From.Position, commit.From.Revision, commit.Reached.Position, commit.Reached.Revision,
    ];
}

/// <summary>How a fenced write ended.</summary>
public enum CommitOutcome
{
    /// <summary>All of it is stored.</summary>
    Committed,

    /// <summary>
    /// Somebody else was first: another host, a swap, a newer lease. Nothing is stored; read the position again.
    /// </summary>
    Superseded,
}

/// <summary>A notification that is kept from the commit of its event's rows until it is delivered.</summary>
/// <param name="EventId">The event; receivers know repeats by it.</param>
/// <param name="Position">The event's position: notices are delivered in this order.</param>
/// <param name="Stream">The event's stream, which says in which queue the notice is.</param>
/// <param name="Data">What there is to tell, as JSON.</param>
public sealed record Notice(Guid EventId, long Position, StreamName Stream, string Data)
{
    /// <summary>Finds out before a commit what would fail it.</summary>
    /// <exception cref="UnstorableRowException">The data cannot be stored.</exception>
    public void Check()
    {
        if (!StorableText.Is(Data))
            throw new UnstorableRowException("The notification has a NUL or half a surrogate pair in it.");
    }
}
