using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;

namespace Waybill.Bench.Log;

/// <summary>Checking the chain of hashes over the whole log.</summary>
internal static class Verifying
{
    private const int Length = 200_000;

    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        var audit = database.Services.GetRequiredService<ILogAudit>();
        var length = Math.Min(Length, eventsMax);
        await new Ledger("chained", accounts: length / 100, callers: 1).FillAsync(database.Store, 100, chunk: 10);

        await harness.CompareAsync(
            "verify the chain of hashes",
            Figures.Rate,
            Contender.Pass("", async () => await audit.VerifyAsync() is Verification.Intact { Head: { } head }
                ? head.Position
                : throw new InvalidOperationException("The log is not intact.")),
            Contender.Pass("raw SELECT", () => database.SelectLogAsync(0, long.MaxValue)));
    }
}
