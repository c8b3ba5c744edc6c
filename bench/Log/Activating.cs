using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Waybill.EventStore;
using Waybill.Grains.Accounts;

namespace Waybill.Bench.Log;

/// <summary>The first call to a grain whose stream is long.</summary>
internal static class Activating
{
    private const int Accounts = 10;
    private const int Length = 10_000;
    private const int Tail = 250;

    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        var ledger = new Ledger("cold", Accounts, callers: 1);
        await ledger.FillAsync(database.Store, Length - Tail, chunk: Tail);
        await using var plain = await LogBench.DeployAsync(
            database, silo => silo.Services.AddSingleton<ISnapshotStore>(new NoSnapshots()));
        await using var cluster = await LogBench.DeployAsync(database);
        // Whoever reads a long stream keeps a snapshot of it; what is appended then is the tail beyond that.
        for (var account = 0; account < Accounts; account++)
            await ActivateAsync(cluster, ledger.NameOf(account));
        await ledger.FillAsync(database.Store, Length, chunk: Tail);

        await harness.CompareAsync(
            $"activate, {Length:N0} events, with a snapshot {Tail} events back",
            Figures.Latency,
            Contender.Timed("", () => ActivateAsync(cluster, ledger.Any().Id)),
            Contender.Timed(
                $"raw SELECT of {Tail} rows", () => SelectAsync(database, ledger.Any(), Length - Tail + 1)));
        await harness.CompareAsync(
            $"activate, {Length:N0} events, without a snapshot",
            Figures.Latency,
            Contender.Timed("", () => ActivateAsync(plain, ledger.Any().Id)),
            Contender.Timed(
                $"raw SELECT of {Length:N0} rows", () => SelectAsync(database, ledger.Any(), fromVersion: 1)));
    }

    // The deactivation is not part of the time.
    private static async Task<TimeSpan> ActivateAsync(InProcessTestCluster cluster, string id)
    {
        var account = cluster.Grains().GetGrain<IAccountGrain>(id);
        var clock = Stopwatch.StartNew();
        var outcome = await account.Get();
        var time = clock.Elapsed;
        if (outcome.Version < Length - Tail) throw new InvalidOperationException($"{id} was activated as {outcome}.");
        await cluster.DeactivateAsync(account);
        return time;
    }

    private static async Task<TimeSpan> SelectAsync(Database database, StreamName stream, long fromVersion)
    {
        var clock = Stopwatch.StartNew();
        await database.SelectStreamAsync(stream, fromVersion);
        return clock.Elapsed;
    }

    private sealed class NoSnapshots : ISnapshotStore
    {
        public Task<Snapshot?> ReadSnapshotAsync(StreamName stream, string shape, CancellationToken cancellation) =>
            Task.FromResult<Snapshot?>(null);

        public Task SaveSnapshotAsync(StreamName stream, Snapshot snapshot, CancellationToken cancellation) =>
            Task.CompletedTask;
    }
}
