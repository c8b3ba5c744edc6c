using System.Collections.Concurrent;
using System.Globalization;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Tests.Postgres;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Projections;

public sealed class ProjectionRebuildOnSqlite : ProjectionRebuildTests
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
public sealed class ProjectionRebuildOnPostgres(PostgresServer server) : ProjectionRebuildTests
{
    protected override RelationalEventStore Open(EventTypes types) => OpenPostgres(server, types, Clock);
}

/// <summary>Building a projection's rows anew beside those that are read.</summary>
public abstract class ProjectionRebuildTests : ProjectionBed
{
    // Small, so that there are many pages, commits and rows that do not fit into memory.
    private static readonly ProjectionOptions Small = Options with
    {
        RebuildPageSize = 20, RebuildCommitSize = 50, RebuildCommitRows = 10, RebuildRowsMax = 8,
    };

    [Fact]
    public async Task What_is_rebuilt_is_what_a_plain_fold_comes_to()
    {
        await AppendAtRandom(new Random(1), appends: 150, accounts: 40);
        await Host<Statement, StatementRow>().TickAsync();
        Faults.BeforeLoad = keys =>
        {
            foreach (var commit in Faults.Building.Keys.OfType<BuildCommit<TallyRow>>())
                commit.Added.Concat(commit.Upserts).Select(Tally.Model.KeyOf).Intersect(keys).ShouldBeEmpty();
        };
        Faults.Before = async name =>
        {
            // So that whoever loads without waiting for what is being written is sure to come before it.
            for (var i = 0; i < 100 && name == nameof(IReadModelStore.CommitBuildAsync); i++)
                await Task.Yield();
        };

        (await RebuildAsync(Access(options: Small))).ShouldBeTrue();
        (await RebuildStatementAsync()).ShouldBeTrue();

        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
        (await Table(Statement.Model)).ShouldBe(await Fold<Statement, StatementRow>(), ignoreOrder: true);
    }

    [Fact]
    public async Task While_it_is_rebuilt_under_writes_reads_go_on_and_never_go_back()
    {
        await AppendAtRandom(new Random(2), appends: 100);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var host = TallyHost();
        await host.TickAsync();
        var writes = Repeat(random => AppendAtRandom(random, appends: 1));
        var follows = Repeat(_ => host.TickAsync());
        var (lastPosition, lastSeen) = (0L, new Dictionary<string, int>());
        var reads = Repeat(_ => ReadAsync());

        for (var i = 0; i < 3; i++)
            (await RebuildAsync(Access(options: Small))).ShouldBeTrue();
        await ends.CancelAsync();
        await Task.WhenAll(writes, follows, reads);

        await host.TickAsync();
        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);

        Task Repeat(Func<Random, Task> work) => Task.Run(async () =>
        {
            for (var random = new Random(3); !ends.IsCancellationRequested;)
                await work(random);
        });

