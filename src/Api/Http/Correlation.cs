using System.Diagnostics.CodeAnalysis;

namespace Waybill.Api.Http;

/// <summary>
/// Ties together all that one request sets off: <c>X-Correlation-Id</c> is taken or made, and returned with the answer.
/// </summary>
internal static class Correlation
{
    private const string Header = "X-Correlation-Id";

    // It is stored on every event, so it must stay short.
    private const int LengthMax = 128;

    public static void UseCorrelation(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var sent = http.Request.Headers[Header];
        var valid = sent is [var one] && IsId(one);
        var id = valid ? sent.ToString() : Guid.CreateVersion7().ToString();
        http.Items[typeof(Correlation)] = id;
        // Late, because an error answer begins by clearing the headers.
        http.Response.OnStarting(() =>
        {
            http.Response.Headers[Header] = id;
            return Task.CompletedTask;
        });
        if (sent.Count > 0 && !valid)
            throw new MalformedException($"{Header} must be 1 to {LengthMax} visible ASCII characters.");
        return next(http);
    });

    /// <summary>True for visible ASCII characters, not too many.</summary>
    public static bool IsId([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= LengthMax } && text.All(letter => letter is > ' ' and <= '~');

    public static string CorrelationId(this HttpContext http) => (string)http.Items[typeof(Correlation)]!;
}
