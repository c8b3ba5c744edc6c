using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Waybill.Grains.Sourcing;

namespace Waybill.Api.Http;

/// <summary>Reads from a request what every command is told beside its own arguments.</summary>
internal static class Commands
{
    private const int KeyLengthMax = 255;

    /// <exception cref="MalformedException">
    /// <c>If-Match</c> is not an ETag of ours, or there is an <c>Idempotency-Key</c> that nothing here takes.
    /// </exception>
    public static CommandContext Command(this HttpContext http) => new(
        CommandId: http.CommandId(),
        CorrelationId: http.CorrelationId(),
        CausationId: null,
        Actor: DeveloperOnly.Actor,
        ExpectedVersion: ExpectedVersion(http.Request),
        TraceParent: Activity.Current?.Id);

    /// <summary>
    /// The id of what a request makes without naming it: that of its command, so that a request that comes again under
    /// its key makes the same.
    /// </summary>
    public static ResourceId NewId(this HttpContext http) => ResourceId.Of(http.CommandId());

    /// <summary>Sets the id, a UUIDv7, under which the request's command is carried out.</summary>
    public static void UseCommandId(this HttpContext http, Guid id) => http.Items[typeof(Commands)] = id;

    /// <summary>When the request's key was first used; null if it has none.</summary>
    public static DateTimeOffset? CommandBegun(this HttpContext http) => http.Items[typeof(Commands)] is Guid id
        ? DateTimeOffset.FromUnixTimeMilliseconds(
            BinaryPrimitives.ReadInt64BigEndian(id.ToByteArray(bigEndian: true)) >> 16)
        : null;

    /// <summary>The key under which a command is sent; null if it has none.</summary>
    /// <exception cref="MalformedException">It is empty or too long, or there are several.</exception>
    public static string? IdempotencyKey(this HttpRequest request) => request.Headers["Idempotency-Key"] switch
    {
        [] => null,
        [{ Length: > 0 and <= KeyLengthMax } key] => key,
        _ => throw new MalformedException(
            $"Idempotency-Key must be one of 1 to {KeyLengthMax} characters.", "idempotency-key-malformed"),
    };

    private static Guid CommandId(this HttpContext http)
    {
        if (http.Items[typeof(Commands)] is Guid known)
            return known;
        // Whoever sends one relies on it.
        if (http.Request.Headers["Idempotency-Key"].Count > 0)
            throw new MalformedException("Idempotency-Key is not supported here.", "idempotency-key-unsupported");
        var id = Guid.CreateVersion7();
        http.UseCommandId(id);
        return id;
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
