using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore.ReadModels;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Bench.Log;

/// <summary>Making read models anew from the whole log, beside the live ones, up to the swap.</summary>
internal static class Rebuilding
{
    private const int EventsEach = 100;
    private const int Warm = 3;

    internal static async Task RunAsync(Harness harness, Database database, int eventsMax)
    {
        var ledger = new Ledger("rebuilt", eventsMax / EventsEach, callers: 1);
        await ledger.FillAsync(database.Store, EventsEach, chunk: 10);
        await using var cluster = await LogBench.DeployAsync(database, silo =>
        {
            silo.Services.AddSingleton(database.Services.GetRequiredService<IReadModelStore>());
            silo.AddWaybillProjections();
        });
        var rows = database.Services.GetRequiredService<IReadModelStore>();
        foreach (var model in (ReadModel[])[AccountList.Model, Statement.Model])
        {
            var projection = cluster.Grains().GetGrain<IProjectionCoordinatorGrain>(model.Name);
            while (await projection.CatchUpTo(eventsMax) < eventsMax)
            {
                // The live side comes first, so that the rebuild has the machine to itself.
            }
            var raw = await RateAsync(eventsMax, () => database.SelectLogAsync(0, long.MaxValue));
            var cold = await RateAsync(eventsMax, () => RebuildAsync(projection, rows, model));
            var warm = new List<double>();
            for (var time = 0; time < Warm; time++)
                warm.Add(await RateAsync(eventsMax, () => RebuildAsync(projection, rows, model)));
            var median = warm.Order().ElementAt(Warm / 2);
            Harness.Row(
                $"rebuild {model.Name} from {eventsMax:N0} events",
                $"the first {cold:N0}/s, then {median:N0}/s",
                $"raw SELECT: {raw:N0}/s",
                $"{cold / raw:N2}, {median / raw:N2}");
        }
    }

    private static async Task RebuildAsync(
        IProjectionCoordinatorGrain projection, IReadModelStore rows, ReadModel model)
    {
        var replaced = (await rows.ReadStateAsync(model)).Generation;
        if (!await projection.Rebuild("bench", fresh: true))
            throw new InvalidOperationException("A rebuild is under way already.");
        while ((await rows.ReadStateAsync(model)).Generation == replaced)
            await Task.Delay(5);
    }

    private static async Task<double> RateAsync(int events, Func<Task> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        return events / clock.Elapsed.TotalSeconds;
    }
}
