using System.Text.Json.Nodes;
using Waybill.Api.Http;

namespace Waybill.Api.Contracts;

internal static class ContractOperations
{
    public static IReadOnlyList<Operation> All { get; } =
    [
        new("GET /schemas", "Lists the shapes in which events are, or once were, stored.")
        {
            Answer = typeof(Page<SchemaBody>),
        },
        new("GET /schemas/{type}/{version}", "The JSON Schema of the data of one type and version of event.")
        {
            Answer = typeof(JsonObject),
            MediaType = ContractEndpoints.SchemaMediaType,
            Missing = "schema-not-found",
            At = "/schemas/account.opened/1",
        },
        new("GET /asyncapi.json", "The events as an AsyncAPI document.") { Answer = typeof(JsonObject) },
        new("GET /health/live", "Answers while the process does.") { Answer = typeof(JsonObject) },
        new("GET /health/ready", "Whether what the server stands on answers, and which views are behind.")
        {
            Answer = typeof(JsonObject),
        },
        new("GET /events/stream", "The log as Server-Sent Events, in the order of positions; it does not end.")
        {
            Answer = typeof(string),
            MediaType = "text/event-stream",
            Headers = new Dictionary<string, string>
            {
                ["Last-Event-ID"] = "The position of the last event that was seen; it counts more than after.",
            },
            At = "/events/stream?after=0",
        },
    ];
}
