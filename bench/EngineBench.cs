using System.Threading.Channels;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Waybill.Bench;

/// <summary>
/// What the engine under the application costs: calls, activations, journaled commands on storage in memory.
/// </summary>
internal static class EngineBench
{
    private const int Callers = 100;
    private const int CallsEach = 20;
    private const int IdleActivations = 100_000;

    internal static async Task RunAsync(Harness harness)
    {
        Harness.Head("The engine");
        await using (var one = await DeployAsync(silos: 1))
        {
            // Inside the silo: its own client, as an HTTP endpoint beside it would use.
            var grains = (IGrainFactory)one.Silos[0].ServiceProvider.GetService(typeof(IGrainFactory))!;
            var mailboxes = Enumerable.Range(0, Callers).Select(_ => new Mailbox()).ToArray();
            var own = Enumerable.Range(0, Callers).Select(caller => grains.GetGrain<IEchoGrain>(caller)).ToArray();
            var shared = new Mailbox();

            await harness.CompareAsync(
                "no-op call in a silo, 100 callers, 100 grains",
                Callers,
                caller => own[caller].Nothing(),
                "mailbox",
                caller => mailboxes[caller].Ask(yields: false));
            await harness.CompareAsync(
                "the same with a yield in each call",
                Callers,
                caller => own[caller].Yield(),
                "mailbox",
                caller => mailboxes[caller].Ask(yields: true));
            await harness.CompareAsync(
                "one activation, 100 callers",
                Callers,
                _ => own[0].Nothing(),
                "mailbox",
                _ => shared.Ask(yields: false));

            var accounts = Enumerable.Range(0, 1_000).Select(key => grains.GetGrain<ICounterGrain>(key)).ToArray();
            await harness.CompareAsync(
                "JournaledGrain command, storage in memory, 1,000 grains",
                Callers,
                _ => accounts[Random.Shared.Next(accounts.Length)].Add(1),
                "no-op call",
                caller => own[caller].Nothing());

            await MeasureMemoryAsync(grains);
        }

        await using var two = await DeployAsync(silos: 2);
        var (near, far) = await PairsAsync(two.Client);
        await harness.CompareAsync(
            "small record to a grain on another silo and back, 100 pairs",
            Callers,
            caller => near[caller].Relay(far[caller], CallsEach),
            "on its own silo",
            caller => near[caller].Relay(near[Callers + caller], CallsEach),
            CallsEach);
    }

    private static async Task MeasureMemoryAsync(IGrainFactory grains)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var key = 0; key < IdleActivations; key++) await grains.GetGrain<IIdleGrain>(key).Nothing();
        var after = GC.GetTotalMemory(forceFullCollection: true);
        var each = (after - before) / IdleActivations;
        Harness.Row("memory per idle activation, 100,000 of them", $"{each:N0} bytes");
    }

    // Grains on different silos, found by asking.
    private static async Task<(IEchoGrain[] Near, IEchoGrain[] Far)> PairsAsync(IGrainFactory grains)
    {
        var placed = await Task.WhenAll(Enumerable.Range(0, Callers * 20).Select(async key =>
        {
            var grain = grains.GetGrain<IEchoGrain>(key);
            return (Grain: grain, Silo: await grain.Where());
        }));
        var bySilo = placed.GroupBy(grain => grain.Silo, grain => grain.Grain)
            .OrderBy(group => group.Count())
            .Select(group => group.ToArray())
            .ToArray();
        return (bySilo[0], bySilo[^1]);
    }

    private static async Task<InProcessTestCluster> DeployAsync(short silos)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) => silo.AddCustomStorageBasedLogConsistencyProviderAsDefault());
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    /// <summary>The baseline: the least that an actor written by hand does, a queue and one reader.</summary>
    private sealed class Mailbox
    {
        private readonly Channel<(TaskCompletionSource Answer, bool Yields)> _asked =
            Channel.CreateUnbounded<(TaskCompletionSource, bool)>(new UnboundedChannelOptions { SingleReader = true });

        internal Mailbox() => _ = Task.Run(async () =>
        {
            await foreach (var (answer, yields) in _asked.Reader.ReadAllAsync())
            {
                if (yields) await Task.Yield();
                answer.SetResult();
            }
        });

        internal Task Ask(bool yields)
        {
            var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _asked.Writer.TryWrite((answer, yields));
            return answer.Task;
        }
    }
}
