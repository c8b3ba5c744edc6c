using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains;
using Waybill.Tests.Postgres;

namespace Waybill.Bench.Log;

/// <summary>What the log costs, on each of its stores, beside a raw client of the same database.</summary>
internal static class LogBench
{
    private delegate Task Scenario(Harness harness, Database database, int eventsMax);

    private static readonly (string Name, Scenario RunAsync)[] Scenarios =
    [
        ("append", Appending.RunAsync),
        ("hot", Appending.RunHotAsync),
        ("cold", Activating.RunAsync),
        ("replay", Replaying.RunAsync),
        ("growth", Growing.RunAsync),
        ("consumer", Delivering.RunAsync),
        ("verify", Verifying.RunAsync),
        ("transfer", Transferring.RunAsync),
        ("visible", Viewing.RunAsync),
        ("rebuild", Rebuilding.RunAsync),
    ];

    /// <param name="harness">Measures.</param>
    /// <param name="eventsMax">How far the log grows at most.</param>
    /// <param name="chosen">The scenarios and stores to measure; all, if none of them is named.</param>
    internal static async Task RunAsync(Harness harness, int eventsMax, string[] chosen)
    {
        await using var server = new PostgresServer();
        await server.InitializeAsync();
        (string Name, Func<Database> Create)[] stores =
        [
            ("SQLite", () => new SqliteDatabase()),
            ("PostgreSQL", () => new PostgresDatabase(server)),
        ];
        foreach (var (store, create) in stores.Where(store => IsChosen(store.Name, stores.Select(each => each.Name))))
        {
            Harness.Head($"The log on {store}");
            if (store == "PostgreSQL" && server.Missing is { } missing)
            {
                Harness.Row(missing, "");
                continue;
            }
            foreach (var (name, runAsync) in Scenarios)
            {
                if (!IsChosen(name, Scenarios.Select(each => each.Name))) continue;
                await using var database = create();
                await runAsync(harness, database, eventsMax);
            }
        }

        bool IsChosen(string name, IEnumerable<string> all) =>
            chosen.Contains(name, StringComparer.OrdinalIgnoreCase)
            || !chosen.Intersect(all, StringComparer.OrdinalIgnoreCase).Any();
    }

    /// <summary>Starts a silo with Waybill's grains on the database.</summary>
    internal static Task<InProcessTestCluster> DeployAsync(
        Database database, Action<ISiloBuilder>? configure = null) =>
        StartAsync(database, silo =>
        {
            silo.AddWaybillGrains();
            configure?.Invoke(silo);
        });

    /// <summary>Starts a silo that does all that Waybill does, as the server composes it.</summary>
    internal static Task<InProcessTestCluster> DeployAllAsync(
        Database database, Action<ISiloBuilder>? configure = null) =>
        StartAsync(database, silo =>
        {
            silo.Services.AddSingleton(database.Services.GetRequiredService<IReadModelStore>());
            silo.Services.AddSingleton(database.Services.GetRequiredService<IDueStore>());
            silo.AddWaybill();
            configure?.Invoke(silo);
        });

    /// <summary>The grains as the silo itself calls them, as an HTTP endpoint beside it would.</summary>
    internal static IGrainFactory Grains(this InProcessTestCluster cluster) =>
        cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>();

    private static async Task<InProcessTestCluster> StartAsync(Database database, Action<ISiloBuilder> configure)
    {
        var builder = new InProcessTestClusterBuilder(initialSilosCount: 1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(database.Store);
            silo.Services.AddSingleton(database.Services.GetRequiredService<ICheckpointStore>());
            silo.Services.AddSingleton(database.Services.GetRequiredService<ISnapshotStore>());
            configure(silo);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }
}
