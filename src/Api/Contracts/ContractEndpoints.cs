using System.Text.Json.Nodes;
using Waybill.Api.Http;
using Waybill.EventStore;

namespace Waybill.Api.Contracts;

/// <summary>What clients can rely on, for their tools to read. All of it is made of the code that serves it.</summary>
internal static class ContractEndpoints
{
    internal const string SchemaMediaType = "application/schema+json";

    public static void MapContracts(this IEndpointRouteBuilder app)
    {
        var contracts = app.MapGroup("").WithTags("Contracts");
        contracts.RefuseUnknownQuery();
        contracts.MapGet("/schemas",                      ListSchemas);
        contracts.MapGet("/schemas/{type}/{version:int}", GetSchema);
        contracts.MapGet("/asyncapi.json",                GetAsyncApi);
    }

    private static Page<SchemaBody> ListSchemas(EventSchemas schemas) =>
        new([.. schemas.All.Select(SchemaBody.Of)], Next: null);

    private static IResult GetSchema(string type, int version, EventSchemas schemas) =>
        schemas.Find(type, version) is { } found
            ? Results.Json(found.Schema, contentType: SchemaMediaType)
            : Problems.Of(StatusCodes.Status404NotFound, "schema-not-found");

    private static JsonObject GetAsyncApi(AsyncApi events, HttpContext http) => events.Describe(http.Request.Host);
}

/// <summary>A shape in which events are, or once were, stored.</summary>
/// <param name="Type">The stored type name.</param>
/// <param name="Version">The version of the shape.</param>
/// <param name="IsCurrent">Whether events are still written in it.</param>
/// <param name="Description">What such an event tells.</param>
/// <param name="Schema">Where its JSON Schema is.</param>
internal sealed record SchemaBody(string Type, int Version, bool IsCurrent, string? Description, string Schema)
{
    public static SchemaBody Of(EventSchema schema) => new(
        schema.Type, schema.Version, schema.IsCurrent, schema.Description, $"/schemas/{schema.Type}/{schema.Version}");
}
