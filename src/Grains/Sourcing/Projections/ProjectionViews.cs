using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>How a projection stands in one queue of the log.</summary>
/// <param name="Queue">The queue's number.</param>
/// <param name="Position">The position up to which its events are in the rows, or parked; null if unknown.</param>
/// <param name="Head">The position of the last event in the log; null if that cannot be read.</param>
/// <param name="EventsBehind">How many events of the queue are not processed yet; null if that cannot be read.</param>
/// <param name="IsExact">False if there are more than are counted.</param>
/// <param name="OldestAge">The age of the oldest unprocessed event; null if there is none, or as above.</param>
/// <param name="LastRead">When the log was last read for it with success.</param>
/// <param name="Error">Why it does not go on; null if it does.</param>
/// <param name="Parked">How many of its streams are parked.</param>
/// <param name="NoticeError">Why notifications are not delivered; null if they are.</param>
/// <param name="Notices">How many notifications wait to be delivered; null if that cannot be read.</param>
[GenerateSerializer, Immutable, Alias("waybill.queue-progress")]
public sealed record QueueProgress(
    int Queue,
    long? Position,
    long? Head,
    long? EventsBehind,
    bool IsExact,
    TimeSpan? OldestAge,
    DateTimeOffset? LastRead,
    string? Error,
    int Parked,
    string? NoticeError,
    long? Notices);

/// <summary>How a projection stands.</summary>
/// <param name="Name">The name of its read model.</param>
/// <param name="Version">The read model's version.</param>
/// <param name="Queues">How it stands in each queue.</param>
/// <param name="Rebuild">The rebuild under way or left off; null if there is none.</param>
[GenerateSerializer, Immutable, Alias("waybill.projection-status")]
public sealed record ProjectionStatus(
    string Name, int Version, IReadOnlyList<QueueProgress> Queues, RebuildStatus? Rebuild)
{
    /// <summary>The position up to which all queues are processed; null if that is not known of all.</summary>
    public long? Position => Queues.Any(queue => queue.Position is null) ? null : Queues.Min(queue => queue.Position);

    /// <summary>How many events are not processed yet; null if that is not known of all queues.</summary>
    public long? EventsBehind =>
        Queues.Any(queue => queue.EventsBehind is null) ? null : Queues.Sum(queue => queue.EventsBehind);

    /// <summary>The age of the oldest unprocessed event; null if there is none, or it is not known.</summary>
    public TimeSpan? OldestAge => Queues.Max(queue => queue.OldestAge);

    /// <summary>When the log was last read with success for the queue for which that is longest ago.</summary>
    public DateTimeOffset? LastRead =>
        Queues.Any(queue => queue.LastRead is null) ? null : Queues.Min(queue => queue.LastRead);

    /// <summary>How many streams are parked.</summary>
    public int Parked => Queues.Sum(queue => queue.Parked);

    /// <summary>How many notifications wait to be delivered; null if that is not known of all queues.</summary>
    public long? Notices => Queues.Any(queue => queue.Notices is null) ? null : Queues.Sum(queue => queue.Notices);

    /// <summary>Why notifications are not delivered, in the first queue where they are not; null if all are.</summary>
    public string? NoticeError => Queues.Select(queue => queue.NoticeError).FirstOrDefault(error => error is not null);

    /// <summary>Why it does not go on, in the first queue that does not; null if all do.</summary>
    public string? Error => Queues.Select(queue => queue.Error).FirstOrDefault(error => error is not null);
}

/// <summary>How far a rebuild has come.</summary>
/// <param name="Position">The position up to which the new table is built.</param>
/// <param name="Head">The position of the last event in the log.</param>
/// <param name="StartedBy">Who started it.</param>
/// <param name="StartedAt">When.</param>
/// <param name="CommittedAt">When it last came further.</param>
/// <param name="IsRunning">True if it goes on in the silo that was asked.</param>
/// <param name="Error">Why it last stopped; null if it did not. It is taken up again.</param>
[GenerateSerializer, Immutable, Alias("waybill.rebuild-status")]
public sealed record RebuildStatus(
    long Position,
    long Head,
    string StartedBy,
    DateTimeOffset StartedAt,
    DateTimeOffset CommittedAt,
    bool IsRunning,
    string? Error);

