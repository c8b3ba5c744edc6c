using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;

namespace Waybill.Api.Contracts;

/// <summary>
/// The OpenAPI document at <c>/openapi/v1.json</c>. ASP.NET Core makes it of the routes that are mapped; what routes do
/// not show is added here, in one place for all of them, from <see cref="Operation.All"/>.
/// </summary>
internal static class OpenApiContract
{
    private const string Name = "v1";

    public static void AddOpenApiContract(this WebApplicationBuilder builder) =>
        builder.Services.AddOpenApi(Name, options =>
        {
            // HEAD is answered wherever GET is, and needs no words of its own.
            options.ShouldInclude = route => route.HttpMethod is { } method && !HttpMethods.IsHead(method);
            options.CreateSchemaReferenceId = ReferenceId;
            options.AddSchemaTransformer(ValueSchemas.DescribeAsync);
            options.AddOperationTransformer(OperationDescriber.DescribeAsync);
            options.AddDocumentTransformer((document, _, _) =>
            {
                OperationDescriber.Finish(document);
                return Task.CompletedTask;
            });
        });

    public static void MapOpenApiContract(this IEndpointRouteBuilder app) =>
        app.MapOpenApi("/openapi/{documentName}.json").WithTags("Contracts");

    /// <summary>Has every route of a group say which type it answers with.</summary>
    public static RouteGroupBuilder DescribeAnswers(this RouteGroupBuilder routes)
    {
        ((IEndpointConventionBuilder)routes).Finally(endpoint =>
        {
            var method = endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault()?.HttpMethods[0];
            var pattern = (endpoint as RouteEndpointBuilder)?.RoutePattern.RawText;
            if (method is null || pattern is null || Operation.Find(method, pattern) is not { } operation)
                return;
            endpoint.Metadata.Add(operation.Answer is { } type
                ? new ProducesResponseTypeMetadata(operation.Status, type, [operation.MediaType])
                : new ProducesResponseTypeMetadata(operation.Status));
        });
        return routes;
    }

    // Types that stand inside an endpoint file are called alike in several of them.
    private static string? ReferenceId(JsonTypeInfo type) =>
        OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } name
            ? type.Type is { IsGenericType: false, DeclaringType: { } file } ? Prefix(file) + name : name
            : null;

    private static string Prefix(Type file) => file.Name
        .Replace("Endpoints", "", StringComparison.Ordinal)
        .Replace("Endpoint", "", StringComparison.Ordinal);
}
