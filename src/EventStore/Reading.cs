using System.Runtime.CompilerServices;

namespace Waybill.EventStore;

/// <summary>What the stores' ways of reading have in common.</summary>
internal static class Reading
{
    /// <summary>How many events a page of a stream holds: enough to make the query's cost small beside them.</summary>
    public const int PageSize = 256;

    /// <summary>Reads a stream page by page, so that a slow consumer holds no transaction open.</summary>
    /// <param name="fromVersion">The first version.</param>
    /// <param name="readPage">Reads up to <see cref="PageSize"/> events from the version it is given.</param>
    /// <param name="cancellation">Ends the enumeration.</param>
    public static async IAsyncEnumerable<StoredEvent> ByPage(
        long fromVersion,
        Func<long, CancellationToken, Task<List<StoredEvent>>> readPage,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var from = fromVersion; ;)
        {
            var page = await readPage(from, cancellation);
            foreach (var recorded in page)
                yield return recorded;
            if (page.Count < PageSize)
                yield break;
            from = page[^1].Version + 1;
        }
    }
}
