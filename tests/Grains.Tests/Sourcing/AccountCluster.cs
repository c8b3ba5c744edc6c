using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Hosting;
using Orleans.TestingHost;
using Waybill.EventStore;
using Waybill.EventStore.Sqlite;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>
/// Two clusters of one silo each over one store that fails on demand. Orleans keeps one activation of a grain in a
/// cluster; in two clusters there are two, as there are for moments when a cluster is torn apart.
/// </summary>
public class AccountCluster : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");
    private SqliteEventStore _sqlite = null!;
    private InProcessTestCluster _here = null!;
    private InProcessTestCluster _elsewhere = null!;

    public EventTypes Types { get; } =
        new ServiceCollection().AddWaybillEvents().AddEvents(GuestEventJson.Default)
            .BuildServiceProvider().GetRequiredService<EventTypes>();

    public virtual SourcingOptions Options { get; } = new();

    public Arrivals Arrivals { get; } = new();

    public FakeTimeProvider Clock { get; } = new();

    public FaultyEventStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _sqlite = new SqliteEventStore(
            new SqliteEventStoreOptions { Path = Path.Combine(_directory.FullName, "waybill.db") },
            Types,
            Clock,
            NullLogger<SqliteEventStore>.Instance);
        Store = new FaultyEventStore(_sqlite, _sqlite)
        {
            RivalEvent = () => new NewEvent(
                Guid.CreateVersion7(),
                new AccountEvent.MoneyDeposited(1, "rival"),
                new EventMetadata(Guid.CreateVersion7(), "rival", null, "rival")),
        };
        _here = await Deploy();
        _elsewhere = await Deploy();
    }

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _elsewhere.DisposeAsync();
        _sqlite.Dispose();
        _directory.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    public IAccountGrain Here(string id) => _here.Client.GetGrain<IAccountGrain>(id);

    public IAccountGrain Elsewhere(string id) => _elsewhere.Client.GetGrain<IAccountGrain>(id);

    public IGuestGrain Guest(string id) => _here.Client.GetGrain<IGuestGrain>(id);

    public IRideGrain Ride(string id) => _here.Client.GetGrain<IRideGrain>(id);

    private async Task<InProcessTestCluster> Deploy()
    {
        var builder = new InProcessTestClusterBuilder(initialSilosCount: 1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(
                new StoreAccess(Store, Store, Types, Clock, Options, NullLogger<StoreAccess>.Instance));
            silo.AddWaybillGrains();
            silo.AddIncomingGrainCallFilter(Arrivals);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }
}
