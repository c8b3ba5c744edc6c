namespace Waybill.Tests.Grains.Sagas;

/// <summary>One act of a history: which one, and on what.</summary>
internal readonly record struct Act(int Kind, int Which, int Extra);

/// <summary>Something is not as it must always be.</summary>
internal sealed class HistoryException(string message) : Exception(message);

/// <summary>
/// Random histories, each lived through from its beginning. WAYBILL_HISTORIES says how many, WAYBILL_SEED which.
/// </summary>
internal static class Histories
{
    private const int ActsMax = 150;

    /// <summary>Fails with the shortest history that it finds to the fault of one.</summary>
    /// <param name="output">Where the seed is told.</param>
    /// <param name="live">Lives through a history; a <see cref="HistoryException"/> is a fault.</param>
    /// <param name="count">How many, unless told otherwise.</param>
    public static void Check(ITestOutputHelper output, Action<IEnumerable<Act>> live, int count)
    {
        var seed = Setting.Seed();
        var histories = Setting.Of("WAYBILL_HISTORIES") ?? count;
        output.WriteLine($"{histories} histories, seed {seed}");
        for (var i = 0; i < histories; i++)
        {
            var history = Make(new Random(unchecked(seed + i)));
            if (Fault(history, live) is not null)
            {
                var small = Shrink(history, live);
                Assert.Fail($"WAYBILL_SEED={seed}: {Fault(small, live)}\n{string.Join('\n', small)}");
            }
        }
    }

    private static List<Act> Make(Random random) =>
        [.. Enumerable.Range(0, random.Next(ActsMax)).Select(_ =>
            new Act(random.Next(1 << 20), random.Next(1 << 20), random.Next(1 << 20)))];

    private static string? Fault(IReadOnlyList<Act> history, Action<IEnumerable<Act>> live)
    {
        try
        {
            live(history);
            return null;
        }
        catch (HistoryException fault)
        {
            return fault.Message;
        }
    }

    // Leaves out whatever the fault does not need, first much at a time, then act by act.
    private static List<Act> Shrink(List<Act> history, Action<IEnumerable<Act>> live)
    {
        for (var size = Math.Max(1, history.Count / 2); ; size /= 2)
        {
            for (var at = 0; at + size <= history.Count;)
            {
                List<Act> less = [.. history[..at], .. history[(at + size)..]];
                if (Fault(less, live) is null)
                    at += size;
                else
                    history = less;
            }
            if (size <= 1)
                return history;
        }
    }
}
