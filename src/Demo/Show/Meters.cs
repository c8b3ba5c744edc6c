using Spectre.Console;

namespace Waybill.Demo.Show;

/// <summary>Shows how far things are: bars on a terminal, and a line now and then in a file.</summary>
internal static class Meters
{
    // So that a log does not drown in them.
    private const int LinesEach = 4;

    /// <summary>Runs something that is made of parts, and shows how far each part is.</summary>
    /// <param name="parts">Their names, and how many steps each has.</param>
    /// <param name="run">Is given what to call with the part of which a step is done, at any time.</param>
    public static async Task<T> ShowAsync<T>(
        IReadOnlyList<(string Name, int Steps)> parts, Func<Action<string>, Task<T>> run)
    {
        if (Console.IsOutputRedirected)
            return await run(Lines(parts));
        return await AnsiConsole.Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new ElapsedTimeColumn())
            .StartAsync(async bars =>
            {
                var tasks = parts.ToDictionary(
                    part => part.Name, part => bars.AddTask(part.Name, maxValue: part.Steps));
                return await run(part => tasks[part].Increment(1));
            });
    }

    private static Action<string> Lines(IReadOnlyList<(string Name, int Steps)> parts)
    {
        var done = parts.ToDictionary(part => part.Name, _ => 0);
        var steps = parts.ToDictionary(part => part.Name, part => part.Steps);
        var turn = new Lock();
        return part =>
        {
            lock (turn)
            {
                var (now, all) = (++done[part], steps[part]);
                if (now * LinesEach / all > (now - 1) * LinesEach / all)
                    Console.WriteLine($"{part}: {now} of {all}");
            }
        };
    }
}
