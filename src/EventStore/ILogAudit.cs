namespace Waybill.EventStore;

/// <summary>Finds out whether the log is what was once written.</summary>
public interface ILogAudit
{
    /// <summary>
    /// Reads the whole log and checks its chain of hashes: SHA-256 over each row and the hash of the row before it.
    /// </summary>
    /// <param name="anchor">
    /// What an earlier verification ended with, kept where nobody who can write the log can write: without one, events
    /// cut off at the end, or a chain made anew, cannot be told.
    /// </param>
    /// <param name="progress">Told the position that has been reached, every now and then.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be reached.</exception>
    Task<Verification> VerifyAsync(
        LogAnchor? anchor = null, IProgress<long>? progress = null, CancellationToken cancellation = default);
}

/// <summary>A place in the log that cannot be reached again by any other history.</summary>
/// <param name="Position">The position.</param>
/// <param name="Hash">The hash of its event, in hexadecimal.</param>
public sealed record LogAnchor(long Position, string Hash);

/// <summary>What a verification found.</summary>
public abstract record Verification
{
    /// <summary>Every event is as it was written, and none is missing.</summary>
    /// <param name="Head">The last event; null if the log is empty.</param>
    /// <param name="Unchained">How many events from before the chain began stand at the beginning of the log.</param>
    public sealed record Intact(LogAnchor? Head, long Unchained) : Verification;

    /// <summary>The log is not what was written.</summary>
    /// <param name="Position">The first position at which that shows.</param>
    /// <param name="Reason">What is wrong there, in a sentence.</param>
    public sealed record Broken(long Position, string Reason) : Verification;

    private Verification() { }
}
