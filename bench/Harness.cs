using System.Diagnostics;

namespace Waybill.Bench;

/// <summary>Runs a piece of work by many callers at once and counts how often it is done in a second.</summary>
internal sealed class Harness(TimeSpan length, int rounds)
{
    /// <summary>
    /// Measures work and its baseline in turn, so that a drift of the machine meets both, and prints the medians.
    /// Each of the two does what is counted <paramref name="timesEach"/> times.
    /// </summary>
    internal async Task CompareAsync(
        string name,
        int callers,
        Func<int, Task> work,
        string baselineName,
        Func<int, Task> baseline,
        int timesEach = 1)
    {
        List<double> rates = [];
        List<double> baselines = [];
        try
        {
            await RateAsync(callers, work, TimeSpan.FromSeconds(1));
            await RateAsync(callers, baseline, TimeSpan.FromSeconds(1));
            for (var round = 0; round < rounds; round++)
            {
                rates.Add(timesEach * await RateAsync(callers, work, length));
                baselines.Add(timesEach * await RateAsync(callers, baseline, length));
            }
        }
        catch (TimeoutException)
        {
            Console.WriteLine($"{name,-58} not measured: some callers were starved until their calls timed out");
            return;
        }

        var ratio = Median(rates.Zip(baselines, (rate, other) => rate / other));
        Console.WriteLine(
            $"{name,-58} {Median(rates),12:N0}/s   {baselineName}: {Median(baselines):N0}/s, ratio {ratio:N2}");
    }

    internal static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    // Each caller awaits its own work before it asks again: a closed loop.
    private static async Task<double> RateAsync(int callers, Func<int, Task> work, TimeSpan length)
    {
        using var stop = new CancellationTokenSource(length);
        var done = 0L;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var mine = 0L;
            while (!stop.IsCancellationRequested)
            {
                await work(caller);
                mine++;
            }

            Interlocked.Add(ref done, mine);
        })));
        return done / clock.Elapsed.TotalSeconds;
    }
}
