using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Waybill.Tests.Postgres;

namespace Waybill.Bench.Http;

/// <summary>What commands cost over HTTP, from the client's call to the end of what it has asked for.</summary>
internal static class HttpBench
{
    private const int Callers = 64;

    private static readonly Figures EndToEnd =
        new("{0:N0}/s, p50 {1:N1} ms, p99 {2:N1} ms, server {3:P0} of the machine");

    private delegate Task<Func<int, Task>> Scenario(BenchServer server, int callers);

    private static readonly (string Name, string Work, Scenario PrepareAsync)[] Scenarios =
    [
        ("deposits", $"deposits, {Callers} callers, {Depositing.Accounts} accounts", Depositing.PrepareAsync),
        ("orders", $"orders until shipped, {Callers} callers", Ordering.PrepareAsync),
        ("rides", $"rides until paid, {Callers} callers with drivers of their own", Riding.PrepareAsync),
    ];

    /// <param name="harness">Measures.</param>
    /// <param name="chosen">The scenarios and stores to measure; all, if none of them is named.</param>
    internal static async Task RunAsync(Harness harness, string[] chosen)
    {
        await using var postgres = new PostgresServer();
        await postgres.InitializeAsync();
        string[] stores = ["SQLite", "PostgreSQL"];
        foreach (var store in stores.Where(store => IsChosen(store, stores)))
        {
            Harness.Head($"HTTP on {store}");
            if (store == "PostgreSQL" && postgres.Missing is { } missing)
            {
                Harness.Row(missing, "");
                continue;
            }
            foreach (var (name, work, prepareAsync) in Scenarios)
            {
                if (!IsChosen(name, Scenarios.Select(each => each.Name))) continue;
                await using var server = await BenchServer.StartAsync(
                    store == "PostgreSQL" ? NewDatabase(postgres, name) : null);
                var once = await prepareAsync(server, Callers);
                await harness.CompareAsync(
                    work,
                    EndToEnd,
                    Loop("", server, once),
                    Loop("GET an account", server, _ => server.GetAsync($"/accounts/{Depositing.Account(0)}")),
                    Loop("GET /health/live", server, _ => server.GetAsync("/health/live")));
            }
        }

        bool IsChosen(string name, IEnumerable<string> all) =>
            chosen.Contains(name, StringComparer.OrdinalIgnoreCase)
            || !chosen.Intersect(all, StringComparer.OrdinalIgnoreCase).Any();
    }

    private static string NewDatabase(PostgresServer server, string name)
    {
        var database = string.Create(CultureInfo.InvariantCulture, $"http_{name}");
        server.Execute($"CREATE DATABASE {database}");
        return server.Database(database);
    }

    private static Contender Loop(string name, BenchServer server, Func<int, Task> work) => new(
        name,
        async length =>
        {
            var times = new ConcurrentBag<TimeSpan>();
            var (began, busy) = (Stopwatch.GetTimestamp(), server.Busy);
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
            {
                while (Stopwatch.GetElapsedTime(began) < length)
                {
                    var asked = Stopwatch.GetTimestamp();
                    await work(caller);
                    times.Add(Stopwatch.GetElapsedTime(asked));
                }
            })));
            var passed = Stopwatch.GetElapsedTime(began);
            return
            [
                times.Count / passed.TotalSeconds,
                .. Figures.Percentiles([.. times]),
                (server.Busy - busy) / passed / Environment.ProcessorCount,
            ];
        });
}
