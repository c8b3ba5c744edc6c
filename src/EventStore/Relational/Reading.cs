using System.Runtime.CompilerServices;

namespace Waybill.EventStore.Relational;

/// <summary>How much is read at a time, so that neither a query nor a page of events grows without bounds.</summary>
internal static class Reading
{
    /// <summary>How many events a page of a stream holds: enough to make the query's cost small beside them.</summary>
    public const int PageSize = 256;

    /// <summary>
    /// How many bytes a page has before it takes no more rows, so that large events do not add up to much memory.
    /// </summary>
    public const int PageBytesMax = 8 << 20;

    /// <summary>How many positions of the log a query looks at: a few milliseconds' work, whatever it finds.</summary>
    public const int LookMax = 10_000;

    /// <summary>Reads a stream page by page, so that a slow consumer holds no transaction open.</summary>
    /// <param name="fromVersion">The first version.</param>
    /// <param name="readPage">Reads a page from the version it is given.</param>
    /// <param name="cancellation">Ends the enumeration.</param>
    public static async IAsyncEnumerable<StoredEvent> ByPage(
        long fromVersion,
        Func<long, CancellationToken, Task<EventPage>> readPage,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var from = fromVersion; ;)
        {
            var page = await readPage(from, cancellation);
            foreach (var stored in page.Events)
                yield return stored;
            if (!page.IsFull)
                yield break;
            from = page.Events[^1].Version + 1;
        }
    }
}

/// <summary>Events as they were read.</summary>
/// <param name="Events">The events, in order.</param>
/// <param name="IsFull">True if there may be more.</param>
internal readonly record struct EventPage(IReadOnlyList<StoredEvent> Events, bool IsFull);
