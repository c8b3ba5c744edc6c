using System.Diagnostics;
using System.Globalization;
using Waybill.Grains.Sourcing;

namespace Waybill.Api.Http;

/// <summary>Reads from a request what every command is told beside its own arguments.</summary>
internal static class Commands
{
    /// <exception cref="MalformedException">
    /// <c>If-Match</c> is not an ETag of ours, or there is an <c>Idempotency-Key</c>: whoever sends one relies on it.
    /// </exception>
    public static CommandContext Command(this HttpContext http) => new(
        CommandId: CommandId(http.Request),
        CorrelationId: http.CorrelationId(),
        CausationId: null,
        Actor: DeveloperOnly.Actor,
        ExpectedVersion: ExpectedVersion(http.Request),
        TraceParent: Activity.Current?.Id);

    /// <exception cref="MalformedException">There is one: whoever sends it relies on it.</exception>
    public static void RefuseIdempotencyKey(this HttpRequest request)
    {
        if (request.Headers["Idempotency-Key"].Count > 0)
            throw new MalformedException("Idempotency-Key is not supported yet.", "idempotency-key-unsupported");
    }

    private static Guid CommandId(HttpRequest request)
    {
        request.RefuseIdempotencyKey();
        return Guid.CreateVersion7();
    }

    // Our ETags are quoted versions. A weak one, a list or anything else cannot be one of them, and is not guessed at.
    private static long? ExpectedVersion(HttpRequest request) => request.Headers.IfMatch switch
    {
        [] or ["*"] => null,
        [['"', .. var digits, '"']]
            when long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var version) => version,
        _ => throw new MalformedException("If-Match must be * or one ETag as it was answered, such as \"3\"."),
    };
}
