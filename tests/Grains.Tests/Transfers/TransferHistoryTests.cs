namespace Waybill.Tests.Grains.Transfers;

/// <summary>
/// Random histories of transfers: lost, doubled and reordered commands and answers, refusals, deadlines, people.
/// WAYBILL_HISTORIES says how many, WAYBILL_SEED which.
/// </summary>
public sealed class TransferHistoryTests(ITestOutputHelper output)
{
    private const int Histories = 10_000;
    private const int ActsMax = 150;

    [Fact]
    public void Money_is_never_made_or_lost_and_every_transfer_ends_once()
    {
        var seed = Setting("WAYBILL_SEED") ?? Random.Shared.Next();
        var histories = Setting("WAYBILL_HISTORIES") ?? Histories;
        output.WriteLine($"{histories} histories, seed {seed}");
        for (var i = 0; i < histories; i++)
        {
            var history = Make(new Random(unchecked(seed + i)));
            if (Fault(history) is not null)
            {
                var small = Shrink(history);
                Assert.Fail($"WAYBILL_SEED={seed}: {Fault(small)}\n{string.Join('\n', small)}");
            }
        }
    }

    private static int? Setting(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : null;

    private static List<Act> Make(Random random) =>
        [.. Enumerable.Range(0, random.Next(ActsMax)).Select(_ =>
            new Act(random.Next(1 << 20), random.Next(1 << 20), random.Next(1 << 20)))];

    private static string? Fault(IReadOnlyList<Act> history)
    {
        try
        {
            TransferWorld.Live(history);
            return null;
        }
        catch (HistoryException fault)
        {
            return fault.Message;
        }
    }

    // Leaves out whatever the fault does not need, first much at a time, then act by act.
    private static List<Act> Shrink(List<Act> history)
    {
        for (var size = Math.Max(1, history.Count / 2); ; size /= 2)
        {
            for (var at = 0; at + size <= history.Count;)
            {
                List<Act> less = [.. history[..at], .. history[(at + size)..]];
                if (Fault(less) is null)
                    at += size;
                else
                    history = less;
            }
            if (size <= 1)
                return history;
        }
    }
}
