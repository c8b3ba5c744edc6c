using System.Globalization;
using System.Text.Json.Serialization;
using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.Api.Transfers;
using Waybill.EventStore.ReadModels;
using Waybill.Grains;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Api.Admin;

/// <summary>Sagas as operators see them, and what a person does about those that wait for one.</summary>
internal static class SagaEndpoints
{
    // A saga's grain is found by its type, and there is none for any other.
    private static readonly string[] Types =
    [
        .. from kind in StreamKind.AllIn(typeof(WaybillGrains).Assembly)
           where kind.IsSaga
           select kind.Category,
    ];

    public static void MapSagas(this RouteGroupBuilder admin)
    {
        var sagas = admin.MapGroup("/sagas");
        sagas.TakeIdempotencyKeys();
        sagas.MapGet("/",                    List);
        sagas.MapGet("/{saga}",              Get);
        sagas.MapPost("/{saga}/retry",       Retry);
        sagas.MapPost("/{saga}/compensate",  Compensate);
        sagas.MapPost("/{saga}/settle",      Settle);
    }

    private static async Task<IResult> List(
        SagaFilter filter, PageQuery page, Freshness freshness, HttpContext http, Views views)
    {
        List<(string Condition, object Value)> asked = [("started_position > ", page.CursorNumber ?? 0)];
        if (filter.Status is { } status)
            asked.Add(("status = ", status));
        if (filter.Type is { } type)
            asked.Add(("type = ", type));
        if (filter.OlderThan is { } time)
            asked.Add(("started_at < ", time));
        var query = new ReadModelQuery(
            string.Join(" AND ", asked.Select((part, i) => $"{part.Condition}${i + 1}")),
            [.. asked.Select(part => part.Value)],
            "started_position",
            page.Limit + 1);
        var found = await views.ReadAsync(SagaList.Model, query, freshness, http.RequestAborted);
        http.AnswerPosition(found.Position);
        return Results.Ok(Pages.Of(
            found.Rows,
            page.Limit,
            ListedBody.Of,
            row => row.StartedPosition.ToString(CultureInfo.InvariantCulture)));
    }

    private static Task<IResult> Get(StreamRef saga, HttpContext http, IGrainFactory grains) =>
        Answer(saga, http, grains, grain => grain.Explain());

    private static Task<IResult> Retry(
        StreamRef saga, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        Answer(saga, http, grains, grain => grain.Retry(http.Command()));

    private static Task<IResult> Compensate(
        StreamRef saga, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        Answer(saga, http, grains, grain => grain.Compensate(http.Command()));

    private static Task<IResult> Settle(
        StreamRef saga, WhatBecame body, HttpContext http, IGrainFactory grains) =>
        Answer(saga, http, grains, grain => grain.Settle(http.Command(), body.CommandId, body.Outcome));

    private static async Task<IResult> Answer(
        StreamRef saga,
        HttpContext http,
        IGrainFactory grains,
        Func<ISagaGrain, Task<Outcome<SagaExplanation>>> ask) => Types.Contains(saga.Value.Category)
            ? http.Answer(
                await ask(grains.GetSaga(saga.Value)), explanation => Results.Ok(SagaBody.Of(explanation)))
            : Problems.Of(StatusCodes.Status404NotFound, "saga-not-found");

    private sealed record NoArguments;

    /// <param name="CommandId">One of those that the saga calls unanswered.</param>
    /// <param name="Outcome">What became of it, as whoever asks has found out.</param>
    private sealed record WhatBecame(Guid CommandId, CommandOutcome Outcome);

    private sealed record SagaFilter(string? Type, string? Status, DateTimeOffset? OlderThan) : IQuery
    {
        private static readonly string[] Statuses =
        [
            .. Enum.GetValues<SagaStatus>().Except([SagaStatus.None]).Select(SagaList.StatusName), SagaList.Stuck,
        ];

        public static IReadOnlyList<string> Names { get; } = ["type", "status", "olderThan"];

        public static ValueTask<SagaFilter> BindAsync(HttpContext http)
        {
            var status = http.QueryValue("status");
            return status is null || Statuses.Contains(status)
                ? ValueTask.FromResult(new SagaFilter(
                    http.QueryText<Text>("type")?.Value, status, http.QueryTime("olderThan")))
                : throw new MalformedException($"status must be one of {string.Join(", ", Statuses)}.");
        }
    }

    internal sealed record ListedBody(
        string SagaId,
        string Type,
        string Status,
        string Stage,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
        DateTime Since,
        DateTime ChangedAt)
    {
        public static ListedBody Of(SagaRow saga) => new(
            saga.SagaId,
            saga.Type,
            saga.Status,
            saga.Stage,
            saga.Reason,
            saga.StartedAt.UtcDateTime,
            saga.ChangedAt.UtcDateTime);
    }

    internal sealed record SagaBody(
        string SagaId,
        string Type,
        SagaStatus Status,
        string Stage,
        IReadOnlyList<StepBody> Steps,
        IReadOnlyList<Guid> Unanswered,
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
            saga.Unanswered,
            saga.ToCome,
            saga.Deadline?.UtcDateTime,
            saga.Reason,
            saga.Stuck);
    }
}
