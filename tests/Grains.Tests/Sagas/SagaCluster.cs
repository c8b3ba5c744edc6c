using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Hosting;
using Orleans.TestingHost;
using Waybill.EventStore;
using Waybill.EventStore.Relational;
using Waybill.EventStore.Sqlite;
using Waybill.EventStore.Streams;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;
using Waybill.Tests.Grains.Projections;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.Grains.Sagas;

/// <summary>
/// A cluster that runs sagas over one store, with a clock that stands still unless a test moves it, and a wire between
/// sagas and accounts that a test can cut.
/// </summary>
public sealed class SagaCluster : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");
    private readonly EventTypes _types =
        new ServiceCollection().AddWaybillEvents().BuildServiceProvider().GetRequiredService<EventTypes>();

    private RelationalEventStore _store = null!;
    private InProcessTestCluster _cluster = null!;

    public FakeTimeProvider Clock { get; } = new();

    public TimeProvider Time { get; init; } = null!;

    /// <summary>The PostgreSQL server to use; null for SQLite.</summary>
    public PostgresServer? Server { get; init; }

    public short Silos { get; init; } = 1;

    /// <summary>Whether the log is delivered as streams.</summary>
    public bool HasStreams { get; init; }

    /// <summary>What the silos run beside sagas, of which they need not know.</summary>
    public Action<ISiloBuilder> Adds { get; init; } = _ => { };

    /// <summary>Whether new silos know nothing of how far readers of the log had come.</summary>
    public bool ForgetsPositions { get; set; }

    public SagaOptions Options { get; init; } = new();

    public SourcingOptions Sourcing { get; init; } = new();

    public CrashingStore Store { get; private set; } = null!;

    public Wire Wire { get; } = new();

    public InProcessTestCluster Cluster => _cluster;

    private TimeProvider Now => Time ?? Clock;

    public async ValueTask InitializeAsync()
    {
        _store = Server is { } server
            ? ProjectionBed.OpenPostgres(server, _types, Now)
            : new SqliteEventStore(
                new SqliteEventStoreOptions { Path = Path.Combine(_directory.FullName, "waybill.db") },
                _types,
                Now,
                NullLogger<SqliteEventStore>.Instance);
        Store = new CrashingStore(_store, _store.DueTable);
        _cluster = await Deploy();
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        ((IDisposable)_store).Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>Kills every silo and starts new ones on what is in the store.</summary>
    public async Task Restart()
    {
        foreach (var silo in _cluster.Silos.ToList())
            await _cluster.KillSiloAsync(silo);
        await _cluster.DisposeAsync();
        Store.Restart();
        _cluster = await Deploy();
    }

    public IAccountGrain Account(string id) => _cluster.Client.GetGrain<IAccountGrain>(id);

    public ITransferGrain Transfer(string id) => _cluster.Client.GetGrain<ITransferGrain>(id);

    public async Task Open(string account, long balance)
    {
        (await Account(account).Open(Command(), "ann", "EUR")).Status.ShouldBe(OutcomeStatus.Accepted);
        if (balance > 0)
            (await Account(account).Deposit(Command(), balance, null)).Status.ShouldBe(OutcomeStatus.Accepted);
    }

    public async Task<long> Balance(string account) => (await Account(account).Get()).View!.Balance;

    /// <summary>Looks at the due table, as each silo does from time to time.</summary>
    public Task<int> WakeDue() =>
        _cluster.GetSiloServiceProvider().GetRequiredService<DueLoop>().WakeAsync(CancellationToken.None);

    /// <summary>Waits until what was to be written to the due table before this is written.</summary>
    public Task DueIsWritten() => _cluster.GetSiloServiceProvider().GetRequiredService<DueBook>().SettleAsync(
        new DueSettlement(new StreamName("nobody", "never"), DateTimeOffset.UnixEpoch));

    /// <summary>Asks until something holds that comes by itself.</summary>
    public static async Task Until(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(FakeTimeProvider.BarrierLimit);
        while (!await holds())
            limit.Token.ThrowIfCancellationRequested();
    }

    /// <summary>Lets some time pass, and asks until something holds that comes of it.</summary>
    public Task Passes(TimeSpan time, Func<Task<bool>> holds)
    {
        Clock.Advance(time);
        // The clock goes on: who read it just before it leapt waits for a moment that lies beyond.
        return Until(async () =>
        {
            if (await holds())
                return true;
            Clock.Advance(TimeSpan.FromSeconds(1));
            return false;
        });
    }

    public async Task<TransferView> UntilEnded(string transfer)
    {
        TransferView? view = null;
        await Until(async () =>
            (view = (await Transfer(transfer).Get()).View)?.Status is not (null or TransferStatus.Pending));
        return view!;
    }

    public async Task<List<RecordedEvent>> Recorded(StreamName stream) =>
        await Store.ReadStreamAsync(stream).Select(_types.Read).ToListAsync();

    public static CommandContext Command(string actor = "ann") =>
        new(Guid.CreateVersion7(), "correlation", null, actor);

    private async Task<InProcessTestCluster> Deploy()
    {
        var builder = new InProcessTestClusterBuilder(Silos);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(new StoreAccess(
                Store, _store, _types, Now, Sourcing, NullLogger<StoreAccess>.Instance));
            silo.Services.AddSingleton(Options);
            // What it gathers waits for a moment, which must pass though the clock stands still.
            silo.Services.AddSingleton(new DueBook(
                Store, Options, TimeProvider.System, NullLogger<DueBook>.Instance));
            silo.Services.AddSingleton(services => new MessageTypes(
                services.GetServices<MessageType>().Select(Wire.Over)));
            silo.Services.AddSingleton(services => new SagaAccess(
                services.GetRequiredService<DueBook>(),
                services.GetRequiredService<MessageTypes>(),
                Options,
                Now,
                NullLogger<SagaAccess>.Instance,
                services.GetService<IHostApplicationLifetime>()));
            silo.Services.AddSingleton(services => new DueLoop(
                Store,
                services.GetRequiredService<IGrainFactory>(),
                Options,
                Now,
                NullLogger<DueLoop>.Instance,
                services.GetService<IHostApplicationLifetime>()));
            silo.AddWaybillGrains();
            silo.Services.AddSingleton<IEventStore>(Store).AddSingleton<ICheckpointStore>(
                ForgetsPositions ? new NoCheckpoints() : _store);
            silo.Services.AddSingleton(_store.ReadModels);
            if (HasStreams)
                silo.AddEventStreams();
            silo.AddWaybillSagas();
            Adds(silo);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }
}