/// <summary>A run of parked events, as an operator sees it.</summary>
/// <param name="Id">Names the run.</param>
/// <param name="Stream">The stream.</param>
/// <param name="FirstVersion">The version of the event that failed.</param>
/// <param name="FirstPosition">Its position.</param>
/// <param name="LastVersion">The version of the last event that waits behind it.</param>
/// <param name="Cause">Why it failed last, in the same words for the same cause.</param>
/// <param name="ParkedAt">When.</param>
/// <param name="Attempts">Every attempt to apply it, the oldest first.</param>
[GenerateSerializer, Immutable, Alias("waybill.parked-run")]
public sealed record ParkedRunView(
    Guid Id,
    StreamName Stream,
    long FirstVersion,
    long FirstPosition,
    long LastVersion,
    string Cause,
    DateTimeOffset ParkedAt,
    IReadOnlyList<AttemptView> Attempts);

/// <summary>One attempt to apply an event.</summary>
/// <param name="At">When.</param>
/// <param name="Error">What went wrong.</param>
[GenerateSerializer, Immutable, Alias("waybill.attempt")]
public sealed record AttemptView(DateTimeOffset At, string Error);

/// <summary>How many runs are parked for one cause.</summary>
[GenerateSerializer, Immutable, Alias("waybill.parked-cause")]
public sealed record ParkedCauseView(string Cause, long Runs);

/// <summary>What somebody did to a parked run.</summary>
[GenerateSerializer, Immutable, Alias("waybill.parked-act")]
public sealed record ParkedActView(
    Guid RunId, StreamName Stream, string Act, string By, DateTimeOffset At, string Result);

/// <summary>How an act on a parked run, or on one stream's rows, ended.</summary>
/// <param name="Status">How.</param>
/// <param name="Applied">How many events have been applied to rows.</param>
/// <param name="Error">What failed, or why nothing was done; null if it went well.</param>
[GenerateSerializer, Immutable, Alias("waybill.redrive-result")]
public sealed record RedriveResult(RedriveStatus Status, long Applied, string? Error);

/// <summary>How an act on a parked run ended.</summary>
[GenerateSerializer, Alias("waybill.redrive-status")]
public enum RedriveStatus
{
    /// <summary>All that was asked for has been applied.</summary>
    Done,

    /// <summary>There is no such run: it was redriven or discarded before, or a rebuild has cleared it.</summary>
    NotParked,

    /// <summary>An event failed, again or another one; it stays parked, and so do those behind it.</summary>
    Failed,

    /// <summary>The store could not be reached, or somebody else was faster again and again; try again.</summary>
    Unavailable,

    /// <summary>It takes long: some is applied, and the rest will be, in between the queue's other events.</summary>
    GoesOn,
}

/// <summary>What a redrive by cause has done, or would do.</summary>
/// <param name="Runs">How many runs have the cause.</param>
/// <param name="Done">How many were redriven to their end, or go on towards it.</param>
/// <param name="Failed">How many failed again, or could not be tried.</param>
[GenerateSerializer, Immutable, Alias("waybill.redrive-summary")]
public sealed record RedriveSummary(long Runs, long Done, long Failed);

/// <summary>One event of a step-through.</summary>
/// <param name="Version">The event's version.</param>
/// <param name="Position">Its position.</param>
/// <param name="Type">Its stored type and schema version.</param>
/// <param name="Before">The row to which it was applied; null if there was none.</param>
/// <param name="After">The row that came out; null if there is none.</param>
/// <param name="Error">Why it cannot be applied; null if it can.</param>
[GenerateSerializer, Immutable, Alias("waybill.projection-step")]
public sealed record ProjectionStep(
    long Version, long Position, string Type, string? Before, string? After, string? Error);
