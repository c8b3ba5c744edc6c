using System.Globalization;
using Waybill.Api.Http;
using Waybill.EventStore;

namespace Waybill.Api.Admin;

internal static class LogEndpoints
{
    // Bounds one answer where few events pass the filter; the next one goes on from there.
    private const int LooksMax = 20;

    public static void MapLog(this RouteGroupBuilder admin) => admin.MapGet("/events", List);

    private static async Task<IResult> List(LogQuery query, HttpContext http, IEventStore store)
    {
        var filter = query.Stream?.Value is { } stream
            ? new LogFilter(LogQueue.Of(stream, Slot.Count), stream.Category, query.Type)
            : new LogFilter(Type: query.Type);
        var events = new List<StoredEvent>();
        var readTo = query.After;
        for (var looks = 0; looks < LooksMax && events.Count < query.Limit; looks++)
        {
            var page = await store.ReadLogAsync(filter, readTo, query.Limit - events.Count, http.RequestAborted);
            if (page.ReadTo == readTo)
                break;
            events.AddRange(page.Events.Where(stored => query.Stream is not { } only || stored.Stream == only.Value));
            readTo = page.ReadTo;
        }
        var head = await store.ReadHeadPositionAsync(http.RequestAborted);
        var isEnd = readTo >= head;
        http.AnswerPosition(Math.Min(readTo, head));
        return Results.Ok(new Page<EventBody>(
            [.. events.Select(EventBody.Of)], isEnd ? null : readTo.ToString(CultureInfo.InvariantCulture)));
    }

    private sealed record LogQuery(long After, int Limit, string? Type, StreamRef? Stream) : IQuery
    {
        public static IReadOnlyList<string> Names { get; } = ["after", "limit", "type", "stream"];

        public static ValueTask<LogQuery> BindAsync(HttpContext http) => ValueTask.FromResult(new LogQuery(
            http.QueryNumber("after", 0, long.MaxValue) ?? 0,
            PageQuery.LimitOf(http),
            http.QueryText<Text>("type")?.Value,
            http.QueryText<StreamRef>("stream")));
    }
}
