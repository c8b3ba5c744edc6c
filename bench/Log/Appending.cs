using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Bench.Log;

/// <summary>Commands and appends, many callers at once.</summary>
internal static class Appending
{
    internal const int Callers = 100;
    private const int Accounts = 1_000;

    /// <summary>Many callers on many accounts.</summary>
    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        await using var cluster = await LogBench.DeployAsync(database);
        var accounts = Enumerable.Range(0, Accounts)
            .Select(key => cluster.Grains().GetGrain<IAccountGrain>($"grain-{key}"))
            .ToArray();
        await Task.WhenAll(accounts.Select(account => account.Open(Deposit.Command(), Deposit.Actor, "EUR")));
        var (store, one, batches) = (NewLedger("store"), NewLedger("one"), NewLedger("batches", database.WritersMax));

        await harness.CompareAsync(
            "load, decide, append one event; 100 callers, 1,000 accounts",
            Figures.Rate,
            Contender.Loop("", Callers, _ => DepositAsync(accounts[Random.Shared.Next(Accounts)])),
            Contender.Loop("the store alone", Callers, caller => store.Next(caller).AppendAsync(database.Store)),
            RawInserts(database, one),
            RawBatches(database, batches));
    }

    /// <summary>Many callers on one account.</summary>
    internal static async Task RunHotAsync(Harness harness, Database database, int eventsMax)
    {
        await using var cluster = await LogBench.DeployAsync(database);
        var account = cluster.Grains().GetGrain<IAccountGrain>("hot");
        await account.Open(Deposit.Command(), Deposit.Actor, "EUR");
        var raw = new Ledger("raw", accounts: 1, callers: 1);

        await harness.CompareAsync(
            "the same on one account",
            Figures.Rate,
            Contender.Loop("", Callers, _ => DepositAsync(account)),
            Contender.Loop("raw, one commit each", 1, caller => database.InsertAsync(caller, raw.Next(caller))));
    }

    /// <summary>One raw INSERT each, on as many connections as the database takes.</summary>
    internal static Contender RawInserts(Database database, Ledger ledger) => Contender.Loop(
        "raw INSERTs",
        database.WritersMax,
        caller => database.InsertAsync(caller, ledger.Next(caller)));

    /// <summary>Batches of rows, as many at a time as use the machine.</summary>
    private static Contender RawBatches(Database database, Ledger ledger) => Contender.Loop(
        $"raw batches of {Database.BatchRows}",
        Math.Min(database.WritersMax, 4),
        caller => database.InsertBatchAsync(
            caller,
            [.. Enumerable.Range(0, Database.BatchRows).Select(_ => ledger.Next(caller))]),
        Database.BatchRows);

    private static Ledger NewLedger(string prefix, int callers = Callers) => new(prefix, Accounts, callers);

    private static async Task DepositAsync(IAccountGrain account)
    {
        var outcome = await account.Deposit(Deposit.Command(), 1, Deposit.Reference);
        if (outcome.Status != OutcomeStatus.Accepted) throw new InvalidOperationException($"A deposit met {outcome}.");
    }
}
