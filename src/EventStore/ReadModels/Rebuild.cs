namespace Waybill.EventStore.ReadModels;

/// <summary>The right to rebuild a read model, until another one is given.</summary>
/// <param name="Token">Rises with every lease of the model; only what carries the last one is stored.</param>
/// <param name="Generation">The generation being built, beside the live one.</param>
/// <param name="Position">The position up to which it is built: where to go on. 0 for the beginning.</param>
public sealed record RebuildLease(long Token, long Generation, long Position);

/// <summary>How far a rebuild has come.</summary>
/// <param name="Generation">The generation being built.</param>
/// <param name="Token">The token of the last lease.</param>
/// <param name="Position">The position up to which it is built.</param>
/// <param name="StartedBy">Who started it.</param>
/// <param name="StartedAt">When.</param>
/// <param name="CommittedAt">When it last came further; its beginning, if it has not.</param>
public sealed record RebuildProgress(
    long Generation,
    long Token,
    long Position,
    string StartedBy,
    DateTimeOffset StartedAt,
    DateTimeOffset CommittedAt);

/// <summary>What some more events of the whole log do to a generation being built.</summary>
/// <param name="From">The position up to which it must be built so far.</param>
/// <param name="To">The position up to which it is built then.</param>
/// <param name="At">When, by the builder's clock.</param>
public sealed record BuildCommit<TRow>(long From, long To, DateTimeOffset At) : RowChanges<TRow>
    where TRow : class
{
    /// <summary>
    /// Rows to be written whose keys are known not to be in the table: cheaper than
    /// <see cref="RowChanges{TRow}.Upserts"/>. If one is there after all, the commit fails.
    /// </summary>
    public IReadOnlyList<TRow> Added { get; init; } = [];
}

/// <summary>Loads the rows that there are of these keys.</summary>
public delegate Task<IReadOnlyDictionary<RowKey, TRow>> RowLoader<TRow>(IReadOnlyCollection<RowKey> keys)
    where TRow : class;

/// <summary>Events that a swap found left in the log, to be folded inside its transaction.</summary>
/// <param name="Events">The events, of all queues, in position order.</param>
/// <param name="Load">Loads rows of the generation being built, as they are inside the transaction.</param>
/// <param name="Live">
/// Where the live projection stands, by queue; it stands still meanwhile. What an event beyond it would have notified
/// is to be among the answer's notices: no host will come to see that event.
/// </param>
/// <param name="Parked">The runs that the generation being built has parked so far.</param>
public sealed record SwapChunk<TRow>(
    IReadOnlyList<StoredEvent> Events,
    RowLoader<TRow> Load,
    IReadOnlyList<ProjectionPosition> Live,
    IReadOnlyList<ParkedStream> Parked)
    where TRow : class;

/// <summary>
/// Folds what a swap found left. It must not wait for anything but the loader: a transaction is held meanwhile, and on
/// SQLite every append waits for it.
/// </summary>
public delegate Task<RowChanges<TRow>> SwapStep<TRow>(SwapChunk<TRow> chunk)
    where TRow : class;

/// <summary>A swap to be carried out.</summary>
/// <param name="QueueCount">Into how many queues the log is divided from now on.</param>
/// <param name="LeftMax">How many events may be left to fold in the transaction; with more, nothing is done.</param>
/// <param name="At">When.</param>
public sealed record SwapRequest(int QueueCount, int LeftMax, DateTimeOffset At);

/// <summary>How a swap ended.</summary>
public abstract record SwapOutcome
{
    /// <summary>The generation that was being built is live, and all its queues are at the position.</summary>
    public sealed record Swapped(long Generation, long Position) : SwapOutcome;

    /// <summary>Too much of the log is left to be folded while everybody waits; nothing was done. Build on.</summary>
    /// <param name="Head">The log's head.</param>
    public sealed record TooFarBehind(long Head) : SwapOutcome;

    /// <summary>The lease is not the last one, or its rebuild was cancelled; nothing was done.</summary>
    public sealed record Superseded : SwapOutcome;

    private SwapOutcome() { }
}
