using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Waybill.Api.Idempotency;

/// <summary>The answer to a command, to be given again to whoever sends it again.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">Those headers that speak of the command and not of the request.</param>
/// <param name="Body">The body.</param>
internal sealed record KeptAnswer(int Status, Dictionary<string, string> Headers, string Body)
{
    private static readonly string[] HeaderNames =
        ["Content-Type", "ETag", "Location", "Waybill-Position", "Retry-After"];

    /// <summary>
    /// Whether it says what became of the command, for good: it was carried out, or refused by a rule. Whatever else
    /// there is to say (malformed, overloaded, the store is away) is about the moment.
    /// </summary>
    public bool IsFinal => Status is >= 200 and < 300
        or StatusCodes.Status404NotFound
        or StatusCodes.Status409Conflict
        or StatusCodes.Status412PreconditionFailed
        or StatusCodes.Status422UnprocessableEntity;

    /// <summary>Whether it says that nothing was carried out, without saying anything for good.</summary>
    public bool IsVoid => !IsFinal && Status is >= 400 and < 500 and not StatusCodes.Status429TooManyRequests;

    /// <summary>Has a handler's result written here instead of to the client.</summary>
    public static async Task<KeptAnswer> CaptureAsync(HttpContext http, object? result)
    {
        var client = http.Response.Body;
        using var body = new MemoryStream();
        http.Response.Body = body;
        try
        {
            await ((IResult)result!).ExecuteAsync(http);
        }
        finally
        {
            http.Response.Body = client;
        }
        var headers = HeaderNames
            .Select(name => KeyValuePair.Create(name, http.Response.Headers[name].ToString()))
            .Where(header => header.Value.Length > 0);
        return new(http.Response.StatusCode, new(headers), Encoding.UTF8.GetString(body.ToArray()));
    }

    public string ToJson() => JsonSerializer.Serialize(this, KeptAnswerJson.Default.KeptAnswer);

    public static KeptAnswer Parse(string json) => JsonSerializer.Deserialize(json, KeptAnswerJson.Default.KeptAnswer)
        ?? throw new InvalidDataException("A kept answer is null.");
}

/// <summary>Answers with what was kept.</summary>
/// <param name="answer">The answer.</param>
/// <param name="isReplay">Whether it is that of an earlier request.</param>
internal sealed class Replay(KeptAnswer answer, bool isReplay) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
            response.Headers[name] = value;
        if (isReplay)
            response.Headers["Idempotency-Replayed"] = "true";
        return answer.Body.Length > 0 ? response.WriteAsync(answer.Body) : Task.CompletedTask;
    }
}

/// <summary>The JSON of kept answers; it must stay readable for as long as they are kept.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(KeptAnswer))]
internal sealed partial class KeptAnswerJson : JsonSerializerContext;
