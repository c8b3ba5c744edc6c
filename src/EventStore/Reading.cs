using System.Runtime.CompilerServices;
using System.Text.Json;

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
    public static async IAsyncEnumerable<RecordedEvent> ByPage(
        long fromVersion,
        Func<long, CancellationToken, Task<List<RecordedEvent>>> readPage,
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

/// <summary>An event as a row of the log holds it.</summary>
internal sealed record StoredEvent(
    StreamName Stream,
    long Version,
    long Position,
    Guid EventId,
    string Type,
    int SchemaVersion,
    DateTimeOffset Time,
    byte[] Data,
    EventMetadata Metadata)
{
    /// <exception cref="UnreadableEventException">Its type is unknown, or its data does not fit the type.</exception>
    public RecordedEvent Read(EventTypes types)
    {
        try
        {
            var known = types.Find(Type, SchemaVersion) ?? throw new JsonException("its type is not known here.");
            var happened = known.Deserialize(Data);
            return new(EventId, Stream, Version, Position, Type, SchemaVersion, Time, happened, Data, Metadata);
        }
        catch (JsonException unreadable)
        {
            throw new UnreadableEventException(
                Stream, Version, Position, Type, SchemaVersion, unreadable.Message, unreadable);
        }
    }
}
