namespace Waybill.EventStore.ReadModels;

/// <summary>Which rows to read, in the words that both stores understand.</summary>
/// <param name="Where">
/// An SQL condition over the model's columns, with <c>$1</c>, <c>$2</c>, ... for the values; null for all rows. It
/// comes from code, never from a user.
/// </param>
/// <param name="Values">The values: of columns' types; a null needs a cast in PostgreSQL.</param>
/// <param name="OrderBy">
/// Columns, each with <c>DESC</c> where needed; null for the key. Texts are ordered by their UTF-8 bytes.
/// </param>
/// <param name="Limit">How many rows at most.</param>
public sealed record ReadModelQuery(
    string? Where = null, IReadOnlyList<object?>? Values = null, string? OrderBy = null, int Limit = 100);

/// <summary>Some rows of a read model.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Position">
/// The position up to which all events are in them, or parked; they may hold more of some queues.
/// </param>
public sealed record RowPage<TRow>(IReadOnlyList<TRow> Rows, long Position)
    where TRow : class;

/// <summary>How much of a queue lies before a reader.</summary>
/// <param name="Head">The position of the last event in the log.</param>
/// <param name="EventsBehind">How many events of the queue lie beyond the position; a part if not exact.</param>
/// <param name="IsExact">False if there is more of the log than is looked at to count.</param>
/// <param name="OldestTime">
/// When the first of them was recorded, or earlier, if not exact. Null if there are none.
/// </param>
public sealed record QueueLag(long Head, long EventsBehind, bool IsExact, DateTimeOffset? OldestTime);

/// <summary>Which queues have events within some part of the log.</summary>
/// <param name="ReadTo">The last position that was looked at.</param>
/// <param name="Ends">The position of each such queue's last event, by the queue's number.</param>
public sealed record QueueEnds(long ReadTo, IReadOnlyDictionary<int, long> Ends);
