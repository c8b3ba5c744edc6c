using Waybill.Api.Admin;
using Waybill.Api.Http;

namespace Waybill.Api.Contracts;

internal static class AdminOperations
{
    private const string NoProjection = "projection-not-found";

    private const string NoLetter = "dead-letter-not-found";

    private const string NoSaga = "saga-not-found, or that of its type";

    public static IReadOnlyList<Operation> All { get; } =
    [
        new("GET /admin/events", "The log in the order of positions.")
        {
            Answer = typeof(Page<EventBody>),
            At = "/admin/events?after=0&limit=10",
        },
        new("GET /admin/correlations/{id}", "All that one request set off, as a tree.")
        {
            Answer = typeof(CorrelationEndpoints.CorrelationBody),
            Missing = "correlation-not-found",
            At = "/admin/correlations/salary",
        },
        new("GET /admin/projections", "How far every view is, and what holds it up.")
        {
            Answer = typeof(Page<ProjectionBody>),
        },
        new("GET /admin/projections/{name}", "How far one view is, and what holds it up.")
        {
            Answer = typeof(ProjectionBody),
            Missing = NoProjection,
            At = "/admin/projections/account_list",
        },
        new("POST /admin/projections/{name}/rebuild", "Has a view made anew beside the live one.")
        {
            Status = StatusCodes.Status202Accepted,
            Answer = typeof(ProjectionBody),
            Missing = NoProjection,
            Refusals = ["rebuild-under-way"],
            At = "/admin/projections/account_list/rebuild",
            Body = """{"fresh":false}""",
        },
        new("DELETE /admin/projections/{name}/rebuild", "Ends a rebuild; the live view stays as it is.")
        {
            Status = StatusCodes.Status204NoContent,
            Missing = $"{NoProjection} or rebuild-not-found",
            At = "/admin/projections/statement/rebuild",
        },
        new("POST /admin/projections/{name}/streams/{stream}/rebuild", "Makes the rows of one stream anew.")
        {
            Answer = typeof(ActBody),
            Missing = $"{NoProjection} or stream-not-found",
            At = "/admin/projections/account_list/streams/account-ann/rebuild",
        },
        new("GET /admin/dead-letters", "What projections could not apply.")
        {
            Answer = typeof(Page<DeadLetterEndpoints.LetterBody>),
            At = "/admin/dead-letters?consumer=account_list",
        },
        new("GET /admin/dead-letters/{id}", "What could not be applied, every attempt, and who dealt with it.")
        {
            Answer = typeof(object),
            Missing = NoLetter,
            At = "/admin/dead-letters/018cc251-f400-7000-8000-000000000001",
        },
        new("POST /admin/dead-letters/{id}/redrive", "Has it applied again.")
        {
            Answer = typeof(ActBody),
            Missing = NoLetter,
            At = "/admin/dead-letters/018cc251-f400-7000-8000-000000000001/redrive",
            Body = "{}",
        },
        new("DELETE /admin/dead-letters/{id}", "Leaves out the event that failed, and applies the rest.")
        {
            Answer = typeof(ActBody),
            Missing = NoLetter,
            At = "/admin/dead-letters/018cc251-f400-7000-8000-000000000001",
        },
        new("POST /admin/dead-letters/redrive", "Has all applied again, or those of one consumer or cause.")
        {
            Answer = typeof(DeadLetterEndpoints.RedriveBody),
            Missing = NoProjection,
            Body = """{"dryRun":true,"consumer":"account_list"}""",
        },
        new("GET /admin/sagas", "The sagas of a type, a status or an age, those that wait for a person among them.")
        {
            Answer = typeof(Page<SagaEndpoints.ListedBody>),
            At = "/admin/sagas?status=stuck",
        },
        new("GET /admin/sagas/{saga}", "How a saga stands, what it did and what is to come.")
        {
            Answer = typeof(SagaEndpoints.SagaBody),
            Missing = NoSaga,
            At = "/admin/sagas/transfer-t-1",
        },
        new("POST /admin/sagas/{saga}/retry", "Tries again what a saga is stuck on.")
        {
            Answer = typeof(SagaEndpoints.SagaBody),
            Missing = NoSaga,
            Refusals = ["saga-not-stuck"],
            At = "/admin/sagas/transfer-t-1/retry",
            Body = "{}",
        },
        new("POST /admin/sagas/{saga}/compensate", "Has undone what a saga did.")
        {
            Answer = typeof(SagaEndpoints.SagaBody),
            Missing = NoSaga,
            Refusals = ["saga-not-stuck"],
            At = "/admin/sagas/transfer-t-1/compensate",
            Body = "{}",
        },
        new("POST /admin/sagas/{saga}/settle", "Says of a command without an answer what became of it.")
        {
            Answer = typeof(SagaEndpoints.SagaBody),
            Missing = $"{NoSaga}, or command-not-found",
            Refusals = ["saga-ended", "command-answered", "command-is-question"],
            At = "/admin/sagas/transfer-t-1/settle",
            Body = """{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":"not-done"}""",
        },
    ];
}
