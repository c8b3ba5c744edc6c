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

    private static readonly Figures RateAndLatency = new("{0:N0}/s, p50 {1:N1} ms, p99 {2:N1} ms");

    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        await using var cluster = await LogBench.DeployAllAsync(database);
        var grains = cluster.Grains();
        await Task.WhenAll(Enumerable.Range(0, Accounts + Closed).Select(number => OpenAsync(grains, number)));
        using var stop = new CancellationTokenSource();
        var ends = new ConcurrentDictionary<string, TaskCompletionSource>();
        var following = FollowAsync(database.Store, ends, stop.Token);
        var started = 0;
        await harness.CompareAsync(
            $"transfers to their end, 20 % compensated, {Callers} callers",
            RateAndLatency,
            new Contender("", async length =>
            {
                var times = new ConcurrentBag<TimeSpan>();
                var began = Stopwatch.GetTimestamp();
                await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
                {
                    while (Stopwatch.GetElapsedTime(began) < length)
                        times.Add(await TransferAsync(grains, Interlocked.Increment(ref started), ends));
                }));
                var rate = times.Count / Stopwatch.GetElapsedTime(began).TotalSeconds;
                return [rate, .. Figures.Percentiles([.. times])];
            }));
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

    private static async Task<TimeSpan> TransferAsync(
        IGrainFactory grains, int number, ConcurrentDictionary<string, TaskCompletionSource> ends)
    {
        var id = $"t{number}";
        var to = number % 5 == 0 ? Accounts + number / 5 % Closed : number * 7 % Accounts;
        var from = number % Accounts == to ? to + 1 : number % Accounts;
        var end = ends[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var began = Stopwatch.GetTimestamp();
        var outcome = await grains.GetGrain<ITransferGrain>(id).Start(
            Context(), new Transfer($"a{from % Accounts}", $"a{to}", 1, "EUR", null));
        if (outcome.Status is not OutcomeStatus.Accepted)
            throw new InvalidOperationException($"Transfer {id}: {outcome.Code}");
        await end.Task;
        return Stopwatch.GetElapsedTime(began);
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
