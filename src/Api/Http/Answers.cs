using System.Diagnostics;
using System.Globalization;
using Waybill.Grains.Sourcing;

namespace Waybill.Api.Http;

/// <summary>The one place where a grain's outcome becomes an HTTP answer.</summary>
internal static class Answers
{
    private const string Position = "Waybill-Position";

    /// <summary>Answers with the view, or with the problem that the outcome amounts to.</summary>
    /// <param name="http">The request that is answered.</param>
    /// <param name="outcome">How the command or query ended.</param>
    /// <param name="accepted">What to answer if it was accepted; the view with <c>200</c> if nothing else.</param>
    public static IResult Answer<TView>(
        this HttpContext http, Outcome<TView> outcome, Func<TView, IResult>? accepted = null)
        where TView : class
    {
        http.AnswerPosition(outcome.Position);
        if (outcome.Status != OutcomeStatus.Accepted)
            return Problems.Of(HttpStatus(outcome.Status), outcome.Code);

        http.Response.Headers.ETag = $"\"{outcome.Version}\"";
        return accepted is null ? Results.Ok(outcome.View) : accepted(outcome.View!);
    }

    /// <summary>
    /// Says how far in the log the answer has read. It may be said several times; the furthest holds, and 0 says
    /// nothing.
    /// </summary>
    public static void AnswerPosition(this HttpContext http, long position)
    {
        _ = long.TryParse(http.Response.Headers[Position], CultureInfo.InvariantCulture, out var said);
        if (position > said)
            http.Response.Headers[Position] = position.ToString(CultureInfo.InvariantCulture);
    }

    private static int HttpStatus(OutcomeStatus status) => status switch
    {
        OutcomeStatus.Refused         => StatusCodes.Status409Conflict,
        OutcomeStatus.VersionMismatch => StatusCodes.Status412PreconditionFailed,
        OutcomeStatus.NotFound        => StatusCodes.Status404NotFound,
        OutcomeStatus.Unavailable     => StatusCodes.Status503ServiceUnavailable,
        _ => throw new UnreachableException($"No answer for {status}."),
    };
}
