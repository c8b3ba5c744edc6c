using Waybill.EventStore;

namespace Waybill.Bench.Log;

/// <summary>Reading the log from its beginning, each event decoded.</summary>
internal static class Replaying
{
    private const int Queues = 4;
    private const int PageSize = 1_000;
    private const int LongStream = 100_000;

    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        var length = Math.Min(LongStream, eventsMax / 2);
        await new Ledger("short", accounts: length / 100, callers: 1).FillAsync(database.Store, 100, chunk: 10);
        var longStream = new Ledger("long", accounts: 1, callers: 1);
        await longStream.FillAsync(database.Store, length, chunk: 500);

        await harness.CompareAsync(
            "replay the log, decoded",
            Figures.Rate,
            Contender.Pass("", () => ReplayAsync(database, LogFilter.All)),
            Contender.Pass("raw SELECT", () => database.SelectLogAsync(0, long.MaxValue)));
        await harness.CompareAsync(
            $"the same by queue, {Queues} queues at a time",
            Figures.Rate,
            Contender.Pass("", async () => (await Task.WhenAll(Enumerable.Range(0, Queues).Select(queue =>
                Task.Run(() => ReplayAsync(database, new(new LogQueue(queue, Queues))))))).Sum()),
            Contender.Pass("raw SELECT", () => database.SelectLogAsync(0, long.MaxValue)));
        await harness.CompareAsync(
            $"read one stream of {length:N0} events, decoded",
            Figures.Rate,
            Contender.Pass("", () => ReadStreamAsync(database, longStream.Any())),
            Contender.Pass("raw SELECT", () => database.SelectStreamAsync(longStream.Any(), fromVersion: 1)));
    }

    /// <summary>Reads and decodes a stream.</summary>
    internal static async Task<long> ReadStreamAsync(Database database, StreamName stream, long fromVersion = 1)
    {
        var read = 0L;
        await foreach (var stored in database.Store.ReadStreamAsync(stream, fromVersion))
        {
            database.Types.Read(stored);
            read++;
        }
        return read;
    }

    private static async Task<long> ReplayAsync(Database database, LogFilter filter)
    {
        var read = 0L;
        for (var position = 0L; ;)
        {
            var page = await database.Store.ReadLogAsync(filter, position, PageSize);
            foreach (var stored in page.Events) database.Types.Read(stored);
            read += page.Events.Count;
            if (page.ReadTo == position) return read;
            position = page.ReadTo;
        }
    }
}
