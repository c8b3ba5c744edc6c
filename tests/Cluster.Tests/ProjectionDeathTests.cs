using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.TestingHost;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Sqlite;
using Waybill.EventStore.Streams;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Tests.Cluster;

/// <summary>Projections on three silos over one log, while one of the silos dies.</summary>
public sealed class ProjectionDeathTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Accounts = 20;
    private const int Callers = 8;
    private const int DepositsEach = 25;

    // How long a projection may take to go on elsewhere.
    private static readonly TimeSpan GoOnLimit = TimeSpan.FromSeconds(5);

    // A call that the dead silo took with it is asked again after this time.
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");
    private SqliteEventStore _store = null!;
    private InProcessTestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _store = new SqliteEventStore(
            new SqliteEventStoreOptions { Path = Path.Combine(_directory.FullName, "waybill.db") },
            new ServiceCollection().AddWaybillEvents().BuildServiceProvider().GetRequiredService<EventTypes>(),
            TimeProvider.System,
            NullLogger<SqliteEventStore>.Instance);
        _cluster = new InProcessTestClusterBuilder(3)
            .ConfigureSilo((_, silo) =>
            {
                silo.Services.AddSingleton<IEventStore>(_store);
                silo.Services.AddSingleton<ICheckpointStore>(_store);
                silo.Services.AddSingleton<ISnapshotStore>(_store);
                silo.Services.AddSingleton(_store.ReadModels);
                silo.AddEventStreams();
                silo.AddWaybillGrains();
                silo.AddWaybillProjections();
            })
            .ConfigureClient(client => client.Services.Configure<ClientMessagingOptions>(
                options => options.ResponseTimeout = CallLimit))
            .Build();
        await _cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _store.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task They_go_on_elsewhere_with_nothing_lost_and_nothing_applied_twice()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        for (var account = 0; account < Accounts; account++)
            await Deliver(() => Account(account).Open(NewContext(), "ann", "EUR"));
        using var underWay = new CountdownEvent(Callers);
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(seed + caller);
            for (var deposit = 0; deposit < DepositsEach; deposit++)
            {
                var (account, context) = (random.Next(Accounts), NewContext());
                await Deliver(() => Account(account).Deposit(context, random.Next(1, 9), "x"));
                if (deposit == DepositsEach / 3)
                    underWay.Signal();
            }
        }, Cancellation)).ToList();
        await Task.Run(() => underWay.Wait(Cancellation), Cancellation);

        await _cluster.KillSiloAsync(_cluster.Silos[new Random(seed).Next(3)]);
        var atDeath = await _store.ReadHeadPositionAsync(Cancellation);
        await Task.WhenAll(CaughtUp("account_list", atDeath), CaughtUp("statement", atDeath))
            .WaitAsync(GoOnLimit, Cancellation);
        await Task.WhenAll(callers);

        var head = await _store.ReadHeadPositionAsync(Cancellation);
        await Task.WhenAll(CaughtUp("account_list", head), CaughtUp("statement", head));
        var (accounts, lines) = await FoldLog();
        (await Rows(AccountList.Model)).ShouldBe(accounts, ignoreOrder: true);
        (await Rows(Statement.Model)).ShouldBe(lines, ignoreOrder: true);
    }

    private IAccountGrain Account(int number) => _cluster.Client.GetGrain<IAccountGrain>($"a{number}");

    private async Task CaughtUp(string projection, long position)
    {
        var coordinator = _cluster.Client.GetGrain<IProjectionCoordinatorGrain>(projection);
        while (await Deliver(() => coordinator.CatchUpTo(position)) < position)
        {
            // Each call reads on for as long as it may.
        }
    }

    private async Task<IReadOnlyList<TRow>> Rows<TRow>(ReadModel<TRow> model)
        where TRow : class =>
        (await _store.ReadModels.QueryAsync(model, new ReadModelQuery(Limit: 1_000_000), Cancellation)).Rows;

    private async Task<(IEnumerable<AccountRow>, IEnumerable<StatementRow>)> FoldLog()
    {
        var types = new ServiceCollection().AddWaybillEvents().BuildServiceProvider().GetRequiredService<EventTypes>();
        var accounts = new Dictionary<string, AccountRow>();
        var lines = new Dictionary<(string, long), StatementRow>();
        for (var account = 0; account < Accounts; account++)
            await foreach (var stored in _store.ReadStreamAsync(
                new StreamName("account", $"a{account}"), cancellation: Cancellation))
            {
                var (recorded, id) = (types.Read(stored), stored.Stream.Id);
                accounts[id] = AccountList.Apply(accounts.GetValueOrDefault(id), recorded)!;
                lines[(id, stored.Version)] =
                    Statement.Apply(lines.GetValueOrDefault((id, stored.Version - 1)), recorded)!;
            }
        return (accounts.Values, lines.Values);
    }

    private static CommandContext NewContext() => new(Guid.CreateVersion7(), "kill", null, "test");

    private static async Task<T> Deliver<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                // The silo died with the call, or just before it; the next try finds another.
            }
        }
    }
}
