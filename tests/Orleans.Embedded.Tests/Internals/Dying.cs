using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals;

/// <summary>Silos die while grains are being placed on them: no call may hang, and no grain may be lost.</summary>
public sealed class Dying
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Calls_that_place_new_grains_while_silos_go_and_come_all_end(bool kill)
    {
        await using var cluster = Silos.Compose(2).Build();
        await cluster.DeployAsync();
        using var enough = new CancellationTokenSource();
        var failures = 0;
        var callers = Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; !enough.IsCancellationRequested; i++)
            {
                try
                {
                    await cluster.Client.GetGrain<IIdle>($"{caller} {i}").Call().Soon();
                }
                catch (SiloUnavailableException) when (kill)
                {
                    failures++;
                }
            }
        })).ToList();

        for (var round = 0; round < 10; round++)
        {
            var going = cluster.Silos[1];
            await (kill ? cluster.KillSiloAsync(going) : cluster.StopSiloAsync(going));
            await cluster.StartAdditionalSiloAsync();
        }

        await enough.CancelAsync();
        await Task.WhenAll(callers).Soon();

        // None is left on a silo that has gone.
        foreach (var gone in AllActivations(cluster)) gone.Runtime.Silo!.Status.ShouldBe(SiloStatus.Active);
    }

    private static IEnumerable<Activation> AllActivations(Orleans.TestingHost.InProcessTestCluster cluster) =>
        ((Silo)cluster.GetSiloServiceProvider().GetService(typeof(Silo))!).Cluster.Activations
            .Where(activation => activation.GrainId.Type != Cluster.ObserverType);
}
