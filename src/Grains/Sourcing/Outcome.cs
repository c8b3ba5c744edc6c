namespace Waybill.Grains.Sourcing;

/// <summary>How a command or a query ended.</summary>
[GenerateSerializer, Alias("waybill.outcome-status")]
public enum OutcomeStatus
{
    /// <summary>The command took effect, now or when it was first sent; or the query found its aggregate.</summary>
    Accepted,

    /// <summary>A business rule says no; the code says which.</summary>
    Refused,

    /// <summary>The caller's expected version no longer holds; nothing was recorded.</summary>
    VersionMismatch,

    /// <summary>There is no such aggregate.</summary>
    NotFound,

    /// <summary>
    /// The event store could not be reached in time. Whether the command took effect is not known: sending it again
    /// under the same command id is safe, and tells.
    /// </summary>
    Unavailable,
}

/// <summary>The answer of an event-sourced grain. Refusals are values; only a bug or unreadable data throws.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Code">A stable code unless accepted, for example <c>insufficient-funds</c>.</param>
/// <param name="View">
/// The aggregate after the command, or as it stands for a query; null unless accepted. To a command that comes again
/// after thousands of others it is as it stands, at the version that it names itself.
/// </param>
/// <param name="Version">The number of events in the stream that this answer has seen; 0 if unavailable.</param>
/// <param name="Position">The log position of the last of these events; 0 if there are none.</param>
[GenerateSerializer, Immutable, Alias("waybill.outcome`1")]
public sealed record Outcome<TView>(OutcomeStatus Status, string? Code, TView? View, long Version, long Position)
    where TView : class;
