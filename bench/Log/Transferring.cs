using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Waybill.EventStore;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Transfers;

namespace Waybill.Bench.Log;

/// <summary>How many transfers come to their end, one in five of them compensated, and how long each takes.</summary>
internal static class Transferring
{
    private const int Callers = 50;
    private const int Accounts = 1_000;
    private const int Closed = 10;

    // What a transfer that succeeds commits to the log, and to its read models.
    private const int Events = 5;
    private const int Rows = 7;

    private static readonly Figures RateAndLatency = new("{0:N0}/s, p50 {1:N1} ms, p99 {2:N1} ms");

    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        await using var cluster = await LogBench.DeployAllAsync(database);
        var grains = cluster.Grains();
        await Task.WhenAll(Enumerable.Range(0, Accounts + Closed).Select(number => OpenAsync(grains, number)));
        using var stop = new CancellationTokenSource();
        var ends = new ConcurrentDictionary<string, TaskCompletionSource>();
        var following = FollowAsync(database.Store, ends, stop.Token);
        var raw = new Ledger("raw", Accounts, Callers);
        var started = 0;
        await harness.CompareAsync(
            $"transfers to their end, 20 % compensated, {Callers} callers",
            RateAndLatency,
            new Contender("", length => LoopAsync(
                length, _ => TransferAsync(grains, Interlocked.Increment(ref started), ends))),
            new Contender(
                $"raw: {Events} INSERTs and {Rows} UPSERTs, one after another",
                length => LoopAsync(length, caller => RawAsync(database, raw, caller))));
        await stop.CancelAsync();
        await following;
    }

    private static async Task OpenAsync(IGrainFactory grains, int number)
    {
        var account = grains.GetGrain<IAccountGrain>($"a{number}");
        await account.Open(Context(), "ann", "EUR");
        if (number < Accounts)
            await account.Deposit(Context(), 1_000_000, null);
        else
            await account.Close(Context());
    }

    private static async Task<double[]> LoopAsync(TimeSpan length, Func<int, Task> transfer)
    {
        var times = new ConcurrentBag<TimeSpan>();
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            while (Stopwatch.GetElapsedTime(began) < length)
            {
                var since = Stopwatch.GetTimestamp();
                await transfer(caller);
                times.Add(Stopwatch.GetElapsedTime(since));
            }
        }));
        var rate = times.Count / Stopwatch.GetElapsedTime(began).TotalSeconds;
        return [rate, .. Figures.Percentiles([.. times])];
    }

    private static async Task TransferAsync(
        IGrainFactory grains, int number, ConcurrentDictionary<string, TaskCompletionSource> ends)
    {
        var id = $"t{number}";
        var to = number % 5 == 0 ? Accounts + number / 5 % Closed : number * 7 % Accounts;
        var from = number % Accounts == to ? to + 1 : number % Accounts;
        var end = ends[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var outcome = await grains.GetGrain<ITransferGrain>(id).Start(
            Context(), new Transfer($"a{from % Accounts}", $"a{to}", 1, "EUR", null));
        if (outcome.Status is not OutcomeStatus.Accepted)
            throw new InvalidOperationException($"Transfer {id}: {outcome.Code}");
        await end.Task;
    }

    // As many commits as a transfer is, by a client without rules, sagas or deliveries.
    private static async Task RawAsync(Database database, Ledger raw, int caller)
    {
        for (var i = 0; i < Events; i++)
            await database.InTurnAsync(caller, writer => database.InsertAsync(writer, raw.Next(caller)));
        for (var i = 0; i < Rows; i++)
            await database.InTurnAsync(caller, writer => database.UpsertRowAsync(writer, raw.Next(caller)));
    }

    // The log tells of the ends: asking each transfer would cost more than the transfers.
    private static async Task FollowAsync(
        IEventStore store, ConcurrentDictionary<string, TaskCompletionSource> ends, CancellationToken stop)
    {
        var after = await store.ReadHeadPositionAsync(CancellationToken.None);
        var filter = new LogFilter(Category: "transfer");
        while (!stop.IsCancellationRequested)
        {
            await store.WaitBeyondAsync(after, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var page = await store.FollowLogAsync(filter, after, limit: 1_000, CancellationToken.None);
            after = page.ReadTo;
            foreach (var stored in page.Events)
                if (IsEnd(Encoding.UTF8.GetString(stored.Data)) && ends.TryRemove(stored.Stream.Id, out var end))
                    end.SetResult();
        }
    }

    private static bool IsEnd(string step) =>
        step.Contains("\"status\":\"comp", StringComparison.Ordinal)
            ? !step.Contains("\"compensating\"", StringComparison.Ordinal)
            : step.Contains("\"status\":\"failed\"", StringComparison.Ordinal);

    private static CommandContext Context() => new(Guid.CreateVersion7(), "bench", null, "bench");
}
