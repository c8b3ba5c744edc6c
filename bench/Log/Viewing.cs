using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Bench.Log;

/// <summary>
/// How long it takes from when a command was due until whoever sent it has read what it did out of the read model,
/// alone and where another process writes to the same streams.
/// </summary>
internal static class Viewing
{
    private const int CommandsPerSecond = 500;
    private const int Accounts = 1_000;
    private const int RawWriters = 10;

    // One command in so many meets an account that somebody else has written to meanwhile.
    private const int ConflictEvery = 10;

    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        var rows = database.Services.GetRequiredService<IReadModelStore>();
        await using var cluster = await LogBench.DeployAllAsync(database);
        var grains = cluster.Grains();
        await Task.WhenAll(Enumerable.Range(0, Accounts).Select(number =>
            Account(number).Open(Deposit.Command(), Deposit.Actor, "EUR")));
        var list = grains.GetGrain<IProjectionCoordinatorGrain>(AccountList.Model.Name);
        var raw = new Ledger("raw", Accounts, callers: 1);
        var sent = 0;

        await harness.CompareAsync(
            $"command to visible row, {CommandsPerSecond} commands/s",
            Figures.LatencyAndLoad,
            new Contender("", length => PaceAsync(length, database, () => VisibleAsync(Next()))),
            new Contender("its answer alone", length => PaceAsync(length, database, () => DepositAsync(Next()))),
            new Contender("raw INSERT, UPSERT and SELECT", length => PaceAsync(length, database, RawAsync)));
        await harness.CompareAsync(
            $"the same with a version conflict in one of {ConflictEvery}",
            Figures.LatencyAndLoad,
            new Contender("", length => PaceAsync(length, database, async () =>
            {
                var number = Next();
                if (number % ConflictEvery == 0)
                    await IntrudeAsync(number);
                await VisibleAsync(number);
            })),
            new Contender("without", length => PaceAsync(length, database, () => VisibleAsync(Next()))));

        IAccountGrain Account(int number) => grains.GetGrain<IAccountGrain>($"seen-{number}");

        int Next() => Interlocked.Increment(ref sent) % Accounts;

        async Task<Outcome<AccountView>> DepositAsync(int number) =>
            await Account(number).Deposit(Deposit.Command(), 1, Deposit.Reference) is
                { Status: OutcomeStatus.Accepted } accepted
                ? accepted
                : throw new InvalidOperationException("A deposit was not accepted.");

        async Task VisibleAsync(int number)
        {
            var accepted = await DepositAsync(number);
            while (await list.CatchUpTo(accepted.Position) < accepted.Position)
            {
                // It is asked again until it is there, as a reader does.
            }
            var seen = await rows.QueryAsync(
                AccountList.Model, new("account_id = $1", [accepted.View!.AccountId]), CancellationToken.None);
            if (seen.Rows.Single().Version < accepted.Version)
                throw new InvalidOperationException("The row is older than the command.");
        }

        // The least that a client does who keeps both an event and a row, and then looks at the row.
        Task RawAsync()
        {
            var deposit = raw.Next(caller: 0);
            return database.InTurnAsync(Next() % RawWriters, async writer =>
            {
                await database.InsertAsync(writer, deposit);
                await database.UpsertRowAsync(writer, deposit);
                await database.SelectRowAsync(writer, deposit);
            });
        }

        // Writes to an account past its grain, as another silo would whose grain does not know that it is dead.
        async Task IntrudeAsync(int number)
        {
            var known = await Account(number).Get();
            var stream = new StreamName(Grains.Accounts.Account.Category, known.View!.AccountId);
            var intruding = new Deposit(stream, known.Version + 1);
            await database.Store.AppendAsync(
                intruding.Stream, known.Version, [intruding.Event], CancellationToken.None);
        }
    }

    // An open loop: what is due is sent, whatever became of the ones before.
    private static async Task<double[]> PaceAsync(TimeSpan length, Database database, Func<Task> command)
    {
        var count = (int)(CommandsPerSecond * length.TotalSeconds);
        var busy = Environment.CpuUsage.TotalTime + database.ServerTime;
        var start = Stopwatch.GetTimestamp();
        List<Task<TimeSpan>> commands = [];
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (commands.Count < count && await ticks.WaitForNextTickAsync())
        {
            var due = Math.Min(count, Stopwatch.GetElapsedTime(start).TotalSeconds * CommandsPerSecond);
            while (commands.Count < due)
                commands.Add(TimeAsync(TimeSpan.FromSeconds((double)commands.Count / CommandsPerSecond)));
        }
        var times = await Task.WhenAll(commands);
        busy = Environment.CpuUsage.TotalTime + database.ServerTime - busy;
        return
        [
            .. Figures.Percentiles([.. times]),
            busy / Stopwatch.GetElapsedTime(start) / Environment.ProcessorCount,
        ];

        async Task<TimeSpan> TimeAsync(TimeSpan due)
        {
            await command();
            return Stopwatch.GetElapsedTime(start) - due;
        }
    }
}
