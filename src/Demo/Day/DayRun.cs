using System.Collections.Concurrent;
using Waybill.Demo.Http;

namespace Waybill.Demo.Day;

/// <summary>How a visit ended.</summary>
/// <param name="Visit">The visit.</param>
/// <param name="Outcome">How.</param>
/// <param name="IsExpected">Whether it was meant to end so.</param>
internal sealed record Ended(Visit Visit, Outcome Outcome, bool IsExpected);

/// <summary>Lets what is planned happen, several things at a time.</summary>
internal static class DayRun
{
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 16 };

    /// <summary>Does what opens or closes the day.</summary>
    public static Task DoAsync(IEnumerable<Func<Task>> tasks, Action done) =>
        Parallel.ForEachAsync(tasks, AtOnce, async (task, _) =>
        {
            await task();
            done();
        });

    /// <summary>Lets all visits happen.</summary>
    /// <param name="visits">The day's plan.</param>
    /// <param name="done">Is told of each that is over.</param>
    public static async Task<IReadOnlyCollection<Ended>> LiveAsync(IEnumerable<Visit> visits, Action<Visit> done)
    {
        ConcurrentBag<Ended> ended = [];
        await Parallel.ForEachAsync(visits, AtOnce, async (visit, _) =>
        {
            ended.Add(await EndOf(visit));
            done(visit);
        });
        return ended;
    }

    // One visit that goes wrong is told of in the end; the others go on.
    private static async Task<Ended> EndOf(Visit visit)
    {
        try
        {
            var outcome = await visit.Happen();
            return new(visit, outcome, visit.Expected.Contains(outcome));
        }
        catch (UnexpectedReplyException wrong)
        {
            return new(visit, new("unexpected", wrong.Message), IsExpected: false);
        }
    }
}