        async Task ReadAsync()
        {
            var page = await Rows.QueryAsync(Tally.Model, new ReadModelQuery(), Cancellation);
            page.Position.ShouldBeGreaterThanOrEqualTo(lastPosition);
            foreach (var row in page.Rows)
            {
                var seen = int.Parse(row.Seen.Split(' ')[^2], CultureInfo.InvariantCulture);
                seen.ShouldBeGreaterThanOrEqualTo(lastSeen.GetValueOrDefault(row.Id));
                lastSeen[row.Id] = seen;
            }
            lastPosition = page.Position;
        }
    }

    [Fact]
    public async Task A_rebuild_that_was_killed_goes_on_where_it_was()
    {
        await AppendAtRandom(new Random(5), appends: 150);
        var begins = new ConcurrentQueue<long>();
        Faults.BeforeCommit = commit =>
        {
            begins.Enqueue(((BuildCommit<TallyRow>)commit).From);
            if (begins.Count == 3)
                throw new IOException("Killed.");
        };

        await Should.ThrowAsync<IOException>(() => RebuildAsync(Access(options: Small)));
        var left = (await Rows.ReadStateAsync(Tally.Model, Cancellation)).Rebuild.ShouldNotBeNull();
        (await RebuildAsync(Access(options: Small))).ShouldBeTrue();

        left.Position.ShouldBeGreaterThan(0);
        begins.ElementAt(3).ShouldBe(left.Position);
        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
        (await Rows.ReadStateAsync(Tally.Model, Cancellation)).Rebuild.ShouldBeNull();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_live_side_that_does_not_answer_keeps_no_rebuild_from_its_swap(bool notifies)
    {
        await AppendAtRandom(new Random(12), appends: 20);
        var waits = 0;

        (await RebuildAsync(
            Access(options: Small with { SwapLeftMax = 1 }, notifier: notifies ? Notified : null),
            catchUp: async _ =>
            {
                waits++;
                await AppendAtRandom(new Random(13), appends: 5); // Too much is left, so that it builds on.
                throw new TimeoutException("It does not answer.");
            })).ShouldBeTrue();

        waits.ShouldBe(notifies ? 1 : 0);
        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
    }

    [Fact]
    public async Task A_rebuild_does_not_chase_a_log_that_grows_as_fast_as_it_reads()
    {
        await AppendAtRandom(new Random(14), appends: 20);
        var commits = 0;
        Faults.Before = async name =>
        {
            if (name != nameof(IReadModelStore.CommitBuildAsync))
                return;
            commits++.ShouldBeLessThan(100);
            await AppendAtRandom(new Random(commits), appends: 30);
        };

        // It ends with the first swap, which finds little enough left.
        (await RebuildAsync(Access(options: Small with { RebuildCommitSize = 20, SwapLeftMax = 1_000 })))
            .ShouldBeTrue();

        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
    }

    [Fact]
    public async Task A_rebuild_that_is_cancelled_leaves_the_live_rows_alone()
    {
        await AppendAtRandom(new Random(6), appends: 50);
        var host = TallyHost();
        await host.TickAsync();
        var before = await Table(Tally.Model);
        var state = await Rows.ReadStateAsync(Tally.Model, Cancellation);
        var commits = 0;
        Faults.Before = async name =>
        {
            if (name == nameof(IReadModelStore.CommitBuildAsync) && ++commits == 2)
                (await Rows.CancelRebuildAsync(Tally.Model, Cancellation)).ShouldBeTrue();
        };

        (await RebuildAsync(Access(options: Small))).ShouldBeFalse();

        (await Table(Tally.Model)).ShouldBe(before);
        (await Rows.ReadStateAsync(Tally.Model, Cancellation)).ShouldSatisfyAllConditions(
            now => now.Rebuild.ShouldBeNull(),
            now => now.Generation.ShouldBe(state.Generation));
    }

    [Fact]
    public async Task Of_two_that_rebuild_at_once_the_later_one_wins_and_goes_on_from_the_others_work()
    {
        await AppendAtRandom(new Random(7), appends: 150);
        Task<bool>? second = null;
        var commits = 0;
        Faults.Before = async name =>
        {
            if (name == nameof(IReadModelStore.CommitBuildAsync) && Interlocked.Increment(ref commits) == 3)
                await (second = RebuildAsync(Access(options: Small)));
        };

        (await RebuildAsync(Access(options: Small))).ShouldBeFalse();

        (await second.ShouldNotBeNull()).ShouldBeTrue();
        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
    }

    [Fact]
    public async Task Poison_whose_later_events_come_in_other_commits_waits_as_one_run()
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"p{Guid.NewGuid():N}");
        Tally.Break(id, recorded => recorded.Version == 3);
        await Open(id, deposits: 3);
        for (var i = 0; i < 4; i++)
        {
            await AppendAtRandom(new Random(i), appends: 30);
            await Append(id, new MoneyDeposited(1));
        }

        (await RebuildAsync(Access(options: Small))).ShouldBeTrue();

        var run = await OnlyParked();
        (run.FirstVersion, run.LastVersion).ShouldBe((3, 8));
        Tally.Mend(id);
    }

    [Fact]
    public async Task Another_number_of_queues_takes_effect_with_a_rebuild()
    {
        await AppendAtRandom(new Random(10), appends: 50);
        // One queue ahead of the other, so that they cannot be divided anew as they are.
        await TallyHost(Access(options: Options with { QueueCount = 2 })).TickAsync();
        var access = Access(options: Options with { QueueCount = 3 });
        var hosts = Enumerable.Range(0, 3).Select(queue => TallyHost(access, queue)).ToList();
        foreach (var host in hosts)
            await host.TickAsync();
        (await hosts[0].ProgressAsync()).Error.ShouldNotBeNull().ShouldContain("another number of queues");

        (await RebuildAsync(access)).ShouldBeTrue();
        await AppendAtRandom(new Random(11), appends: 50);
        foreach (var host in hosts)
            await host.TickAsync();

        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
        (await hosts[0].ProgressAsync()).Error.ShouldBeNull();
    }

    private Task<bool> RebuildStatementAsync() =>
        new ProjectionRebuild<Statement, StatementRow>(Access(options: Small))
            .RunAsync("ann", fresh: true, _ => Task.CompletedTask, Cancellation);
}
