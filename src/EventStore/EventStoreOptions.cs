namespace Waybill.EventStore;

/// <summary>What every store is set up with.</summary>
public abstract record EventStoreOptions
{
    /// <summary>
    /// How many appends may wait for the writer before further ones are refused: about a second's work of a slow disk,
    /// so that whoever is let in can be answered in time.
    /// </summary>
    public int WaitingMax { get; init; } = 10_000;

    /// <summary>How many appends one commit takes at most, so that its first does not wait for too many.</summary>
    public int BatchMax { get; init; } = 1_000;

    /// <summary>
    /// How many events one commit takes at most, beyond its last append: appends may be large, and a commit of
    /// thousands of them would not end in time.
    /// </summary>
    public int BatchEventsMax { get; init; } = 5_000;

    /// <summary>
    /// How long an append, or a read from a server, may take: within the five seconds in which a command is answered
    /// whatever happens below it. The last of them is for the answer, which comes late where the processor is busy.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(4);
}
