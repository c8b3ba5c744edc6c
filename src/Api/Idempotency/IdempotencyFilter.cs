using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Waybill.Api.Http;

namespace Waybill.Api.Idempotency;

/// <summary>
/// <c>Idempotency-Key</c>: a command that comes again under its key is answered as it was, and does nothing.
/// </summary>
internal static class IdempotencyFilter
{
    /// <summary>Lets the group's commands be sent under keys. One without a key is carried out as it comes.</summary>
    public static void TakeIdempotencyKeys(this RouteGroupBuilder group) => group.AddEndpointFilter(Once);

    private static async ValueTask<object?> Once(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var http = call.HttpContext;
        if (!IsCommand(http) || http.Request.IdempotencyKey() is not { } key)
            return await next(call);

        var keys = http.RequestServices.GetRequiredService<IdempotencyKeys>();
        return await keys.OnceAsync(Scope(http, key), Request(call), async commandId =>
        {
            http.UseCommandId(commandId);
            return await KeptAnswer.CaptureAsync(http, await next(call));
        });
    }

    private static bool IsCommand(HttpContext http) =>
        !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method);

    // The parts cannot run into each other: none but the last can have a line break in it.
    private static string Scope(HttpContext http, string key) => Hash(Encoding.UTF8.GetBytes(
        $"{DeveloperOnly.Actor}\n{http.Request.Method}\n{http.Request.Path.Value!.TrimEnd('/')}\n{key}"));

    // The body as it was understood: who sends it again may write its members in another order. No body is an empty
    // one.
    private static string Request(EndpointFilterInvocationContext call)
    {
        var type = call.HttpContext.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        var body = call.Arguments.FirstOrDefault(argument => argument is not null && argument.GetType() == type);
        var json = call.HttpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value;
        return body is null
            ? Hash("{}"u8)
            : Hash(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), json.SerializerOptions));
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(SHA256.HashData(bytes));
}
