using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.TestingHost;
using Waybill.EventStore;
using Waybill.EventStore.Sqlite;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Tests.Cluster;

/// <summary>Three silos over one log, a hundred callers, and a silo that dies in the middle.</summary>
public sealed class SiloDeathTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Callers = 100;
    private const int Accounts = 50;

    // Before the kill, and again after it, so that every caller is in full swing at both sides of it.
    private const int DepositsEach = 5;

    // Longer than a command may take, far shorter than Orleans' own 30 s.
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);

    // After the kill. How soon genuine Orleans finds out is its own affair.
#if ORLEANS_PACKAGES
    private static readonly TimeSpan Limit = 2 * CallLimit;
#else
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
#endif

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
                silo.Services.AddSingleton<IEventStore>(_store).AddSingleton<ISnapshotStore>(_store);
                silo.AddWaybillGrains();
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
    public async Task Every_account_answers_soon_and_each_acknowledged_deposit_is_in_the_log_exactly_once()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        for (var account = 0; account < Accounts; account++)
        {
            (await Account(account).Open(NewContext(), "ann", "EUR")).Status.ShouldBe(OutcomeStatus.Accepted);
        }

        var acknowledged = new ConcurrentDictionary<Guid, int>();
        using var warm = new CountdownEvent(Callers);
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(seed + caller);
            for (var deposit = 0; deposit < DepositsEach; deposit++) await Deposit(random, acknowledged);
            warm.Signal();
            while (!killed.Task.IsCompleted) await Deposit(random, acknowledged);
            for (var deposit = 0; deposit < DepositsEach; deposit++) await Deposit(random, acknowledged);
        }, Cancellation)).ToList();

        await Task.Run(() => warm.Wait(Cancellation), Cancellation);
        await _cluster.KillSiloAsync(_cluster.Silos[new Random(seed).Next(3)]);
        var answers = Enumerable.Range(0, Accounts).Select(account =>
            UntilDelivered(() => Account(account).Get()).WaitAsync(Limit, Cancellation));
        foreach (var answer in await Task.WhenAll(answers)) answer.Status.ShouldBe(OutcomeStatus.Accepted);
        killed.SetResult();
        await Task.WhenAll(callers);

        for (var account = 0; account < Accounts; account++)
        {
            var stream = await _store.ReadStreamAsync(new("account", $"a{account}"), cancellation: Cancellation)
                .ToListAsync(Cancellation);
            stream.Select(recorded => recorded.Version)
                .ShouldBe(Enumerable.Range(1, stream.Count).Select(version => (long)version));
            var deposits = stream.Skip(1).Select(recorded => recorded.Metadata.CommandId).ToList();
            deposits.ShouldBeUnique();
            deposits.ShouldBe(
                acknowledged.Where(deposit => deposit.Value == account).Select(deposit => deposit.Key),
                ignoreOrder: true);
            (await Account(account).Get()).View!.Balance.ShouldBe(deposits.Count);
        }
    }

    // One wish is sent under one command id until it is answered: the first try may have been carried out unheard.
    private async Task Deposit(Random random, ConcurrentDictionary<Guid, int> acknowledged)
    {
        var account = random.Next(Accounts);
        var context = NewContext();
        var outcome = await UntilDelivered(() => Account(account).Deposit(context, 1, null));
        outcome.Status.ShouldBe(OutcomeStatus.Accepted);
        acknowledged[context.CommandId] = account;
    }

    private IAccountGrain Account(int number) => _cluster.Client.GetGrain<IAccountGrain>($"a{number}");

    private static CommandContext NewContext() => new(Guid.CreateVersion7(), "kill", null, "test");

    private static async Task<T> UntilDelivered<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                // The silo died with the call, or just before it; the next try finds another. Genuine Orleans may tell
                // of it by nothing but the timeout.
            }
        }
    }
}
