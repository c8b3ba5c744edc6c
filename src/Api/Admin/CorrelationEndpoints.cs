using System.Diagnostics.CodeAnalysis;
using Waybill.Api.Http;
using Waybill.EventStore;
using Waybill.Grains.Sourcing.Correlations;

namespace Waybill.Api.Admin;

/// <summary>From one correlation id, all that the request set off.</summary>
internal static class CorrelationEndpoints
{
    // What one request sets off is some dozens of events; of a client that sends one id with all its requests the first
    // are shown.
    private const int EventsMax = 2_000;

    private const int PageSize = 500;

    public static void MapCorrelations(this RouteGroupBuilder admin) => admin.MapGet("/correlations/{id}", Get);

    private static async Task<IResult> Get(CorrelationRef id, HttpContext http, IEventStore store, EventTypes types)
    {
        var head = await store.ReadHeadPositionAsync(http.RequestAborted);
        var events = new List<StoredEvent>();
        for (var (after, readTo) = (-1L, 0L); readTo > after && events.Count < EventsMax;)
        {
            after = readTo;
            var page = await store.ReadCorrelationAsync(id.Value, after, PageSize, http.RequestAborted);
            readTo = page.ReadTo;
            events.AddRange(page.Events);
        }
        if (events.Count == 0)
            return Problems.Of(StatusCodes.Status404NotFound, "correlation-not-found");
        http.AnswerPosition(head);
        return Results.Ok(new CorrelationBody(
            id.Value, IsWhole: events.Count < EventsMax, CorrelationTree.Of(events, types)));
    }

    internal sealed record CorrelationBody(string CorrelationId, bool IsWhole, IReadOnlyList<CorrelationNode> Items);

    private readonly record struct CorrelationRef(string Value)
    {
        public static bool TryParse(
            [NotNullWhen(true)] string? s, IFormatProvider? provider, out CorrelationRef result)
        {
            result = new(s!);
            return Correlation.IsId(s);
        }
    }
}
