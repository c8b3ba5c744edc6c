using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Waybill.Demo.Http;

/// <summary>What the server answered.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The JSON; undefined where there is none.</param>
/// <param name="Position">How far the log had got, by <c>Waybill-Position</c>; 0 if it does not say.</param>
/// <param name="IsReplayed">Whether it is the answer to an earlier request under the same key.</param>
internal sealed record Reply(HttpStatusCode Status, JsonElement Body, long Position, bool IsReplayed)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>The stable code of a refusal; null where there is none.</summary>
    public string? Code => TextOrNull("code");

    public static async Task<Reply> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        var body = text.Length > 0 ? JsonElement.Parse(text) : default;
        var position = long.TryParse(
            Header(response.Headers, "Waybill-Position"), NumberStyles.None, CultureInfo.InvariantCulture, out var at)
                ? at
                : 0;
        return new(response.StatusCode, body, position, Header(response.Headers, "Idempotency-Replayed") == "true");
    }

    public string Text(string member) => Body.GetProperty(member).GetString()!;

    public long Number(string member) => Body.GetProperty(member).GetInt64();

    /// <summary>A text that need not be there.</summary>
    public string? TextOrNull(string member) =>
        Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(member, out var value)
            && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;

    /// <exception cref="UnexpectedReplyException">It is a refusal.</exception>
    public Reply OrThrow(string asked) => IsSuccess ? this : throw new UnexpectedReplyException(
        $"{asked}: {(int)Status} {Code ?? "without a code"}");

    private static string? Header(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.First() : null;
}

/// <summary>The server answered otherwise than the day's plan foresees, or not at all.</summary>
internal sealed class UnexpectedReplyException(string message) : Exception(message);
