using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Waybill.Bench;

/// <summary>Measures pieces of work in turn and prints their figures as a table.</summary>
/// <param name="length">How long one measurement takes.</param>
/// <param name="rounds">How often each is measured.</param>
internal sealed class Harness(TimeSpan length, int rounds)
{
    /// <summary>Begins a table.</summary>
    internal static void Head(string title) =>
        Console.WriteLine($"\n### {title}\n\n| work | done | baseline | ratio |\n| --- | --- | --- | --- |");

    /// <summary>Prints a row whose figures are already text.</summary>
    internal static void Row(string name, string done, string baseline = "", string ratio = "") =>
        Console.WriteLine($"| {name} | {done} | {baseline} | {ratio} |");

    /// <summary>
    /// Measures the first and the others, its baselines, in turn, so that a drift of the machine meets all, and prints
    /// the medians of their figures and the medians of the ratios.
    /// </summary>
    internal async Task CompareAsync(string name, Figures figures, params Contender[] contenders)
    {
        var measured = contenders.Select(_ => new List<double[]>()).ToArray();
        try
        {
            // As long as a measurement, for what runs at a steady pace takes its time to be compiled for good.
            foreach (var contender in contenders) await contender.Measure(length);
            for (var round = 0; round < rounds; round++)
            {
                for (var i = 0; i < contenders.Length; i++) measured[i].Add(await contenders[i].Measure(length));
            }
        }
        catch (TimeoutException)
        {
            Row(name, "not measured: some callers were starved until their calls timed out");
            return;
        }

        Row(
            name,
            figures.Print(Medians(measured[0])),
            string.Join("; ", contenders.Zip(measured).Skip(1).Select(other =>
                $"{other.First.Name}: {figures.Print(Medians(other.Second))}")),
            string.Join("; ", measured.Skip(1).Select(other =>
                Figures.PrintRatios(Medians([.. measured[0].Zip(other, Ratios)])))));
    }

    /// <summary>Compares two that are done by callers who ask again as soon as they are answered.</summary>
    internal Task CompareAsync(
        string name,
        int callers,
        Func<int, Task> work,
        string baselineName,
        Func<int, Task> baseline,
        int timesEach = 1) =>
        CompareAsync(
            name,
            Figures.Rate,
            Contender.Loop("", callers, work, timesEach),
            Contender.Loop(baselineName, callers, baseline, timesEach));

    private static double[] Ratios(double[] figures, double[] others) =>
        [.. figures.Zip(others, (figure, other) => figure / other)];

    private static double[] Medians(List<double[]> rounds) =>
    [
        .. Enumerable.Range(0, rounds[0].Length)
            .Select(figure => rounds.Select(round => round[figure]).Order().ElementAt(rounds.Count / 2)),
    ];
}

/// <summary>What a measurement yields, and how that is printed.</summary>
internal sealed class Figures(string format)
{
    internal static readonly Figures Rate = new("{0:N0}/s");
    internal static readonly Figures Latency = new("p50 {0:N2} ms, p99 {1:N2} ms");
    internal static readonly Figures LatencyAndLoad = new("p50 {0:N1} ms, p99 {1:N1} ms, {2:P0} of the machine");

    private readonly CompositeFormat _format = CompositeFormat.Parse(format);

    internal string Print(double[] figures) =>
        string.Format(CultureInfo.InvariantCulture, _format, [.. figures.Cast<object>()]);

    internal static string PrintRatios(double[] ratios) =>
        string.Join(", ", ratios.Select(ratio => ratio.ToString("N2", CultureInfo.InvariantCulture)));

    /// <summary>The median and the 99th percentile, in milliseconds.</summary>
    internal static double[] Percentiles(List<TimeSpan> times)
    {
        times.Sort();
        return [times[times.Count / 2].TotalMilliseconds, times[times.Count * 99 / 100].TotalMilliseconds];
    }
}

/// <summary>One way to do a piece of work.</summary>
/// <param name="Name">What it is called beside the others.</param>
/// <param name="Measure">Does it for about as long as it is told, and returns the figures.</param>
internal sealed record Contender(string Name, Func<TimeSpan, Task<double[]>> Measure)
{
    /// <summary>
    /// A closed loop: each caller awaits its own work before it asks again. Counts how often in a second it is done.
    /// </summary>
    internal static Contender Loop(string name, int callers, Func<int, Task> work, int timesEach = 1) => new(
        name,
        async length =>
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
                    mine += timesEach;
                }

                Interlocked.Add(ref done, mine);
            })));
            return [done / clock.Elapsed.TotalSeconds];
        });

    /// <summary>The same, but so many times and not for so long: for work that changes what it is done on.</summary>
    internal static Contender Burst(string name, int callers, int times, Func<int, Task> work) => new(
        name,
        async _ =>
        {
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
            {
                for (var mine = 0; mine < times / callers; mine++) await work(caller);
            })));
            return [times / clock.Elapsed.TotalSeconds];
        });

    /// <summary>Something that does many things at a time and says how many; counts them in a second.</summary>
    internal static Contender Pass(string name, Func<Task<long>> pass) => new(
        name,
        async length =>
        {
            var clock = Stopwatch.StartNew();
            var done = 0L;
            do done += await pass();
            while (clock.Elapsed < length);
            return [done / clock.Elapsed.TotalSeconds];
        });

    /// <summary>Something that times itself again and again.</summary>
    internal static Contender Timed(string name, Func<Task<TimeSpan>> once) => new(
        name,
        async length =>
        {
            var clock = Stopwatch.StartNew();
            List<TimeSpan> times = [];
            do times.Add(await once());
            while (clock.Elapsed < length);
            return Figures.Percentiles(times);
        });
}
