namespace Waybill.EventStore;

/// <summary>Which events of the log to read; null lets all pass.</summary>
/// <param name="Queue">Those of one queue.</param>
/// <param name="Category">Those of one category of streams.</param>
/// <param name="Type">Those of one stored type, of any schema version.</param>
public sealed record LogFilter(LogQueue? Queue = null, string? Category = null, string? Type = null)
{
    /// <summary>Every event.</summary>
    public static LogFilter All { get; } = new();
}

/// <summary>One of the parts into which the log is divided by stream, to be read side by side.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Count">How many there are, from 1 to <see cref="Slot.Count"/>.</param>
public readonly record struct LogQueue(int Number, int Count)
{
    /// <summary>The queue in which a stream's events are.</summary>
    public static LogQueue Of(StreamName stream, int count) => new(Slot.Of(stream) % count, count);
}

/// <summary>Some events of the log, in position order.</summary>
/// <param name="Events">The events.</param>
/// <param name="ReadTo">
/// The position up to which all that pass the filter are among them: where to read on. When it is the position after
/// which was read, the log has no more yet.
/// </param>
public sealed record LogPage(IReadOnlyList<StoredEvent> Events, long ReadTo);
