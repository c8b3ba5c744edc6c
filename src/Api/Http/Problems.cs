using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Orleans.Runtime;
using Waybill.EventStore;

namespace Waybill.Api.Http;

/// <summary>A request that cannot be understood; the message, a sentence, is answered.</summary>
internal sealed class MalformedException(
    string message, string? code = null, int status = StatusCodes.Status400BadRequest)
    : BadHttpRequestException(message, status)
{
    /// <summary>The stable code; null for the one that goes with the status.</summary>
    public string? Code { get; } = code;
}

/// <summary>
/// Errors: whoever finds one (a handler, the router, the server, an exception), the answer is
/// <c>application/problem+json</c> with a stable <c>code</c>, and nothing of the inside.
/// </summary>
internal static class Problems
{
    // Commands and queries are a few hundred bytes.
    private const int BodyBytesMax = 64 * 1024;

    public static void AddProblems(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = BodyBytesMax);
        // A request that does not bind is thrown, in any environment, so that it passes through the one table below.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<ExceptionAnswer>();
    }

    public static void UseProblems(this IApplicationBuilder app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
    }

    /// <param name="status">The HTTP status.</param>
    /// <param name="code">The stable code; null for the one that goes with the status.</param>
    /// <param name="detail">A sentence for a person.</param>
    /// <param name="more">Further members of the answer.</param>
    public static IResult Of(
        int status, string? code = null, string? detail = null, params KeyValuePair<string, object?>[] more) =>
        Results.Problem(detail, statusCode: status, extensions: [new("code", code ?? CodeOf(status)), .. more]);

    private static string CodeOf(int status) => status switch
    {
        404 => "not-found",
        405 => "method-not-allowed",
        408 => "request-timeout",
        413 => "body-too-large",
        415 => "unsupported-media-type",
        422 => "unprocessable",
        429 => "overloaded",
        503 => "unavailable",
        504 => "view-behind",
        < 500 => "malformed",
        _ => "internal-error",
    };

    /// <summary>Writes every problem, whatever the caller accepts: an error nobody can read helps nobody.</summary>
    private sealed class ProblemWriter : IProblemDetailsWriter
    {
        public bool CanWrite(ProblemDetailsContext context) => true;

        public async ValueTask WriteAsync(ProblemDetailsContext context)
        {
            var (problem, response) = (context.ProblemDetails, context.HttpContext.Response);
            problem.Type = null; // The code says what a type would.
            problem.Title ??= ReasonPhrases.GetReasonPhrase(response.StatusCode);
            problem.Extensions.TryAdd("code", CodeOf(response.StatusCode));
            if (response.StatusCode is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
                response.Headers.RetryAfter = "1";
            await response.WriteAsJsonAsync(
                problem, problem.GetType(), options: null, contentType: "application/problem+json");
        }
    }

    private static string? Detail(BadHttpRequestException bad, HttpContext http)
    {
        if (bad.StatusCode != StatusCodes.Status400BadRequest)
            return null;
        var route = http.Features.Get<IExceptionHandlerFeature>()?.RouteValues;
        if (route?["id"] is string id && !ResourceId.TryParse(id, provider: null, out _))
            return $"The path is wrong: {ResourceId.Expected} is expected.";
        var hasBody = http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };
        var isCommand = HttpMethods.IsPost(http.Request.Method) || HttpMethods.IsPut(http.Request.Method);
        return isCommand && !hasBody ? "A JSON body is required." : null;
    }

    private static IResult Behind(HttpContext http, ViewBehindException behind)
    {
        http.AnswerPosition(behind.Reached);
        return Of(
            StatusCodes.Status504GatewayTimeout,
            detail: $"The view has reached position {behind.Reached}.",
            more: new KeyValuePair<string, object?>("reached", behind.Reached));
    }

    /// <summary>The exceptions that are not bugs. Any other is logged by the middleware and answered as 500.</summary>
    private sealed class ExceptionAnswer : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(
            HttpContext http, Exception exception, CancellationToken cancellationToken)
        {
            var answer = exception switch
            {
                MalformedException malformed => Of(malformed.StatusCode, malformed.Code, malformed.Message),
                BadHttpRequestException { InnerException: WrongValueException wrong } => Of(
                    StatusCodes.Status400BadRequest,
                    detail: $"The body is wrong at {wrong.Path}: {wrong.Message} is expected."),
                BadHttpRequestException { InnerException: JsonException json } =>
                    Of(StatusCodes.Status400BadRequest, detail: $"The body is wrong at {json.Path}."),
                // The framework's own messages name our types.
                BadHttpRequestException bad => Of(bad.StatusCode, detail: Detail(bad, http)),
                LimitExceededException => Of(StatusCodes.Status429TooManyRequests),
                ViewBehindException behind => Behind(http, behind),
                StoreUnavailableException => Of(StatusCodes.Status503ServiceUnavailable, "store-unavailable"),
                // The silo did not answer in time, or is stopping.
                TimeoutException or SiloUnavailableException or OrleansMessageRejectionException =>
                    Of(StatusCodes.Status503ServiceUnavailable),
                _ => null,
            };
            if (answer is null)
                return false;
            await answer.ExecuteAsync(http);
            return true;
        }
    }
}
