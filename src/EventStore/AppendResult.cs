namespace Waybill.EventStore;

/// <summary>What became of an append that reached the store.</summary>
public abstract record AppendResult
{
    /// <summary>The events stand in the log, from now or from an earlier attempt with the same event ids.</summary>
    /// <param name="Version">The version of the last of them.</param>
    /// <param name="Position">The position of the last of them; the others stand right before it.</param>
    public sealed record Appended(long Version, long Position) : AppendResult;

    /// <summary>The stream is not at the expected version; nothing was appended.</summary>
    /// <param name="ActualVersion">The stream's version; 0 if it has no events.</param>
    public sealed record Conflict(long ActualVersion) : AppendResult;

    /// <summary>The stream already holds events of one of these commands; nothing was appended.</summary>
    /// <param name="Command">What that command did when it was recorded.</param>
    public sealed record AlreadyRecorded(RecordedCommand Command) : AppendResult;

    private AppendResult() { }
}

/// <summary>The trace that a command left in a stream.</summary>
/// <param name="CommandId">The command.</param>
/// <param name="Version">The version of its last event.</param>
/// <param name="Position">The position of its last event.</param>
public sealed record RecordedCommand(Guid CommandId, long Version, long Position);
