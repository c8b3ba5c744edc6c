using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Waybill.Demo.Books;
using Waybill.Demo.Day;
using Waybill.Demo.Http;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.Chaos;

using Town = Waybill.Demo.Day.Town; // These tests have a town of their own.

/// <inheritdoc/>
public sealed class SqliteChaosTests(ITestOutputHelper output) : ChaosTests(output, server: null);

/// <inheritdoc/>
public sealed class PostgresChaosTests(PostgresServer server, ITestOutputHelper output)
    : ChaosTests(output, server), IClassFixture<PostgresServer>;

/// <summary>
/// The demo's day over and over, by many clients at once, over a network that doubles and loses commands and answers,
/// while the server is killed and started again. WAYBILL_CHAOS_SECONDS says for how long new things begin,
/// WAYBILL_SEED which.
/// </summary>
public abstract class ChaosTests(ITestOutputHelper output, PostgresServer? server)
{
    private const int Clients = 64;
    private const int SecondsDefault = 6;

    // Longer than the server takes to be there again on a busy machine, and than a fare's third attempt is away.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_done_twice_and_the_books_balance()
    {
        var seed = Setting.Seed();
        var length = TimeSpan.FromSeconds(Setting.Of("WAYBILL_CHAOS_SECONDS") ?? SecondsDefault);
        output.WriteLine($"WAYBILL_CHAOS_SECONDS={length.TotalSeconds} WAYBILL_SEED={seed}");
        using var data = new DataDirectory();
        string[] arguments =
        [
            "--urls", $"http://127.0.0.1:{FreePort()}",
            .. server is null ? Array.Empty<string>() : ["--postgres", server.NewSchema()],
        ];
        var first = await ServerProcess.StartAsync(data.Path, arguments);
        await using var _ = first;
        var run = $"chaos-{Guid.NewGuid().ToString("N")[..8]}";
        using var network = new UnreliableNetwork(seed);
        using var api = new WaybillClient(first.Client.Address, run, Patience, network);
        var town = new Town(api, run);
        var random = new Random(seed);
        var since = DateTimeOffset.UtcNow.AddMinutes(-1);
        await DayRun.DoAsync(town.Opening(random), () => { });
        await town.Taxis.UntilOnline(town.Centre, town.Cabs.Count);

        var days = new Days(town, random, length);
        var clients = Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(days.LiveAsync)));
        await Task.WhenAny(days.Noon, clients);
        await first.KillAsync();
        var answeredBefore = network.Acknowledged.Count;
        await using var second = await ServerProcess.StartAsync(data.Path, arguments);
        await clients;

        output.WriteLine($"{days.Ended} visits, {network.Acknowledged.Count} commands, {answeredBefore} at the kill");
        days.Faults.ShouldBeEmpty();
        answeredBefore.ShouldBeInRange(1, network.Acknowledged.Count - 1, "it was killed in the midst");
        (await new Audit(api, town, since).SettleAsync(Patience)).ShouldBeEmpty();
        network.Contradictions.ShouldBeEmpty();
        (await Effects.Wrong(api, network, run)).ShouldBeEmpty();
        (await Forgotten(network)).ShouldBeEmpty();
    }

    // Whoever asks again is told what was answered then.
    private static async Task<IReadOnlyCollection<string>> Forgotten(UnreliableNetwork network)
    {
        var forgotten = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            network.Acknowledged.Values.ToList(),
            new ParallelOptions { MaxDegreeOfParallelism = Clients },
            async (acknowledged, cancellation) =>
            {
                var again = await network.Deliver(acknowledged.Command, cancellation);
                if (again != (acknowledged.Answer, true))
                    forgotten.Add($"{acknowledged.Command.Key}: first {acknowledged.Answer}, now {again}");
            });
        return forgotten;
    }

    // The clients must find the second server where the first one was.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>One day after the other, until time is up.</summary>
    private sealed class Days(Town town, Random random, TimeSpan length)
    {
        private readonly TaskCompletionSource _noon = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Queue<Visit> _plan = []; // Locked wherever it is used, and the dice with it.
        private readonly long _begun = Stopwatch.GetTimestamp();
        private int _ended;

        /// <summary>Half of the time is over.</summary>
        public Task Noon => _noon.Task;

        public int Ended => _ended;

        public ConcurrentQueue<string> Faults { get; } = [];

        /// <summary>One client's life.</summary>
        public async Task LiveAsync()
        {
            for (var passed = TimeSpan.Zero; passed < length; passed = Stopwatch.GetElapsedTime(_begun))
            {
                if (passed > length / 2)
                    _noon.TrySetResult();
                var visit = Next();
                try
                {
                    await visit.Happen();
                    Interlocked.Increment(ref _ended);
                }
                catch (UnexpectedReplyException wrong)
                {
                    Faults.Enqueue($"{visit.Story}: {wrong.Message}");
                }
            }
        }

        private Visit Next()
        {
            lock (_plan)
            {
                if (_plan.Count == 0)
                    foreach (var visit in DayPlan.Of(town, random))
                        _plan.Enqueue(visit);
                return _plan.Dequeue();
            }
        }
    }
}
