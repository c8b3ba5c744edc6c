using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using Waybill.Api.Http;
using Waybill.EventStore;

namespace Waybill.Api.Contracts;

/// <summary>
/// What holds for all routes: their headers, their problems, and the parameters that their queries take.
/// </summary>
internal static class OperationDescriber
{
    private const string Problem = "Problem";

    private const string ProblemType = "application/problem+json";

    /// <summary>Completes what the framework found out of a route.</summary>
    public static Task DescribeAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var route = context.Description;
        var said = Operation.Find(route.HttpMethod!, route.RelativePath!);
        var handler = route.ActionDescriptor.EndpointMetadata.OfType<MethodInfo>().LastOrDefault();
        var queries = handler?.GetParameters().Select(parameter => parameter.ParameterType)
            .Where(type => type.IsAssignableTo(typeof(IQuery))).ToList() ?? [];

        operation.Summary = said?.Summary;
        operation.OperationId = handler is null ? null : IdOf(route.HttpMethod!, route.RelativePath!);
        DescribePath(operation, handler, said);
        operation.Parameters ??= [];
        foreach (var parameter in queries.SelectMany(query => Parameters(query, said)))
            operation.Parameters.Add(parameter);
        foreach (var parameter in Headers(said))
            operation.Parameters.Add(parameter);
        if (operation.RequestBody?.Content is { } content && said?.Body is { } body)
            foreach (var media in content.Values)
                media.Example = JsonNode.Parse(body);
        DescribeAnswers(operation, context, said, isFresh: queries.Contains(typeof(Freshness)));
        return Task.CompletedTask;
    }

    /// <summary>Completes the document.</summary>
    public static void Finish(OpenApiDocument document)
    {
        document.Info = new()
        {
            Title = "Waybill",
            Version = "1.0.0",
            Description = "Accounts, orders and rides. Money is a whole number of minor units. A command is answered "
                + "once its events are on disk, with the position that they have in the log; a query with ?after= that "
                + "position answers from a view that has read it. HEAD is answered wherever GET is.",
        };
        // "/accounts/" and "/accounts" are one path to clients; the second is how it is written.
        foreach (var path in document.Paths.Keys.Where(path => path.Length > 1 && path.EndsWith('/')).ToList())
            if (document.Paths.Remove(path, out var item))
                document.Paths.Add(path.TrimEnd('/'), item);
        document.Components ??= new();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas[Problem] = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "An error as RFC 9457 has it. The code is stable; the rest is for people.",
            Required = new HashSet<string> { "title", "status", "code" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
                ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String },
                ["code"] = new OpenApiSchema { Type = JsonSchemaType.String },
            },
        };
    }

    private static string IdOf(string method, string path) => string.Join(
        '-', [method.ToLowerInvariant(), .. Operation.PathOf(path).Split('/', '{', '}').Where(part => part != "")]);

    private static void DescribePath(OpenApiOperation operation, MethodInfo? handler, Operation? said)
    {
        var examples = said?.PathExamples().ToDictionary() ?? [];
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            if (handler?.GetParameters().FirstOrDefault(taken => taken.Name == parameter.Name) is { } taken
                && taken.ParameterType != typeof(Guid))
                parameter.Schema = ValueSchemas.Of(taken.ParameterType);
            if (examples.TryGetValue(parameter.Name!, out var example))
                parameter.Example = JsonNode.Parse(IsNumber(parameter) ? example : $"\"{example}\"");
        }
    }

    private static IEnumerable<IOpenApiParameter> Parameters(Type query, Operation? said)
    {
        var names = (IReadOnlyList<string>)query.GetProperty(nameof(IQuery.Names))!.GetValue(null)!;
        var examples = said?.QueryExamples().ToDictionary() ?? [];
        foreach (var name in names)
        {
            var property = query.GetProperty(
                name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            var parameter = new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Query,
                Required = said?.Needs.Contains(name) ?? false,
                Description = property is null ? null : XmlDocumentation.Of(property),
                Schema = ValueSchemas.Of(property?.PropertyType ?? typeof(string)),
            };
            if (examples.TryGetValue(name, out var example))
                parameter.Example = IsNumber(parameter)
                    ? JsonNode.Parse(example)
                    : JsonValue.Create(example);
            yield return parameter;
        }
    }

    private static bool IsNumber(OpenApiParameter parameter) =>
        parameter.Schema?.Type is JsonSchemaType.Integer or JsonSchemaType.Number;

    private static IEnumerable<IOpenApiParameter> Headers(Operation? said)
    {
        yield return Header("X-Correlation-Id", "Ties together what the request sets off; made where it is missing.");
        foreach (var (name, meaning) in said?.Headers ?? new Dictionary<string, string>())
            yield return Header(name, meaning);
        if (said?.IsCommand != true)
            yield break;
        yield return Header(
            "Idempotency-Key", "Names the command: sent again under the same key it is answered again, and not done.");
        if (said.TakesVersion)
            yield return Header("If-Match", "The ETag that the resource must still have; \"3\", for example.");

        static OpenApiParameter Header(string name, string meaning) => new()
        {
            Name = name,
            In = ParameterLocation.Header,
            Description = meaning,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };
    }

    private static void DescribeAnswers(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, Operation? said, bool isFresh)
    {
        operation.Responses ??= [];
        foreach (var (status, response) in operation.Responses)
        {
            response.Description = ReasonPhrases.GetReasonPhrase(int.Parse(status, CultureInfo.InvariantCulture));
            foreach (var (name, meaning) in AnsweredHeaders(said))
                AddHeader(response, name, meaning);
        }

        var hasBody = operation.RequestBody is not null;
        Add(400, "malformed");
        if (said?.Missing is { } missing)
            Add(404, missing);
        if (said?.Refusals is [_, ..] refusals)
            Add(409, string.Join(", ", refusals));
        if (said?.TakesVersion == true)
            Add(412, "version-mismatch");
        if (hasBody)
        {
            Add(413, "body-too-large");
            Add(415, "unsupported-media-type");
        }
        if (said?.IsCommand == true)
            Add(422, "the Idempotency-Key was used for another request");
        Add(429, "overloaded", retry: true);
        Add(503, "store-unavailable or unavailable", retry: true);
        if (isFresh)
            Add(504, "view-behind");

        void Add(int status, string codes, bool retry = false)
        {
            var response = new OpenApiResponse
            {
                Description = $"{ReasonPhrases.GetReasonPhrase(status)}: {codes}.",
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [ProblemType] = new() { Schema = new OpenApiSchemaReference(Problem, context.Document) },
                },
            };
            AddHeader(response, "X-Correlation-Id", "What ties together what the request set off.");
            if (retry)
                AddHeader(response, "Retry-After", "After how many seconds to try again.");
            operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = response;
        }
    }

    private static IEnumerable<(string Name, string Meaning)> AnsweredHeaders(Operation? said)
    {
        yield return ("X-Correlation-Id", "What ties together what the request set off.");
        if (said?.Answer?.GetProperty("Version")?.PropertyType == typeof(long))
            yield return ("ETag", "The version of the resource, for If-Match.");
        if (said is not null && !said.Route.Contains("/schemas", StringComparison.Ordinal))
            yield return ("Waybill-Position", "How far in the log the answer has read.");
        if (said?.IsCommand == true)
            yield return ("Idempotency-Replayed", "true if an earlier request under the same key is answered again.");
    }

    private static void AddHeader(IOpenApiResponse response, string name, string meaning)
    {
        if (response is not OpenApiResponse own)
            return;
        own.Headers ??= new Dictionary<string, IOpenApiHeader>();
        own.Headers[name] = new OpenApiHeader
        {
            Description = meaning,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };
    }
}
