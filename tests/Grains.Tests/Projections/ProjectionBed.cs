using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Waybill.EventStore;
using Waybill.EventStore.Postgres;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;
using Waybill.EventStore.Sqlite;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Tests.Postgres;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Projections;

/// <summary>A store on either database, and what it takes to run projections over it without a silo.</summary>
public abstract class ProjectionBed : IAsyncLifetime
{
    private readonly ConcurrentDictionary<StreamName, long> _versions = [];
    private RelationalEventStore _store = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected FakeTimeProvider Clock { get; } = new();

    protected IEventStore Log => _store;

    protected ICheckpointStore Checkpoints => _store;

    protected ISnapshotStore Snapshots => _store;

    protected IReadModelStore Rows { get; private set; } = null!;

    private protected FaultyReadModels Faults { get; private set; } = null!;

    private protected Notifications Notified { get; } = new();

    /// <summary>What a release knows that can read everything.</summary>
    private protected static EventTypes AllTypes { get; } = Types(OtherJson.Default);

    private protected static ProjectionOptions Options { get; } = new() { QueueCount = 1 };

    public ValueTask InitializeAsync()
    {
        _store = Open(AllTypes);
        (Rows, Faults) = FaultyReadModels.Over(_store.ReadModels);
        return ValueTask.CompletedTask;
    }

    public virtual ValueTask DisposeAsync()
    {
        (_store as IDisposable)?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected abstract RelationalEventStore Open(EventTypes types);

    private protected static EventTypes Types(params System.Text.Json.Serialization.JsonSerializerContext[] more)
    {
        var services = new ServiceCollection().AddWaybillEvents();
        foreach (var context in more)
            services.AddEvents(context);
        return services.BuildServiceProvider().GetRequiredService<EventTypes>();
    }

    private protected ProjectionAccess Access(
        EventTypes? types = null, ProjectionOptions? options = null, INotifier? notifier = null) => new(
            Log,
            Rows,
            types ?? AllTypes,
            Clock,
            options ?? Options,
            NullLogger<ProjectionAccess>.Instance,
            notifier);

    private protected ProjectionHost<TProjection, TRow> Host<TProjection, TRow>(
        ProjectionAccess? access = null, int queue = 0)
        where TProjection : IProjection<TRow>
        where TRow : class
    {
        access ??= Access();
        return new(access, new LogQueue(queue, access.Options.QueueCount), () => Task.FromResult(false));
    }

    private protected ProjectionHost<Tally, TallyRow> TallyHost(ProjectionAccess? access = null, int queue = 0) =>
        Host<Tally, TallyRow>(access, queue);

    private protected Task<bool> RebuildAsync(
        ProjectionAccess? access = null,
        bool fresh = false,
        Func<long, Task>? catchUp = null,
        CancellationToken? cancellation = null) => new ProjectionRebuild<Tally, TallyRow>(access ?? Access())
            .RunAsync("ann", fresh, catchUp ?? (_ => Task.CompletedTask), cancellation ?? Cancellation);

    /// <summary>Appends events to an account's stream, which no other writer has.</summary>
    protected async Task Append(string id, params object[] events)
    {
        var stream = new StreamName("account", id);
        var version = _versions.GetValueOrDefault(stream);
        var metadata = new EventMetadata(Guid.CreateVersion7(), "test", null, "ann");
        var result = await Log.AppendAsync(
            stream,
            version,
            [.. events.Select(e => new NewEvent(Guid.CreateVersion7(), e, metadata))],
            Cancellation);
        _versions[stream] = result.ShouldBeOfType<AppendResult.Appended>().Version;
    }

    /// <summary>Opens an account and deposits 1, 2, 3, ...</summary>
    protected Task Open(string id, int deposits = 0) =>
        Append(id, [new Opened("ann", "EUR"), .. Enumerable.Range(1, deposits).Select(n => new MoneyDeposited(n))]);

    /// <summary>Appends to some accounts at random.</summary>
    protected async Task AppendAtRandom(Random random, int appends, int accounts = 7)
    {
        for (var i = 0; i < appends; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"r{random.Next(accounts)}");
            var events = Enumerable.Range(0, random.Next(1, 4)).Select(object (_) => random.Next(3) == 0
                ? new MoneyWithdrawn(random.Next(9), "out")
                : new MoneyDeposited(random.Next(9), random.Next(4) == 0 ? "tell" : null));
            if (!_versions.ContainsKey(new("account", id)))
                events = events.Prepend(new Opened("ann", "EUR"));
            else if (random.Next(20) == 0)
                events = events.Prepend(new Closed());
            await Append(id, [.. events]);
        }
    }

