using System.Globalization;
using System.Text.Json.Serialization;
using Waybill.Api.Http;
using Waybill.Api.Transfers;
using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;

namespace Waybill.Api.Admin;

/// <summary>Sagas as operators see them; which of them wait for a person, and what that person does.</summary>
internal static class SagaEndpoints
{
    // A saga's grain is found by its type, and there is none for any other.
    private static readonly string[] Types = [Transfer.Category, "reaction"];

    // The list goes on from a number of rows, and those are read again.
    private const int SkipMax = 10_000;

    public static void MapSagas(this RouteGroupBuilder admin)
    {
        var sagas = admin.MapGroup("/sagas");
        sagas.MapGet("/",                    ListStuck);
        sagas.MapGet("/{saga}",              Get);
        sagas.MapPost("/{saga}/retry",       Retry);
        sagas.MapPost("/{saga}/compensate",  Compensate);
    }

    private static async Task<IResult> ListStuck(
        StuckFilter filter, PageQuery page, HttpContext http, IDueStore due)
    {
        var skip = page.Cursor is { } cursor ? (int)Queries.Number("cursor", cursor, 1, SkipMax) : 0;
        var stuck = await due.ListStuckAsync(filter.Type, skip + page.Limit + 1, http.RequestAborted);
        var rest = stuck.Skip(skip).TakeWhile(saga => saga.Since < (filter.OlderThan ?? DateTimeOffset.MaxValue));
        var next = (skip + page.Limit).ToString(CultureInfo.InvariantCulture);
        return Results.Ok(Pages.Of([.. rest], page.Limit, StuckBody.Of, _ => next));
    }

    private static Task<IResult> Get(StreamRef saga, HttpContext http, IGrainFactory grains) =>
        Answer(saga, http, grains, grain => grain.Explain());

    private static Task<IResult> Retry(
        StreamRef saga, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        Answer(saga, http, grains, grain => grain.Retry(http.Command()));

    private static Task<IResult> Compensate(
        StreamRef saga, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        Answer(saga, http, grains, grain => grain.Compensate(http.Command()));

    private static async Task<IResult> Answer(
        StreamRef saga,
        HttpContext http,
        IGrainFactory grains,
        Func<ISagaGrain, Task<Outcome<SagaExplanation>>> ask) => Types.Contains(saga.Value.Category)
            ? http.Answer(
                await ask(grains.GetSaga(saga.Value)), explanation => Results.Ok(SagaBody.Of(explanation)))
            : Problems.Of(StatusCodes.Status404NotFound, "saga-not-found");

    private sealed record NoArguments;

    private sealed record StuckFilter(string? Type, DateTimeOffset? OlderThan) : IQuery
    {
        public static IReadOnlyList<string> Names { get; } = ["type", "status", "olderThan"];

        // Only those that wait for a person are listed anywhere; whoever asks for all must not take them for all.
        public static ValueTask<StuckFilter> BindAsync(HttpContext http) => http.QueryValue("status") is "stuck"
            ? ValueTask.FromResult(
                new StuckFilter(http.QueryText<Text>("type")?.Value, http.QueryTime("olderThan")))
            : throw new MalformedException("Only status=stuck can be listed yet.", "status-unsupported");
    }

    internal sealed record StuckBody(string SagaId, string Type, string Status, string Reason, DateTime Since)
    {
        public static StuckBody Of(StuckDue saga) =>
            new(saga.Stream.ToString(), saga.Stream.Category, "stuck", saga.Reason, saga.Since.UtcDateTime);
    }

    internal sealed record SagaBody(
        string SagaId,
        string Type,
        SagaStatus Status,
        string Stage,
        IReadOnlyList<StepBody> Steps,
        IReadOnlyList<string> ToCome,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTime? Deadline,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Stuck)
    {
        public static SagaBody Of(SagaExplanation saga) => new(
            saga.SagaId,
            saga.Type,
            saga.Status,
            saga.Stage,
            [.. saga.Steps.Select(StepBody.Of)],
            saga.ToCome,
            saga.Deadline?.UtcDateTime,
            saga.Reason,
            saga.Stuck);
    }
}
