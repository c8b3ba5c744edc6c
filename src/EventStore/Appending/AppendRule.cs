namespace Waybill.EventStore.Appending;

/// <summary>How an append is decided, whichever store it is for.</summary>
internal static class AppendRule
{
    /// <summary>Adds the append's events to the log, or says why not.</summary>
    public static AppendResult Apply(PendingAppend append, IOpenLog log)
    {
        var stream = append.Stream;
        var version = log.VersionOf(stream);
        if (version > append.ExpectedVersion && EarlierAttempt(append, log) is { } earlier)
            return earlier;
        foreach (var commandId in append.CommandIds)
            if (log.FindCommand(stream, commandId) is { } recorded)
                return new AppendResult.AlreadyRecorded(recorded);
        if (version != append.ExpectedVersion)
            return new AppendResult.Conflict(version);

        var position = 0L;
        foreach (var @event in append.Events)
            position = log.Add(stream, ++version, @event);
        if (append.WakeAt is { } wakeAt)
            log.Enter(new Due(stream, wakeAt));
        return new AppendResult.Appended(version, position);
    }

    // An append whose answer was lost comes again with the same ids, and must find its own events.
    private static AppendResult.Appended? EarlierAttempt(PendingAppend append, IOpenLog log)
    {
        var (version, events) = (append.ExpectedVersion, append.Events);
        var standing = log.After(append.Stream, version, events.Length);
        return events.Select(e => e.EventId).SequenceEqual(standing.Select(e => e.EventId))
            ? new AppendResult.Appended(version + events.Length, standing[^1].Position)
            : null;
    }
}

/// <summary>The log inside a transaction that holds the append lock, with what that transaction has added.</summary>
internal interface IOpenLog
{
    /// <summary>The stream's version; 0 if it has no events.</summary>
    long VersionOf(StreamName stream);

    /// <summary>The first events that stand after a version, up to <paramref name="count"/> of them.</summary>
    IReadOnlyList<Standing> After(StreamName stream, long version, int count);

    /// <summary>What a command did to the stream; null if it has no event of it.</summary>
    RecordedCommand? FindCommand(StreamName stream, Guid commandId);

    /// <summary>Adds an event as the last of the stream and of the log.</summary>
    /// <returns>Its position.</returns>
    long Add(StreamName stream, long version, SerializedEvent @event);

    /// <summary>Enters the owner of a stream into the due table.</summary>
    void Enter(Due due);
}

/// <summary>Which event stands at a place in a stream, and where in the log.</summary>
internal readonly record struct Standing(Guid EventId, long Position);