/// <summary>Positions of readers who have never read.</summary>
internal sealed class NoCheckpoints : ICheckpointStore
{
    public Task<long> ReadCheckpointAsync(string reader, CancellationToken cancellation = default) =>
        Task.FromResult(0L);

    public Task<IReadOnlyDictionary<string, long>> ReadCheckpointsAsync(
        string prefix, CancellationToken cancellation = default) =>
        Task.FromResult<IReadOnlyDictionary<string, long>>(new Dictionary<string, long>());

    public Task SaveCheckpointAsync(string reader, long position, CancellationToken cancellation = default) =>
        Task.CompletedTask;
}

/// <summary>The way from sagas to accounts.</summary>
public sealed class Wire
{
    /// <summary>Sends a message, or does something else with it.</summary>
    public Func<Message, Func<Task<Answer>>, Task<Answer>> Send { get; set; } = Through;

    /// <summary>Is given another copy of everything that is sent, to be delivered through whoever.</summary>
    public Action<Func<IGrainFactory, Task<Answer>>> Repeat { get; set; } = _ => { };

    public static Task<Answer> Through(Message message, Func<Task<Answer>> send) => send();

    public MessageType Over(MessageType type) => new Line(this, type);

    private sealed class Line(Wire wire, MessageType inner) : MessageType(inner.Name)
    {
        public override Task<Answer> Send(IGrainFactory grains, Message message, CommandContext context)
        {
            wire.Repeat(others => inner.Send(others, message, context));
            return wire.Send(message, () => inner.Send(grains, message, context));
        }
    }
}
