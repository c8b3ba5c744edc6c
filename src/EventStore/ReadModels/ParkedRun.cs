namespace Waybill.EventStore.ReadModels;

/// <summary>
/// The events of one stream that a projection could not apply, and all later ones of that stream. The events
/// themselves stay in the log, and are read from there.
/// </summary>
/// <param name="Id">Given by whoever parks it.</param>
/// <param name="Stream">The stream; it has one run at most in a generation.</param>
/// <param name="FirstVersion">The version of the first event that is parked: the one that failed.</param>
/// <param name="FirstPosition">The position of that event.</param>
/// <param name="LastVersion">The version of the last event that is parked.</param>
/// <param name="LastPosition">The position of that event.</param>
/// <param name="Cause">Why it failed last, in the same words for the same cause; see <see cref="ParkedCause"/>.</param>
/// <param name="ParkedAt">When.</param>
/// <param name="Attempts">
/// What was tried, oldest first. Of more than <see cref="AttemptsMax"/> the newest are kept.
/// </param>
public sealed record ParkedRun(
    Guid Id,
    StreamName Stream,
    long FirstVersion,
    long FirstPosition,
    long LastVersion,
    long LastPosition,
    string Cause,
    DateTimeOffset ParkedAt,
    IReadOnlyList<Attempt> Attempts)
{
    /// <summary>
    /// The position up to which its events have been told of: they were applied before a rebuild that cannot apply
    /// them. The store sets it, in the swap.
    /// </summary>
    public long NotifiedTo { get; init; }

    /// <summary>How many attempts are kept: enough to see whether they fail alike.</summary>
    public const int AttemptsMax = 50;
}

/// <summary>One attempt to apply the first event of a run.</summary>
/// <param name="At">When.</param>
/// <param name="Error">
/// The error's text; of a longer one than <see cref="ErrorLengthMax"/>, its beginning is kept.
/// </param>
public sealed record Attempt(DateTimeOffset At, string Error)
{
    /// <summary>How much of an error is kept, in characters: its message and the top of its stack.</summary>
    public const int ErrorLengthMax = 4_000;
}

/// <summary>What a host knows of a parked run while it works: later events of the stream are to wait too.</summary>
public sealed record ParkedStream(Guid Id, StreamName Stream, long LastVersion);

/// <summary>Later events of a parked stream.</summary>
/// <param name="Id">The run, which must still be parked.</param>
/// <param name="LastVersion">The version of the last of them.</param>
/// <param name="LastPosition">The position of the last of them.</param>
public sealed record ParkedExtension(Guid Id, long LastVersion, long LastPosition);

/// <summary>How many runs are parked for one cause.</summary>
public sealed record ParkedCount(string Cause, long Runs);

/// <summary>What was done to a parked run.</summary>
/// <param name="Id">Given by whoever acts, so that an act whose answer was lost is recorded once.</param>
/// <param name="RunId">The run.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Act">What: <c>redrive</c>, <c>discard</c>, ...; a rebuild's swap records <c>cleared</c> itself.</param>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
/// <param name="Result">What came of it.</param>
public sealed record ParkedAct(
    Guid Id, Guid RunId, StreamName Stream, string Act, string By, DateTimeOffset At, string Result);
