using Waybill.EventStore;

namespace Waybill.Api.Http;

/// <summary>
/// "Read your writes" where the answer is read from the log, or from a grain, and not from a view: it is enough that
/// the log itself has got there.
/// </summary>
internal static class LogReach
{
    /// <summary>Waits until the log has a position; the answer says that it has read so far.</summary>
    /// <exception cref="ViewBehindException">It has not got there in time.</exception>
    public static async Task ReachAsync(this HttpContext http, Freshness freshness)
    {
        if (freshness.After is not { } after)
            return;
        var store = http.RequestServices.GetRequiredService<IEventStore>();
        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        using var limit = new CancellationTokenSource(freshness.Wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, http.RequestAborted);
        for (var isLast = false; ;)
        {
            var head = await store.ReadHeadPositionAsync(http.RequestAborted);
            if (head >= after)
                break;
            if (isLast)
                throw new ViewBehindException(head);
            await store.WaitBeyondAsync(head, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            isLast = limit.IsCancellationRequested;
        }
        http.AnswerPosition(after);
    }
}
