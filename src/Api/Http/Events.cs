using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Waybill.EventStore;

namespace Waybill.Api.Http;

/// <summary>The events of one stream as a list, oldest first. Its cursor is the version to go on from.</summary>
internal static class Events
{
    /// <summary>Maps the lists of a category's resources.</summary>
    public static void MapEvents(this IEndpointRouteBuilder resources, string category) => resources.MapGet(
        "/{id}/events",
        async (ResourceId id, PageQuery page, Freshness freshness, HttpContext http, IEventStore store) =>
        {
            await http.ReachAsync(freshness);
            return await List(http, store, new StreamName(category, id.Value), page);
        });

    private static async Task<IResult> List(HttpContext http, IEventStore store, StreamName stream, PageQuery page)
    {
        var from = page.CursorNumber ?? 1;
        var head = await store.ReadHeadPositionAsync(http.RequestAborted);
        // One more than asked for tells whether there is a next page.
        var events = await store
            .ReadStreamAsync(stream, from, from + page.Limit, cancellation: http.RequestAborted)
            .ToListAsync();
        if (events.Count == 0 && (from == 1 || !await Exists(http, store, stream)))
            return Problems.Of(StatusCodes.Status404NotFound, $"{stream.Category}-not-found");

        var items = events.Take(page.Limit).Select(EventBody.Of).ToList();
        var next = events.Count > items.Count ? events[^1].Version.ToString(CultureInfo.InvariantCulture) : null;
        http.AnswerPosition(head);
        return Results.Ok(new Page<EventBody>(items, next));
    }

    private static async Task<bool> Exists(HttpContext http, IEventStore store, StreamName stream) =>
        await store.ReadStreamAsync(stream, fromVersion: 1, toVersion: 1, cancellation: http.RequestAborted).AnyAsync();
}

/// <summary>A recorded event as clients see it.</summary>
internal sealed record EventBody(
    Guid EventId,
    long Position,
    string Stream,
    long Version,
    string Type,
    int SchemaVersion,
    DateTime Time,
    JsonElement Data,
    EventOrigin Metadata)
{
    // Its row in the store was altered; the rest of the log can still be read.
    private static readonly JsonElement Damaged = JsonElement.Parse("null");

    public static EventBody Of(StoredEvent recorded) => new(
        recorded.EventId,
        recorded.Position,
        recorded.Stream.ToString(),
        recorded.Version,
        recorded.Type,
        recorded.SchemaVersion,
        recorded.Time.UtcDateTime,
        recorded.Data.Length > 0 ? JsonElement.Parse(recorded.Data) : Damaged,
        new EventOrigin(
            recorded.Metadata.CommandId,
            recorded.Metadata.CorrelationId,
            recorded.Metadata.CausationId,
            recorded.Metadata.Actor,
            recorded.Metadata.SagaId));
}

/// <summary>What led to an event.</summary>
internal sealed record EventOrigin(
    Guid CommandId,
    string CorrelationId,
    string? CausationId,
    string Actor,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SagaId);