    /// <summary>All rows of a read model.</summary>
    protected async Task<IReadOnlyList<TRow>> Table<TRow>(ReadModel<TRow> model)
        where TRow : class =>
        (await _store.ReadModels.QueryAsync(model, new ReadModelQuery(Limit: 1_000_000), Cancellation)).Rows;

    protected async Task<TallyRow?> TallyOf(string id) =>
        (await Table(Tally.Model)).SingleOrDefault(row => row.Id == id);

    /// <summary>What a plain fold of the whole log comes to.</summary>
    protected async Task<IReadOnlyList<TRow>> Fold<TProjection, TRow>()
        where TProjection : IProjection<TRow>
        where TRow : class
    {
        var rows = new Dictionary<RowKey, TRow>();
        foreach (var stored in await Everything())
        {
            if (TProjection.KeyOf(stored) is not { } key)
                continue;
            var before = rows.GetValueOrDefault(TProjection.PriorOf(stored) ?? key);
            if (TProjection.Apply(before, AllTypes.Read(stored)) is { } after)
                rows[key] = after;
            else
                rows.Remove(key);
        }
        return [.. rows.Values];
    }

    protected async Task<IReadOnlyList<StoredEvent>> Everything()
    {
        var events = new List<StoredEvent>();
        for (var at = 0L; await Log.ReadLogAsync(LogFilter.All, at, 1_000, Cancellation) is var page; at = page.ReadTo)
        {
            if (page.ReadTo == at)
                break;
            events.AddRange(page.Events);
        }
        return events;
    }

    protected async Task<ParkedRun> OnlyParked() =>
        (await Rows.ListParkedAsync(Tally.Model, null, 0, 10, Cancellation)).ShouldHaveSingleItem();

    /// <summary>Takes notifications, or refuses them.</summary>
    private protected sealed class Notifications : INotifier
    {
        public List<Notice> Taken { get; } = [];

        public Func<Notice, bool> Refuses { get; set; } = _ => false;

        /// <summary>What a notification waits for.</summary>
        public Task Answer { get; set; } = Task.CompletedTask;

        public async Task NotifyAsync(string projection, Notice notice, CancellationToken cancellation)
        {
            await Answer;
            if (Refuses(notice))
                throw new IOException("The notifier is away.");
            Taken.Add(notice);
        }
    }

    /// <summary>A SQLite file of its own.</summary>
    internal static (RelationalEventStore Store, Action Remove) OpenSqlite(EventTypes types, TimeProvider clock)
    {
        var directory = Directory.CreateTempSubdirectory("waybill-");
        var store = new SqliteEventStore(
            new SqliteEventStoreOptions { Path = Path.Combine(directory.FullName, "waybill.db") },
            types,
            clock,
            NullLogger<SqliteEventStore>.Instance);
        return (store, () => directory.Delete(recursive: true));
    }

    /// <summary>A PostgreSQL schema of its own.</summary>
    internal static RelationalEventStore OpenPostgres(PostgresServer server, EventTypes types, TimeProvider clock) =>
        new PostgresEventStore(
            new PostgresEventStoreOptions { ConnectionString = server.NewSchema() },
            types,
            clock,
            NullLogger<PostgresEventStore>.Instance);
}
