namespace Waybill.EventStore.Sqlite;

/// <summary>An append on its way to the writer, already serialized by its caller.</summary>
internal sealed class PendingAppend(
    StreamName stream, long expectedVersion, SerializedEvent[] events, CancellationToken cancellation)
{
    // The writer's thread must not be the one on which the callers go on.
    private readonly TaskCompletionSource<AppendResult> _answer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StreamName Stream => stream;

    public long ExpectedVersion => expectedVersion;

    public SerializedEvent[] Events => events;

    public Task<AppendResult> Answer => _answer.Task;

    /// <summary>True if nobody waits any more, so that the append need not be begun.</summary>
    public bool IsAbandoned => cancellation.IsCancellationRequested;

    public void Abandon() => _answer.TrySetCanceled(cancellation);

    public void Complete(AppendResult result) => _answer.TrySetResult(result);

    public void Fail(Exception error) => _answer.TrySetException(error);
}

/// <summary>An event in the form in which it is stored.</summary>
internal sealed record SerializedEvent(Guid EventId, EventType Type, byte[] Data, EventMetadata Metadata);
