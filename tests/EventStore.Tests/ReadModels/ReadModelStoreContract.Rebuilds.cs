using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using static Waybill.EventStore.ReadModels.CommitOutcome;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore.ReadModels;

public abstract partial class ReadModelStoreContract
{
    private Task<RebuildLease> Start(bool fresh = false) =>
        Store.StartRebuildAsync(Tally.Model, "ann", Clock.GetUtcNow(), fresh, Cancellation);

    private Task<CommitOutcome> Build(RebuildLease lease, long from, long to, params Tally[] rows) =>
        Store.CommitBuildAsync(
            Tally.Model,
            lease,
            new BuildCommit<Tally>(from, to, Clock.GetUtcNow()) { Added = rows },
            Cancellation);

    private Task<SwapOutcome> Swap(
        RebuildLease lease, int queueCount = 1, int leftMax = 100, SwapStep<Tally>? step = null) =>
        Store.SwapAsync(
            Tally.Model,
            lease,
            new SwapRequest(queueCount, leftMax, Clock.GetUtcNow()),
            step ?? Tally.Fold,
            Cancellation);

    private async Task<RebuildProgress?> Progress() =>
        (await Store.ReadStateAsync(Tally.Model, Cancellation)).Rebuild;

    private async Task PrepareLive(params Tally[] rows)
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Commit(0, 3, rows);
    }

    [Fact]
    public async Task While_a_generation_is_built_readers_and_hosts_go_on_with_the_live_one()
    {
        await PrepareLive(new Tally("a", 1));
        var lease = await Start();

        (await Build(lease, 0, 2, new Tally("b", 7))).ShouldBe(Committed);

        (await Rows()).ShouldBe([new("a", 1)]);
        (await Commit(3, 4, [new("a", 2)])).ShouldBe(Committed);
        (await Store.LoadRowsAsync(Tally.Model, lease.Generation, ["a", "b"], Cancellation))!.Values
            .ShouldBe([new("b", 7)]);
    }

    [Fact]
    public async Task A_rebuild_shows_how_far_it_has_come()
    {
        await PrepareLive();
        var started = Clock.GetUtcNow();
        var lease = await Start();
        var begun = await Progress();
        Clock.Advance(TimeSpan.FromSeconds(5));
        await Build(lease, 0, 2);

        lease.Position.ShouldBe(0);
        begun.ShouldBe(new RebuildProgress(lease.Generation, lease.Token, 0, "ann", started, started));
        (await Progress()).ShouldBe(begun! with { Position = 2, CommittedAt = Clock.GetUtcNow() });
    }

    [Fact]
    public async Task A_rebuild_that_was_left_off_goes_on_where_it_was_and_its_old_holder_is_fenced_off()
    {
        await PrepareLive();
        var old = await Start();
        await Build(old, 0, 2, new Tally("a", 1));
        Reopen();

        var resumed = await Start();

        resumed.ShouldBe(new RebuildLease(old.Token + 1, old.Generation, Position: 2));
        (await Build(old, 2, 3, new Tally("b", 1))).ShouldBe(Superseded);
        (await Swap(old)).ShouldBe(new SwapOutcome.Superseded());
        (await Store.IndexBuildAsync(Tally.Model, old, Cancellation)).ShouldBe(Superseded);
        (await Build(resumed, 2, 3, new Tally("c", 1))).ShouldBe(Committed);
        (await Store.LoadRowsAsync(Tally.Model, resumed.Generation, ["a", "b", "c"], Cancellation))!.Keys
            .ShouldBe(["a", "c"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_build_commit_is_not_carried_out_twice()
    {
        await PrepareLive();
        var lease = await Start();
        await Build(lease, 0, 2, new Tally("a", 1));

        (await Build(lease, 0, 2, new Tally("a", 2))).ShouldBe(Superseded);
    }

    [Fact]
    public async Task A_fresh_rebuild_begins_anew()
    {
        await PrepareLive();
        var old = await Start();
        await Build(old, 0, 2, new Tally("a", 1));

        var fresh = await Start(fresh: true);

        fresh.Position.ShouldBe(0);
        fresh.Generation.ShouldBeGreaterThan(old.Generation);
        (await Build(old, 2, 3)).ShouldBe(Superseded);
        (await Store.LoadRowsAsync(Tally.Model, old.Generation, ["a"], Cancellation)).ShouldBeNull();
        (await Store.LoadRowsAsync(Tally.Model, fresh.Generation, ["a"], Cancellation))!.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_swap_folds_what_is_left_and_moves_all_queues_to_the_head()
    {
        await Append("a", "b", "a", "c", "a");
        await PrepareLive(new Tally("wrong", 1));
        var lease = await Start();
        await Build(lease, 0, 3, new Tally("a", 2), new Tally("b", 1));
        (await Store.IndexBuildAsync(Tally.Model, lease, Cancellation)).ShouldBe(Committed);

        var outcome = await Swap(lease, queueCount: 2);

        outcome.ShouldBe(new SwapOutcome.Swapped(lease.Generation, 5));
        (await Rows()).ShouldBe([new("a", 3), new("b", 1), new("c", 1)]);
        var state = await Store.ReadStateAsync(Tally.Model, Cancellation);
        state.Rebuild.ShouldBeNull();
        state.Positions.ShouldBe(
            [new(new(0, 2), lease.Generation, 5), new(new(1, 2), lease.Generation, 5)]);
    }

    [Fact]
    public async Task After_a_swap_a_host_that_has_not_heard_of_it_is_superseded()
    {
        await PrepareLive(new Tally("a", 1));
        await Swap(await Start());

        (await Commit(3, 4, [new("a", 9)])).ShouldBe(Superseded);

        (await Rows()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_swap_happens_once()
    {
        await PrepareLive();
        var lease = await Start();
        await Swap(lease);

        (await Swap(lease)).ShouldBe(new SwapOutcome.Superseded());
        (await Build(lease, 0, 1)).ShouldBe(Superseded);
    }

    [Fact]
    public async Task A_swap_with_too_much_left_does_nothing()
    {
        await Append("a", "b", "c");
        await PrepareLive(new Tally("live", 1));
        var lease = await Start();

        (await Swap(lease, leftMax: 2)).ShouldBe(new SwapOutcome.TooFarBehind(Head: 3));

        (await Rows()).ShouldBe([new("live", 1)]);
        (await Build(lease, 0, 3)).ShouldBe(Committed);
    }

    [Fact]
    public async Task A_swap_whose_fold_fails_has_no_effect_and_can_be_tried_again()
    {
        await Append("a", "b");
        await PrepareLive(new Tally("live", 1));
        var lease = await Start();

        await Should.ThrowAsync<NotSupportedException>(() => Swap(lease, step: async chunk =>
        {
            await chunk.Load(["a"]);
            throw new NotSupportedException();
        }));

        (await Rows()).ShouldBe([new("live", 1)]);
        (await Swap(lease)).ShouldBeOfType<SwapOutcome.Swapped>();
        (await Rows()).ShouldBe([new("a", 1), new("b", 1)]);
    }

    [Fact]
    public async Task A_swap_tells_where_the_live_projection_stands_and_keeps_the_notices_of_what_it_takes_over()
    {
        await Append("a", "b", "c", "d");
        await PrepareLive();
        var lease = await Start();
        IReadOnlyList<ProjectionPosition>? live = null;

        await Swap(lease, step: chunk =>
        {
            live = chunk.Live;
            return Task.FromResult(new RowChanges<Tally>
            {
                Notices = [.. chunk.Events
                    .Where(stored => stored.Position > live[0].Position)
                    .Select(stored => new Notice(stored.EventId, stored.Position, stored.Stream, "{}"))],
            });
        });

        live.ShouldBe([new(Only, 1, 3)]);
        (await Store.ReadNoticesAsync(Tally.Model, Only, 10, cancellation: Cancellation))
            .Select(notice => notice.Position)
            .ShouldBe([4]);
    }

    [Fact]
    public async Task Live_commits_and_a_swap_at_once_leave_the_rows_of_one_of_them()
    {
        await Append([.. Enumerable.Range(0, 20).Select(n => $"s{n % 3}")]);
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        var lease = await Start();
        var hosting = Task.Run(async () =>
        {
            // A host that counts each event by itself, until it is told that its generation is live no more.
            for (var position = 0L; position < 20; position++)
            {
                var stored = (await Log.ReadLogAsync(LogFilter.All, position, 1, Cancellation)).Events[0];
                var rows = await Store.LoadRowsAsync(Tally.Model, 1, [stored.Stream.Id], Cancellation);
                var notes = rows!.GetValueOrDefault(stored.Stream.Id)?.Notes ?? 0;
                if (await Commit(position, position + 1, [new(stored.Stream.Id, notes + 1)]) is Superseded)
                    return;
            }
        }, Cancellation);

        (await Swap(lease)).ShouldBeOfType<SwapOutcome.Swapped>();
        await hosting;

        (await Rows()).ShouldBe([new("s0", 7), new("s1", 7), new("s2", 6)]);
        (await Position()).ShouldBe(20);
    }

    [Fact]
    public async Task Readers_meet_no_error_and_never_an_older_answer_while_generations_come_and_go()
    {
        const int swaps = 10;
        await Append("a");
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Swap(await Start());
        using var done = new CancellationTokenSource();
        var reading = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var (position, answers) = (0L, 0);
            while (!done.IsCancellationRequested)
            {
                var page = await Store.QueryAsync(Tally.Model, new(), Cancellation);
                page.Position.ShouldBeGreaterThanOrEqualTo(position);
                page.Rows.ShouldHaveSingleItem().Notes.ShouldBeGreaterThanOrEqualTo(page.Position);
                (position, answers) = (page.Position, answers + 1);
            }
            return answers;
        }, Cancellation)).ToList();

        for (var n = 0; n < swaps; n++)
        {
            await Append("a");
            (await Swap(await Start())).ShouldBeOfType<SwapOutcome.Swapped>();
            await Store.DropReplacedAsync(Tally.Model, Cancellation);
        }

        await done.CancelAsync();
        (await Task.WhenAll(reading)).ShouldAllBe(answers => answers > 0);
        (await Rows()).ShouldBe([new("a", swaps + 1)]);
    }

    [Fact]
    public async Task The_table_that_a_swap_replaced_stays_until_it_is_dropped()
    {
        await PrepareLive(new Tally("a", 1));
        await Swap(await Start());
        (await Store.LoadRowsAsync(Tally.Model, 1, ["a"], Cancellation))!.Count.ShouldBe(1);

        await Store.DropReplacedAsync(Tally.Model, Cancellation);

        (await Store.LoadRowsAsync(Tally.Model, 1, ["a"], Cancellation)).ShouldBeNull();
        await Store.DropReplacedAsync(Tally.Model, Cancellation);
        (await Rows()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_table_with_many_rows_is_dropped_too()
    {
        await PrepareLive([.. Enumerable.Range(0, 12_000).Select(n => new Tally($"s{n}", n))]);
        var lease = await Start();
        await Swap(lease);

        await Store.DropReplacedAsync(Tally.Model, Cancellation);

        (await Store.LoadRowsAsync(Tally.Model, 1, ["s1"], Cancellation)).ShouldBeNull();
        (await Store.LoadRowsAsync(Tally.Model, lease.Generation, ["s1"], Cancellation))!.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_rebuild_cancelled_right_after_a_swap_leaves_no_table_behind()
    {
        await PrepareLive(new Tally("a", 1));
        var first = await Start();
        await Build(first, 0, 2, new Tally("b", 1));
        await Swap(first);
        var second = await Start();

        await Store.CancelRebuildAsync(Tally.Model, Cancellation);

        foreach (var generation in new[] { 1, second.Generation })
            (await Store.LoadRowsAsync(Tally.Model, generation, ["a"], Cancellation)).ShouldBeNull();
        (await Rows()).ShouldBe([new("b", 1)]);
    }

    [Fact]
    public async Task The_next_rebuild_drops_what_the_last_swap_replaced()
    {
        await PrepareLive(new Tally("a", 1));
        await Swap(await Start());

        var next = await Start();

        next.Generation.ShouldBe(3);
        (await Store.LoadRowsAsync(Tally.Model, 1, ["a"], Cancellation)).ShouldBeNull();
        (await Swap(next)).ShouldBeOfType<SwapOutcome.Swapped>();
    }

    [Fact]
    public async Task A_cancelled_rebuild_leaves_nothing_behind()
    {
        await PrepareLive(new Tally("a", 1));
        var lease = await Start();
        await Build(lease, 0, 2, new Tally("b", 1));

        (await Store.CancelRebuildAsync(Tally.Model, Cancellation)).ShouldBeTrue();
        (await Store.CancelRebuildAsync(Tally.Model, Cancellation)).ShouldBeFalse();

        (await Progress()).ShouldBeNull();
        (await Build(lease, 2, 3)).ShouldBe(Superseded);
        (await Store.LoadRowsAsync(Tally.Model, lease.Generation, ["b"], Cancellation)).ShouldBeNull();
        (await Rows()).ShouldBe([new("a", 1)]);
        (await Start()).Generation.ShouldBeGreaterThan(lease.Generation);
    }

    [Fact]
    public async Task Rows_added_by_the_thousand_are_as_those_written_one_by_one()
    {
        await Store.PrepareAsync(Specimen.Model, 1, Cancellation);
        var lease = await Store.StartRebuildAsync(Specimen.Model, "ann", Clock.GetUtcNow(), false, Cancellation);
        var rows = Enumerable.Range(0, 1_000)
            .Select(n => n % 2 == 0 ? Specimen.Full($"s{n}") : Specimen.Empty($"s{n}")).ToList();

        await Store.CommitBuildAsync(
            Specimen.Model, lease, new BuildCommit<Specimen>(0, 1, Clock.GetUtcNow()) { Added = rows }, Cancellation);

        var loaded = await Store.LoadRowsAsync(
            Specimen.Model, lease.Generation, [.. rows.Select(Specimen.Model.KeyOf)], Cancellation);
        rows.ShouldAllBe(row => loaded![row.Id] == row);
        loaded!.Count.ShouldBe(1_000);
    }

    [Fact]
    public async Task A_row_said_to_be_new_that_is_there_fails_the_build_commit()
    {
        await PrepareLive();
        var lease = await Start();
        await Build(lease, 0, 1, new Tally("a", 1));

        await Should.ThrowAsync<StoreUnavailableException>(() => Build(lease, 1, 2, new Tally("a", 2)));

        (await Progress())!.Position.ShouldBe(1);
    }

    [Fact]
    public async Task Parked_runs_of_the_generation_that_was_built_take_the_place_of_those_of_the_old_one()
    {
        await PrepareLive();
        await Store.CommitAsync(
            Tally.Model,
            new ProjectionCommit<Tally>(new(Only, 1, 3), 4) { Parked = [Run(1, "a"), Run(2, "b")] },
            Cancellation);
        var lease = await Start();
        await Store.CommitBuildAsync(
            Tally.Model,
            lease,
            new BuildCommit<Tally>(0, 4, Clock.GetUtcNow()) { Parked = [Run(3, "b")] },
            Cancellation);
        (await Store.FindParkedAsync(Tally.Model, Id(3), Cancellation)).ShouldBeNull();

        await Swap(lease);

        (await Store.ListParkedAsync(Tally.Model, null, 0, 10, Cancellation)).Select(run => run.Id).ShouldBe([Id(3)]);
        (await Store.ListActsAsync(Tally.Model, null, 10, Cancellation))
            .Select(act => (act.RunId, act.Act, act.By, act.At))
            .ShouldBe(
                [(Id(1), "cleared", "ann", Clock.GetUtcNow()), (Id(2), "cleared", "ann", Clock.GetUtcNow())],
                ignoreOrder: true);
    }
}
