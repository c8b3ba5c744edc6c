using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;
using Waybill.EventStore.Streams;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Projections;

/// <summary>Projections as a silo runs them: hosts, coordinator and supervisor, in real time.</summary>
public sealed class ProjectionGrainTests : ProjectionBed
{
    private readonly string _id = string.Create(CultureInfo.InvariantCulture, $"g{Guid.NewGuid():N}");
    private ProjectionOptions _options = new()
    {
        QueueCount = 4,
        Period = TimeSpan.FromMilliseconds(20),
        WakePeriod = TimeSpan.FromMilliseconds(20),
        RetryPause = TimeSpan.FromHours(1),
        RebuildTakeover = TimeSpan.Zero,
        RebuildPageSize = 20,
        RebuildCommitSize = 20,
    };

    private bool _streams;
    private Action _remove = () => { };
    private InProcessTestCluster? _cluster;

    private IProjectionCoordinatorGrain Tallies => Coordinator(Tally.Model.Name);

    public override async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        await base.DisposeAsync();
        _remove();
    }

    [Fact]
    public async Task Whoever_has_written_reads_it_at_its_position()
    {
        await Deploy();
        var account = _cluster!.Client.GetGrain<IAccountGrain>(_id);
        await account.Open(Command(), "ann", "EUR");
        var written = await account.Deposit(Command(), 5_00, "rent");

        (await Coordinator("account_list").CatchUpTo(written.Position)).ShouldBeGreaterThanOrEqualTo(written.Position);
        (await Coordinator("statement").CatchUpTo(written.Position)).ShouldBeGreaterThanOrEqualTo(written.Position);

        (await Table(AccountList.Model)).ShouldHaveSingleItem().Balance.ShouldBe(5_00);
        (await Table(Statement.Model)).Select(line => (line.Type, line.Balance))
            .ShouldBe([("opened", 0), ("deposited", 5_00)]);
        var owned = await Rows.QueryAsync(
            AccountList.Model, new ReadModelQuery("owner = $1", ["ann"]), Cancellation);
        owned.Rows.ShouldHaveSingleItem().AccountId.ShouldBe(_id);
    }

    [Fact]
    public async Task A_queue_without_traffic_has_a_host_that_says_how_it_stands()
    {
        await Deploy();

        var status = await Until(Tallies.Status, status => status.LastRead is not null);

        (status.Name, status.Version, status.Position, status.EventsBehind, status.Parked, status.Error)
            .ShouldBe(("tally", 1, 0, 0, 0, null));
        status.Queues.Select(queue => queue.Queue).ShouldBe([0, 1, 2, 3]);
    }

    [Fact]
    public async Task Events_are_found_by_the_hosts_themselves()
    {
        await Deploy();
        await Open(_id, deposits: 3);

        await Until(() => TallyOf(_id), row => row is { Seen: "1 2 3 4 " });
    }

    [Fact]
    public async Task Events_are_delivered_to_the_hosts_without_their_looking()
    {
        _options = _options with { Period = TimeSpan.FromHours(1), WakePeriod = TimeSpan.FromHours(1) };
        _streams = true;
        await Deploy();
        await Until(Tallies.Status, status => status.LastRead is not null);

        await Open(_id, deposits: 3);
        await Until(() => TallyOf(_id), row => row is { Seen: "1 2 3 4 " });
        await Append(_id, new MoneyDeposited(4));
        await Until(() => TallyOf(_id), row => row is { Seen: "1 2 3 4 5 " });
    }

    [Fact]
    public async Task Callers_that_wait_together_cost_no_more_than_a_few()
    {
        await Open(_id, deposits: 3);
        await Deploy();
        var head = await Log.ReadHeadPositionAsync(Cancellation);
        await Tallies.CatchUpTo(head);
        var looks = 0;
        Faults.Before = name =>
        {
            if (name == nameof(IReadModelStore.ReadQueueEndsAsync))
                Interlocked.Increment(ref looks);
            return Task.CompletedTask;
        };

        (await Tallies.CatchUpTo(head)).ShouldBeGreaterThanOrEqualTo(head);
        looks.ShouldBe(0);
        await Append(_id, new MoneyDeposited(4));
        var reached = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Tallies.CatchUpTo(head + 1)));

        reached.ShouldAllBe(position => position > head);
        looks.ShouldBeInRange(1, 2);
        (await TallyOf(_id)).ShouldBe(new(_id, 10, "1 2 3 4 5 "));
    }

    [Fact]
    public async Task Parked_runs_are_listed_counted_and_redriven_by_cause()
    {
        List<string> ids = [.. Enumerable.Range(0, 5).Select(n => $"{_id}-{n}")];
        foreach (var id in ids)
        {
            Tally.Break(id, recorded => recorded.Version == 3);
            await Open(id, deposits: 3);
        }
        await Deploy();
        await Tallies.CatchUpTo(20);

        var cause = (await Tallies.CountParked()).ShouldHaveSingleItem();
        cause.Runs.ShouldBe(5);
        var listed = await Tallies.ListParked(cause.Cause, afterPosition: 0, limit: 10);
        listed.Select(run => run.Stream.Id).ShouldBe(ids);
        listed[0].Attempts.ShouldHaveSingleItem().Error.ShouldContain($"Event 3 of {ids[0]} is broken.");
        (await Tallies.Status()).Parked.ShouldBe(5);
        (await Tallies.StepThrough(listed[0].Stream, fromVersion: 3, limit: 5)).ShouldHaveSingleItem()
            .Error.ShouldNotBeNull();

        (await Tallies.RedriveCause(cause.Cause, "bob", perSecondMax: 1_000, dryRun: true))
            .ShouldBe(new(5, 0, 0));
        (await Tallies.RedriveProgress()).ShouldBeNull();
        foreach (var id in ids[1..])
            Tally.Mend(id);
        await Tallies.RedriveCause(cause.Cause, "bob", perSecondMax: 1_000, dryRun: false);
        await Until(Tallies.RedriveProgress, progress => progress == new RedriveSummary(5, Done: 4, Failed: 1));

        foreach (var id in ids[1..])
            (await TallyOf(id)).ShouldBe(new(id, 6, "1 2 3 4 "));
        (await Tallies.ListActs(runId: null, limit: 10)).Select(act => (act.Act, act.By))
            .ShouldBe(Enumerable.Repeat(("redrive", "bob"), 5));
        var left = (await Tallies.ListParked(null, 0, 10)).ShouldHaveSingleItem();
        left.Attempts.Count.ShouldBe(2);
        Tally.Mend(ids[0]);
        (await Tallies.Discard(left.Id, version: 3, "bob")).Status.ShouldBe(RedriveStatus.Done);
        (await Tallies.Redrive(left.Id, "bob")).Status.ShouldBe(RedriveStatus.NotParked);
    }

    [Fact]
    public async Task A_rebuild_is_started_watched_cancelled_and_taken_up_again()
    {
        await AppendAtRandom(new Random(1), appends: 100);
        await Deploy();
        var head = await Log.ReadHeadPositionAsync(Cancellation);
        await Tallies.CatchUpTo(head);
        var live = (await Rows.ReadStateAsync(Tally.Model, Cancellation)).Generation;
        var commits = 0;
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Faults.Before = async name =>
        {
            if (name == nameof(IReadModelStore.CommitBuildAsync) && Interlocked.Increment(ref commits) == 2)
                await held.Task;
        };

        (await Tallies.Rebuild("bob", fresh: false)).ShouldBeTrue();
        (await Tallies.Rebuild("bob", fresh: false)).ShouldBeFalse();
        var status = await Until(Tallies.Status, status => status.Rebuild?.Position > 0);
        (status.Rebuild!.StartedBy, status.Rebuild.IsRunning, status.Rebuild.Head).ShouldBe(("bob", true, head));
        var cancel = Tallies.CancelRebuild("bob");
        held.SetResult();
        (await cancel).ShouldBeTrue();
        (await Rows.ReadStateAsync(Tally.Model, Cancellation)).Generation.ShouldBe(live);

        // As one that a dead silo has left.
        await Rows.StartRebuildAsync(Tally.Model, "carl", DateTimeOffset.UnixEpoch, fresh: false, Cancellation);
        await Until(
            () => Rows.ReadStateAsync(Tally.Model, Cancellation),
            state => state.Rebuild is null && state.Generation > live);

        await AppendAtRandom(new Random(2), appends: 5);
        await Tallies.CatchUpTo(await Log.ReadHeadPositionAsync(Cancellation));
        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
    }

    [Fact]
    public async Task Of_two_that_begin_a_rebuild_anew_at_once_one_does()
    {
        await AppendAtRandom(new Random(1), appends: 100);
        _options = _options with { RebuildTakeover = TimeSpan.FromHours(1) };
        await Deploy();
        await Until(Tallies.Status, status => status.LastRead is not null);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Faults.Before = async name =>
        {
            if (name == nameof(IReadModelStore.CommitBuildAsync))
                await held.Task;
        };
        (await Tallies.Rebuild("ann", fresh: true)).ShouldBeTrue();
        await Until(Tallies.Status, status => status.Rebuild is not null);

        Task<bool>[] again = [Tallies.Rebuild("bob", fresh: true), Tallies.Rebuild("carl", fresh: true)];
        await Tallies.Status(); // By then both wait for the first one's end.
        held.SetResult();

        (await Task.WhenAll(again)).Count(started => started).ShouldBe(1);
        await Tallies.CancelRebuild("ann");
        await Until(Tallies.Status, status => status.Rebuild is null);
    }

    [Fact]
    public async Task The_table_that_a_swap_replaced_goes_even_if_the_swaps_silo_is_gone()
    {
        await AppendAtRandom(new Random(1), appends: 10);
        _options = _options with { KeepReplaced = TimeSpan.Zero };
        (await RebuildAsync(Access(options: _options))).ShouldBeTrue();
        (await Rows.ReadStateAsync(Tally.Model, Cancellation)).Replaced.ShouldBe(1);

        await Deploy();

        await Until(() => Rows.ReadStateAsync(Tally.Model, Cancellation), state => state.Replaced is null);
    }

    [Fact]
    public async Task A_new_projection_on_a_long_log_is_built_rather_than_caught_up()
    {
        await AppendAtRandom(new Random(3), appends: 100);
        _options = _options with { RebuildBehind = 100 };
        await Deploy();

        await Until(
            () => Rows.ReadStateAsync(Tally.Model, Cancellation),
            state => state is { Generation: > 1, Rebuild: null });
        await Tallies.CatchUpTo(await Log.ReadHeadPositionAsync(Cancellation));

        (await Table(Tally.Model)).ShouldBe(await Fold<Tally, TallyRow>(), ignoreOrder: true);
    }

    [Fact]
    public async Task A_silo_does_not_start_on_tables_of_another_shape()
    {
        await Rows.PrepareAsync(new ReadModel<StatementRow>("tally", 1, ["AccountId"]), 4, Cancellation);

        (await Should.ThrowAsync<Exception>(Deploy)).ToString().ShouldContain("Raise its version");
    }

    protected override RelationalEventStore Open(EventTypes types)
    {
        (var store, _remove) = OpenSqlite(types, TimeProvider.System);
        return store;
    }

    private IProjectionCoordinatorGrain Coordinator(string name) =>
        _cluster!.Client.GetGrain<IProjectionCoordinatorGrain>(name);

    private async Task Deploy()
    {
        var builder = new InProcessTestClusterBuilder(initialSilosCount: 1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(Log);
            silo.Services.AddSingleton(Rows);
            silo.Services.AddSingleton(Snapshots);
            silo.Services.AddSingleton(_options);
            if (_streams)
            {
                silo.Services.AddSingleton(Checkpoints);
                silo.AddEventStreams(new EventStreamOptions { QueueCount = _options.QueueCount });
            }
            silo.Services.AddEvents(OtherJson.Default);
            silo.AddWaybillGrains();
            silo.AddWaybillProjections();
            silo.AddProjection<Tally, TallyRow, ITallyGrain>();
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    private static CommandContext Command() => new(Guid.CreateVersion7(), "correlation", null, "ann");

    // Each question is a call that takes its turn, or a query, so that asking again is no busy waiting.
    private static async Task<T> Until<T>(Func<Task<T>> ask, Func<T, bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(FakeTimeProvider.BarrierLimit);
        while (true)
        {
            var answer = await ask();
            if (holds(answer))
                return answer;
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"It is still so: {answer}");
        }
    }
}
