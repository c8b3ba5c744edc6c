using Waybill.EventStore;

namespace Waybill.Bench.Log;

/// <summary>What an append and a read cost while the log grows; both should not care.</summary>
internal static class Growing
{
    private const int Smallest = 10_000;
    private const int StreamLength = 10;
    private const int Appends = 2_000;
    private const int Readers = 10;
    private const int PageSize = 100;

    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        for (var size = Smallest; size <= eventsMax; size *= 10)
        {
            var (ledger, raw) = (NewLedger(size, version: 0), NewLedger(size, version: StreamLength));
            await ledger.FillAsync(database.Store, StreamLength, chunk: StreamLength / 2);
            await database.CopyLogAsync();

            await harness.CompareAsync(
                $"append one event, {size:N0} in the log",
                Figures.Rate,
                Contender.Burst(
                    "", Appending.Callers, Appends, caller => ledger.Next(caller).AppendAsync(database.Store)),
                Contender.Burst(
                    "raw INSERTs",
                    database.WritersMax,
                    Appends,
                    caller => database.InsertAsync(caller, raw.Next(caller))));
            await harness.CompareAsync(
                $"read a stream of {StreamLength} events, {size:N0} in the log",
                Readers,
                _ => Replaying.ReadStreamAsync(database, ledger.Any()),
                "raw SELECT",
                _ => database.SelectStreamAsync(ledger.Any(), fromVersion: 1));
            await harness.CompareAsync(
                $"read {PageSize} events of the log, {size:N0} in it",
                Readers,
                _ => database.Store.ReadLogAsync(LogFilter.All, Random.Shared.Next(size - PageSize), PageSize),
                "raw SELECT",
                _ => database.SelectLogAsync(Random.Shared.Next(size - PageSize), PageSize));
        }
    }

    private static Ledger NewLedger(int size, long version) =>
        new($"of-{size}", size / StreamLength, Appending.Callers, version);
}
