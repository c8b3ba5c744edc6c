using Waybill.EventStore.Appending;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// What a commit needs to know of the log, fetched under the append lock for all its appends at once or assumed, and
/// what they add. Appends of one commit see each other's events here, before any of them is written.
/// </summary>
/// <param name="end">The last event that stands in the database.</param>
internal sealed class OpenLog(LogEnd end) : IOpenLog
{
    private readonly Dictionary<StreamName, long> _versions = [];
    private readonly Dictionary<(StreamName, long Version), Standing> _standing = [];
    private readonly Dictionary<(StreamName, Guid CommandId), RecordedCommand> _commands = [];
    private readonly List<Addition> _additions = [];
    private readonly List<Due> _due = [];

    /// <summary>The last event that stands in the database.</summary>
    public LogEnd End => end;

    /// <summary>The events to write, in order; the first goes to the position after <see cref="End"/>.</summary>
    public IReadOnlyList<Addition> Additions => _additions;

    /// <summary>Who is to be entered into the due table.</summary>
    public IReadOnlyList<Due> Due => _due;

    /// <summary>Takes a stream to have a version, unless something is known of it already.</summary>
    /// <returns>Whether it is only assumed.</returns>
    public bool Assume(StreamName stream, long version) => _versions.TryAdd(stream, version);

    public void KnowVersion(StreamName stream, long version) => _versions[stream] = version;

    public void KnowEvent(StreamName stream, long version, Standing standing) =>
        _standing[(stream, version)] = standing;

    public void KnowCommand(StreamName stream, RecordedCommand command) =>
        _commands[(stream, command.CommandId)] = command;

    /// <inheritdoc/>
    public long VersionOf(StreamName stream) => _versions.GetValueOrDefault(stream);

    /// <inheritdoc/>
    public IReadOnlyList<Standing> After(StreamName stream, long version, int count)
    {
        var found = new List<Standing>(count);
        while (found.Count < count && _standing.TryGetValue((stream, ++version), out var standing))
            found.Add(standing);
        return found;
    }

    /// <inheritdoc/>
    public RecordedCommand? FindCommand(StreamName stream, Guid commandId) =>
        _commands.GetValueOrDefault((stream, commandId));

    /// <inheritdoc/>
    public long Add(StreamName stream, long version, SerializedEvent @event)
    {
        _additions.Add(new(stream, version, @event));
        var position = end.Position + _additions.Count;
        KnowVersion(stream, version);
        KnowEvent(stream, version, new(@event.EventId, position));
        KnowCommand(stream, new(@event.Metadata.CommandId, version, position));
        return position;
    }

    /// <inheritdoc/>
    public void Enter(Due due) => _due.Add(due);

    /// <summary>An event to write.</summary>
    internal readonly record struct Addition(StreamName Stream, long Version, SerializedEvent Event);
}

/// <summary>The last event of the log.</summary>
/// <param name="Position">Its position; 0 if there is none.</param>
/// <param name="Time">Its time.</param>
/// <param name="Hash">Its hash; null if there is none, or it is from before the chain began.</param>
internal sealed record LogEnd(long Position, DateTime Time, byte[]? Hash);
