namespace Waybill.EventStore;

/// <summary>
/// Keeps who has to be woken, and when: the owners of streams, entered together with what is appended to these
/// (<see cref="IEventStore"/>). Each wakes at least once: whoever is claimed and not settled is due again when the
/// lease ends.
/// </summary>
/// <remarks>
/// Every member throws <see cref="StoreUnavailableException"/> when the store cannot be reached. Times count in whole
/// microseconds.
/// </remarks>
public interface IDueStore
{
    /// <summary>Settles some who were to be woken.</summary>
    /// <param name="settled">What becomes of those whose time has not been changed meanwhile.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task SettleDueAsync(IReadOnlyList<DueSettlement> settled, CancellationToken cancellation = default);

    /// <summary>Takes those whose time has come, so that nobody else takes them until the lease ends.</summary>
    /// <param name="now">The time.</param>
    /// <param name="leaseEnd">When they are due again, unless they have been settled.</param>
    /// <param name="max">How many to take at most: those that have waited longest.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<IReadOnlyList<DueClaim>> ClaimDueAsync(
        DateTimeOffset now, DateTimeOffset leaseEnd, int max, CancellationToken cancellation = default);
}

/// <summary>Somebody to wake.</summary>
/// <param name="Stream">Who.</param>
/// <param name="At">When.</param>
public readonly record struct Due(StreamName Stream, DateTimeOffset At);

/// <summary>Somebody to wake now.</summary>
/// <param name="Stream">Who.</param>
/// <param name="At">When the lease ends; names this claim when it is settled.</param>
public readonly record struct DueClaim(StreamName Stream, DateTimeOffset At);

/// <summary>What becomes of somebody who was to be woken.</summary>
/// <param name="Stream">Who.</param>
/// <param name="At">The time that must stand still; another one has been set by somebody who knows more.</param>
/// <param name="Next">When to wake this one next; null for never.</param>
public readonly record struct DueSettlement(StreamName Stream, DateTimeOffset At, DateTimeOffset? Next = null);
