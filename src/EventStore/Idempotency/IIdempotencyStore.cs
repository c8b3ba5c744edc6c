namespace Waybill.EventStore.Idempotency;

/// <summary>
/// Keeps the keys under which callers send commands, so that one that comes again under the same key has the one effect
/// and the one answer. What is kept before a command is carried out is the id under which it is.
/// </summary>
/// <remarks>Every member throws <see cref="StoreUnavailableException"/> when the store cannot be reached.</remarks>
public interface IIdempotencyStore
{
    /// <summary>
    /// Begins commands, in one transaction. One is begun if its key is new; or, under the id that it had, if it was
    /// begun earlier with the same request, has no answer, and its lease is over or whoever had that is known to be
    /// gone.
    /// </summary>
    /// <param name="commands">What is to be carried out.</param>
    /// <param name="now">The time.</param>
    /// <param name="leaseEnd">When they may be begun again, unless they have ended.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>How each stands, in the order of <paramref name="commands"/>.</returns>
    Task<IReadOnlyList<KeyedCommand>> BeginAsync(
        IReadOnlyList<NewKeyedCommand> commands,
        DateTimeOffset now,
        DateTimeOffset leaseEnd,
        CancellationToken cancellation = default);

    /// <summary>
    /// Keeps how commands ended, in one transaction, and ends their leases. The first answer under a key stays.
    /// </summary>
    Task EndAsync(
        IReadOnlyList<KeyedCommandEnd> ends, DateTimeOffset now, CancellationToken cancellation = default);

    /// <summary>Deletes keys that are older than a time, the oldest first.</summary>
    /// <returns>How many were deleted; fewer than <paramref name="max"/> if no more are left.</returns>
    Task<int> PurgeAsync(DateTimeOffset before, int max, CancellationToken cancellation = default);
}

/// <summary>A command to begin.</summary>
/// <param name="Key">Whose it is, what it is sent to, and the caller's key, in one text of bounded length.</param>
/// <param name="Request">What is asked for, in one text of bounded length; not empty.</param>
/// <param name="CommandId">Under which it is carried out if the key is new.</param>
public readonly record struct NewKeyedCommand(string Key, string Request, Guid CommandId);

/// <summary>How a command stands that was to begin.</summary>
/// <param name="Status">Whether to carry it out.</param>
/// <param name="CommandId">Under which it is carried out.</param>
/// <param name="Answer">What it was answered with; null unless it was.</param>
public sealed record KeyedCommand(KeyedCommandStatus Status, Guid CommandId, string? Answer = null);

/// <summary>What to do about a command that was to begin.</summary>
public enum KeyedCommandStatus
{
    /// <summary>It is to be carried out now, by whoever began it and nobody else.</summary>
    Begun,

    /// <summary>Somebody else is carrying it out, or has died doing so.</summary>
    UnderWay,

    /// <summary>It was carried out, or refused, and answered.</summary>
    Answered,

    /// <summary>The key is that of something else.</summary>
    OtherRequest,
}

/// <summary>How a command ended.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Answer">What it was answered with; null if what became of it is not known.</param>
/// <param name="IsVoid">True if it could not be carried out, so that the key may be that of something else.</param>
public readonly record struct KeyedCommandEnd(string Key, string? Answer, bool IsVoid = false);
