using System.Globalization;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Tests.Postgres;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Projections;

public sealed class LongRebuildOnSqlite(ITestOutputHelper output) : LongRebuildTests(output)
{
    private Action _remove = () => { };

    protected override RelationalEventStore Open(EventTypes types)
    {
        (var store, _remove) = OpenSqlite(types, Clock);
        return store;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _remove();
    }
}

[Collection(OnPostgres.Name)]
public sealed class LongRebuildOnPostgres(PostgresServer server, ITestOutputHelper output) : LongRebuildTests(output)
{
    protected override RelationalEventStore Open(EventTypes types) => OpenPostgres(server, types, Clock);
}

/// <summary>
/// A rebuild that is long enough to be met by much else. WAYBILL_EVENTS says how many events there are at first.
/// </summary>
public abstract class LongRebuildTests(ITestOutputHelper output) : ProjectionBed
{
    private const int EventsDefault = 20_000;
    private const int EventsEach = 100;
    private const int EventsPerCommand = 10;
    private const int WritesPerSecond = 500;
    private const int WritesAtOnce = 10;

    private static readonly int Accounts = (Setting.Of("WAYBILL_EVENTS") ?? EventsDefault) / EventsEach;

    // Ten commits, however long the log is.
    private static readonly ProjectionOptions Ten = new()
    {
        RebuildCommitSize = Accounts * EventsEach / 10, RebuildPageSize = Accounts * EventsEach / 100,
    };

    private readonly Random _random = new(1);

    private ProjectionAccess Shared => field ??= Access(options: Ten);

    [Fact]
    public async Task Killed_half_way_under_writes_it_goes_on_and_comes_to_what_a_fresh_one_does()
    {
        await FillAsync();
        (await Build(fresh: true)).ShouldBeTrue();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var hosts = Enumerable.Range(0, Ten.QueueCount)
            .Select(queue => Host<AccountList, AccountRow>(Shared, queue)).ToList();
        var follows = hosts.Select(host => Repeat(async () =>
        {
            await host.TickAsync();
            var progress = await host.ProgressAsync();
            progress.Error.ShouldBeNull();
            await Log.WaitBeyondAsync(progress.Head!.Value, ends.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }));
        var (written, read) = (0, 0);
        List<Task> others = [.. follows, WriteAsync(), ReadAsync()];
        var begins = new List<long>();
        var half = await Log.ReadHeadPositionAsync(Cancellation) / 2;
        Faults.BeforeCommit = commit =>
        {
            if (commit is not BuildCommit<AccountRow> build)
                return;
            begins.Add(build.From);
            if (begins.Count(from => from >= half) == 1)
                throw new IOException("Killed.");
        };

        await Should.ThrowAsync<IOException>(() => Build());
        var left = (await Rows.ReadStateAsync(AccountList.Model, Cancellation)).Rebuild!.Position;
        var (first, stopped) = (begins[0], begins.Count);
        (await Build()).ShouldBeTrue();

        await ends.CancelAsync();
        await Task.WhenAll(others);
        first.ShouldBe(0);
        left.ShouldBeInRange(half, half + half / 2);
        begins[stopped].ShouldBe(left);
        await Task.WhenAll(hosts.Select(host => host.TickAsync()));
        var live = await Table(AccountList.Model);
        (await Build(fresh: true)).ShouldBeTrue();
        live.Count.ShouldBe(Accounts);
        live.SequenceEqual(await Table(AccountList.Model)).ShouldBeTrue();
        live.Sum(row => row.Version).ShouldBe(Accounts * EventsEach + written);
        output.WriteLine($"{Accounts * EventsEach} events, {written} more under way, {read} reads");

        Task Repeat(Func<Task> work) => Task.Run(async () =>
        {
            while (!ends.IsCancellationRequested)
                await work();
        });

        Task WriteAsync()
        {
            var period = new PeriodicTimer(TimeSpan.FromSeconds(1) * WritesAtOnce / WritesPerSecond);
            return Repeat(async () =>
            {
                await period.WaitForNextTickAsync(CancellationToken.None);
                await Task.WhenAll(Enumerable.Range(0, WritesAtOnce)
                    .Select(_ => _random.Next(Accounts)).Distinct()
                    .Select(async account =>
                    {
                        await Append(NameOf(account), new MoneyDeposited(1));
                        Interlocked.Increment(ref written);
                    }));
            });
        }

        Task ReadAsync()
        {
            var (position, seen, which) = (0L, new Dictionary<string, long>(), new Random(2));
            return Repeat(async () =>
            {
                var account = NameOf(which.Next(Accounts));
                var page = await Rows.QueryAsync(AccountList.Model, new("account_id = $1", [account]), Cancellation);
                var row = page.Rows.ShouldHaveSingleItem();
                page.Position.ShouldBeGreaterThanOrEqualTo(position);
                row.Version.ShouldBeGreaterThanOrEqualTo(seen.GetValueOrDefault(account));
                (position, seen[account], read) = (page.Position, row.Version, read + 1);
            });
        }
    }

    private static string NameOf(int account) => string.Create(CultureInfo.InvariantCulture, $"a{account}");

    private Task<bool> Build(bool fresh = false) =>
        new ProjectionRebuild<AccountList, AccountRow>(Shared)
            .RunAsync("ann", fresh, _ => Task.CompletedTask, Cancellation);

    private async Task FillAsync()
    {
        for (var version = 0; version < EventsEach; version += EventsPerCommand)
        {
            var from = version;
            await Parallel.ForAsync(
                0,
                Accounts,
                new ParallelOptions { MaxDegreeOfParallelism = 200, CancellationToken = Cancellation },
                async (account, _) => await Append(NameOf(account), [.. Enumerable.Range(from, EventsPerCommand)
                    .Select(object (n) => n == 0 ? new Opened("ann", "EUR") : new MoneyDeposited(n))]));
        }
    }
}
