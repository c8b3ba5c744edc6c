using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore.ReadModels;

/// <summary>
/// What every store guarantees to projections, rebuilds and readers. Each store's class opens an empty one.
/// </summary>
public abstract partial class ReadModelStoreContract : IAsyncLifetime
{
    private static readonly LogQueue Only = new(0, 1);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected IEventStore Log { get; private set; } = null!;

    protected IReadModelStore Store { get; private set; } = null!;

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    /// <summary>Opens the test's one database, as a new process would.</summary>
    protected abstract (IEventStore Log, IReadModelStore Store) Open();

    /// <summary>Asks for one value past the store, as an operator would.</summary>
    protected abstract object? Query(string sql);

    public ValueTask InitializeAsync()
    {
        (Log, Store) = Open();
        return ValueTask.CompletedTask;
    }

    public virtual ValueTask DisposeAsync()
    {
        ((IDisposable)Log).Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private void Reopen()
    {
        ((IDisposable)Log).Dispose();
        (Log, Store) = Open();
    }

    private async Task Append(params string[] streams)
    {
        foreach (var stream in streams)
        {
            var version = await Log.ReadStreamAsync(Stream(stream), cancellation: Cancellation)
                .CountAsync(Cancellation);
            var id = (int)await Log.ReadHeadPositionAsync(Cancellation) + 1;
            await Log.AppendAsync(Stream(stream), version, [Event(id, command: id)], Cancellation);
        }
    }

    private Task<CommitOutcome> Commit(
        long from, long to, IReadOnlyList<Tally>? upserts = null, IReadOnlyList<RowKey>? deletes = null,
        long generation = 1) =>
        Store.CommitAsync(
            Tally.Model,
            new ProjectionCommit<Tally>(new(Only, generation, from), to)
            {
                Upserts = upserts ?? [],
                Deletes = deletes ?? [],
            },
            Cancellation);

    private async Task<IReadOnlyList<Tally>> Rows(string? where = null, params object?[] values) =>
        (await Store.QueryAsync(Tally.Model, new(where, values), Cancellation)).Rows;

    private async Task<long> Position() => (await Store.ReadStateAsync(Tally.Model, Cancellation)).Position;

    [Fact]
    public async Task A_new_read_model_is_empty_and_at_the_beginning_of_each_queue()
    {
        await Append("a");

        var state = await Store.PrepareAsync(Tally.Model, queueCount: 3, Cancellation);

        state.Positions.ShouldBe([.. Enumerable.Range(0, 3).Select(n => new ProjectionPosition(new(n, 3), 1, 0))]);
        (state.Generation, state.Position, state.Rebuild, state.Parked, state.Head).ShouldBe((1, 0, null, 0, 1));
        (await Rows()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_read_model_that_is_there_is_found_as_it_was_left()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Commit(0, 5, [new("a", 1)]);
        Reopen();

        var state = await Store.PrepareAsync(Tally.Model, 1, Cancellation);

        state.Positions.ShouldBe([new(Only, 1, 5)]);
        (await Rows()).ShouldBe([new("a", 1)]);
    }

    [Fact]
    public async Task Prepared_by_many_at_once_it_is_made_once()
    {
        var states = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(_ => Store.PrepareAsync(Tally.Model, 2, Cancellation)));

        states.ShouldAllBe(state => state.Positions.Count == 2 && state.Generation == 1);
    }

    [Fact]
    public async Task Another_shape_under_the_same_version_is_refused_and_under_a_new_one_is_made_beside_it()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Commit(0, 1, [new("a", 1)]);

        (await Should.ThrowAsync<ReadModelChangedException>(() =>
            Store.PrepareAsync(new ReadModel<Mark>("tally", 1, ["Number"]), 1, Cancellation)))
            .Message.ShouldContain("Raise its version");
        await Store.PrepareAsync(new ReadModel<Mark>("tally", 2, ["Number"]), 1, Cancellation);

        (await Rows()).ShouldBe([new("a", 1)]);
    }

    [Fact]
    public async Task The_queues_of_a_projection_that_is_level_can_be_divided_anew()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Commit(0, 5);

        var state = await Store.PrepareAsync(Tally.Model, 2, Cancellation);

        state.Positions.ShouldBe([new(new(0, 2), 1, 5), new(new(1, 2), 1, 5)]);
    }

    [Fact]
    public async Task The_queues_of_a_projection_that_is_not_level_stay_as_they_are()
    {
        await Store.PrepareAsync(Tally.Model, 2, Cancellation);
        await Store.CommitAsync(Tally.Model, new ProjectionCommit<Tally>(new(new(1, 2), 1, 0), 5), Cancellation);

        var state = await Store.PrepareAsync(Tally.Model, 3, Cancellation);

        state.Positions.ShouldBe([new(new(0, 2), 1, 0), new(new(1, 2), 1, 5)]);
        (await Store.ReadPositionAsync(Tally.Model, new(1, 3), Cancellation)).ShouldBeNull();
        (await Store.ReadPositionAsync(Tally.Model, new(1, 2), Cancellation)).ShouldBe(state.Positions[1]);
    }

    [Fact]
    public async Task What_has_not_been_prepared_has_no_rows()
    {
        var page = await Store.QueryAsync(Tally.Model, new(), Cancellation);

        (page.Rows.Count, page.Position).ShouldBe((0, 0));
        await Should.ThrowAsync<InvalidOperationException>(() => Store.ReadStateAsync(Tally.Model, Cancellation));
    }

    [Fact]
    public async Task Values_of_every_type_are_read_back_as_they_were_written()
    {
        await Store.PrepareAsync(Specimen.Model, 1, Cancellation);
        Specimen[] rows = [Specimen.Empty("empty"), Specimen.Full("full")];

        await Store.CommitAsync(
            Specimen.Model, new ProjectionCommit<Specimen>(new(Only, 1, 0), 1) { Upserts = rows }, Cancellation);

        (await Store.QueryAsync(Specimen.Model, new(), Cancellation)).Rows.ShouldBe(rows);
        var loaded = await Store.LoadRowsAsync(Specimen.Model, 1, ["full", "none", "empty"], Cancellation);
        loaded!.Count.ShouldBe(2);
        (loaded["full"], loaded["empty"]).ShouldBe((rows[1], rows[0]));
    }

    [Fact]
    public async Task Rows_are_found_by_columns_of_every_type()
    {
        await Store.PrepareAsync(Specimen.Model, 1, Cancellation);
        var full = Specimen.Full("full");
        await Store.CommitAsync(
            Specimen.Model,
            new ProjectionCommit<Specimen>(new(Only, 1, 0), 1) { Upserts = [Specimen.Empty("empty"), full] },
            Cancellation);

        var found = await Store.QueryAsync(
            Specimen.Model,
            new(
                "remark = $1 AND amount = $2 AND count = $3 AND is_open = $4 AND reference = $5 AND at = $6 "
                    + "AND grade = $7",
                [full.Remark, full.Amount, full.Count, full.IsOpen, full.Reference, full.At, full.Grade]),
            Cancellation);

        found.Rows.ShouldBe([full]);
    }

    [Fact]
    public async Task Times_are_kept_in_UTC_to_the_microsecond()
    {
        await Store.PrepareAsync(Specimen.Model, 1, Cancellation);
        var at = new DateTimeOffset(2026, 3, 1, 14, 0, 0, TimeSpan.FromHours(2)).AddTicks(12_345_678);

        await Store.CommitAsync(
            Specimen.Model,
            new ProjectionCommit<Specimen>(new(Only, 1, 0), 1)
            {
                Upserts = [Specimen.Empty("a") with { At = at, Until = at }],
            },
            Cancellation);

        var row = (await Store.QueryAsync(Specimen.Model, new(), Cancellation)).Rows[0];
        (row.At, row.At.Offset, row.Until).ShouldBe((at.AddTicks(-8), TimeSpan.Zero, at.AddTicks(-8)));
    }

    [Fact]
    public async Task Keys_of_several_columns_are_written_loaded_and_deleted()
    {
        await Store.PrepareAsync(Mark.Model, 1, Cancellation);
        var at = Clock.GetUtcNow();
        Mark[] marks = [new(Grade.Gold, at, 1, Id(1)), new(Grade.Gold, at, 2, Id(1)), new(Grade.Plain, at, 1, Id(2))];
        var keys = marks.Select(Mark.Model.KeyOf).ToList();

        await Store.CommitAsync(
            Mark.Model, new ProjectionCommit<Mark>(new(Only, 1, 0), 1) { Upserts = marks }, Cancellation);
        await Store.CommitAsync(
            Mark.Model,
            new ProjectionCommit<Mark>(new(Only, 1, 1), 2) { Upserts = [marks[0]], Deletes = [keys[1]] },
            Cancellation);

        var loaded = await Store.LoadRowsAsync(Mark.Model, 1, keys, Cancellation);
        loaded!.Keys.ShouldBe([keys[0], keys[2]], ignoreOrder: true);
        (await Store.QueryAsync(Mark.Model, new(), Cancellation)).Rows.ShouldBe([marks[0], marks[2]]);
    }

    [Fact]
    public async Task Rows_are_replaced_and_removed_and_many_go_at_once()
    {
        const int many = 3_000;
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        var rows = Enumerable.Range(0, many).Select(n => new Tally($"s{n:D4}", n)).ToList();
        await Commit(0, 1, rows);

        await Commit(1, 2, [.. rows.Take(1_000).Select(row => row with { Notes = -1 })], [.. rows.Skip(2_000)
            .Select(Tally.Model.KeyOf), "none"]);

        (await Rows("notes = $1", -1L)).Count.ShouldBe(100); // The limit, where none is given.
        var loaded = await Store.LoadRowsAsync(Tally.Model, 1, [.. rows.Select(Tally.Model.KeyOf)], Cancellation);
        loaded!.Values.Order(Comparer<Tally>.Create((a, b) => string.CompareOrdinal(a.Stream, b.Stream)))
            .ShouldBe([.. rows.Take(1_000).Select(row => row with { Notes = -1 }), .. rows.Skip(1_000).Take(1_000)]);
    }

    [Fact]
    public async Task A_query_orders_texts_by_their_bytes_and_pages()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Commit(0, 7, [new("b", 1), new("B", 2), new("ä", 3), new("a", 4), new("z", 5)]);

        var all = await Store.QueryAsync(Tally.Model, new(), Cancellation);
        var page = await Store.QueryAsync(
            Tally.Model, new("stream > $1 AND notes < $2", ["B", 5L], "notes DESC", Limit: 2), Cancellation);

        all.Rows.Select(row => row.Stream).ShouldBe(["B", "a", "b", "z", "ä"]);
        page.Rows.ShouldBe([new("a", 4), new("ä", 3)]);
        page.Position.ShouldBe(7);
    }

    [Fact]
    public async Task The_position_of_rows_is_that_of_the_queue_furthest_behind()
    {
        await Store.PrepareAsync(Tally.Model, 2, Cancellation);
        await Store.CommitAsync(Tally.Model, new ProjectionCommit<Tally>(new(new(1, 2), 1, 0), 9), Cancellation);
        await Store.CommitAsync(Tally.Model, new ProjectionCommit<Tally>(new(new(0, 2), 1, 0), 4), Cancellation);

        (await Store.QueryAsync(Tally.Model, new(), Cancellation)).Position.ShouldBe(4);
    }

    [Fact]
    public async Task Operators_query_the_view()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Commit(0, 1, [new("a", 42)]);

        Convert.ToInt64(Query("SELECT notes FROM tally_v1 WHERE stream = 'a'")).ShouldBe(42);
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(6, 1)]
    [InlineData(5, 2)]
    public async Task A_commit_from_another_position_or_generation_is_superseded_and_changes_nothing(
        long from, long generation)
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Commit(0, 5, [new("a", 1)]);

        (await Commit(from, 9, [new("a", 2)], generation: generation)).ShouldBe(CommitOutcome.Superseded);

        (await Rows()).ShouldBe([new("a", 1)]);
        (await Position()).ShouldBe(5);
    }

    [Fact]
    public async Task A_commit_for_other_queues_than_there_are_is_superseded()
    {
        await Store.PrepareAsync(Tally.Model, 2, Cancellation);

        (await Commit(0, 1, [new("a", 1)])).ShouldBe(CommitOutcome.Superseded);
    }

    [Fact]
    public async Task Of_many_commits_from_one_position_one_wins()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);

        var outcomes = await Task.WhenAll(Enumerable.Range(1, 10).Select(n => Commit(0, n, [new("a", n)])));

        outcomes.Count(outcome => outcome is CommitOutcome.Committed).ShouldBe(1);
        (await Rows()).ShouldBe([new("a", await Position())]);
    }

    [Fact]
    public async Task A_row_can_be_written_without_moving_on()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Commit(0, 5);

        (await Commit(5, 5, [new("a", 1)])).ShouldBe(CommitOutcome.Committed);
        (await Commit(4, 4, [new("a", 2)])).ShouldBe(CommitOutcome.Superseded);

        (await Rows()).ShouldBe([new("a", 1)]);
        (await Position()).ShouldBe(5);
    }

    [Fact]
    public async Task A_row_that_no_store_can_hold_fails_before_anything_is_written()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        var tooLongForAnIndex = new string('ä', 1_300);

        foreach (var text in new[] { "a\0b", "a\ud83e", "\udd86a", tooLongForAnIndex })
        {
            Should.Throw<UnstorableRowException>(() => Tally.Model.Check(new Tally(text, 1)));
            await Should.ThrowAsync<UnstorableRowException>(() => Commit(0, 1, [new("b", 1), new(text, 1)]));
        }

        (await Position()).ShouldBe(0);
        (await Rows()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_row_as_long_as_allowed_is_stored()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        // Not to be compressed: an index's limit is on what it holds in the end.
        var random = new Random(1);
        var id = string.Concat(Enumerable.Range(0, 2_500).Select(_ => (char)random.Next('!', '~')));

        (await Commit(0, 1, [new(id, 1)])).ShouldBe(CommitOutcome.Committed);

        (await Store.LoadRowsAsync(Tally.Model, 1, [id], Cancellation))!.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_large_text_that_is_not_indexed_is_stored()
    {
        await Store.PrepareAsync(Specimen.Model, 1, Cancellation);
        var row = Specimen.Empty("a") with { Remark = new string('x', 10 << 20) };

        await Store.CommitAsync(
            Specimen.Model, new ProjectionCommit<Specimen>(new(Only, 1, 0), 1) { Upserts = [row] }, Cancellation);

        (await Store.LoadRowsAsync(Specimen.Model, 1, ["a"], Cancellation))!["a"].ShouldBe(row);
    }

    [Fact]
    public async Task A_key_of_another_type_is_a_bug_that_shows()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);

        await Should.ThrowAsync<ArgumentException>(() => Store.LoadRowsAsync(Tally.Model, 1, [1L], Cancellation));
        await Should.ThrowAsync<ArgumentException>(() => Commit(0, 1, deletes: [RowKey.Of("a", "b")]));
    }

    [Fact]
    public async Task The_lag_of_a_queue_counts_its_own_events()
    {
        await Append("a", "b", "c", "d");
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Append("a");
        var queue = LogQueue.Of(Stream("a"), count: 256);

        var lag = await Store.ReadLagAsync(queue, position: 1, Cancellation);
        var none = await Store.ReadLagAsync(queue, position: 5, Cancellation);

        lag.ShouldBe(new QueueLag(5, EventsBehind: 1, IsExact: true, Clock.GetUtcNow()));
        none.ShouldBe(new QueueLag(5, 0, IsExact: true, OldestTime: null));
    }

    [Fact]
    public async Task The_queues_that_have_events_beyond_a_position_are_known_by_their_last_one()
    {
        await Append("a", "b", "a");
        var (a, b) = (LogQueue.Of(Stream("a"), count: 256).Number, LogQueue.Of(Stream("b"), count: 256).Number);

        var all = await Store.ReadQueueEndsAsync(256, after: 0, upTo: 3, Cancellation);
        var last = await Store.ReadQueueEndsAsync(256, after: 2, upTo: 3, Cancellation);
        var none = await Store.ReadQueueEndsAsync(256, after: 3, upTo: 4, Cancellation);

        (all.ReadTo, all.Ends[a], all.Ends[b], all.Ends.Count).ShouldBe((3, 3, 2, 2));
        (last.ReadTo, last.Ends.ShouldHaveSingleItem()).ShouldBe((3, new(a, 3)));
        (none.ReadTo, none.Ends.Count).ShouldBe((3, 0));
    }

    [Fact]
    public async Task Notices_are_kept_with_their_rows_until_they_are_removed()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        Notice[] notices = [new(Id(2), 2, Stream("a"), "{}"), new(Id(1), 1, Stream("b"), """{"n":1}""")];
        var commit = new ProjectionCommit<Tally>(new(Only, 1, 0), 2) { Notices = notices };
        await Store.CommitAsync(Tally.Model, commit, Cancellation);
        await Store.CommitAsync(Tally.Model, commit, Cancellation); // Superseded.

        var kept = await Store.ReadNoticesAsync(Tally.Model, Only, 10, cancellation: Cancellation);
        await Store.RemoveNoticesAsync(Tally.Model, [Id(1), Id(9)], Cancellation);

        kept.ShouldBe([notices[1], notices[0]]);
        (await Store.ReadNoticesAsync(Tally.Model, Only, 10, cancellation: Cancellation)).ShouldBe([notices[0]]);
        (await Store.ReadNoticesAsync(Tally.Model, LogQueue.Of(Stream("a"), 256), 1, cancellation: Cancellation))
            .Count.ShouldBe(1);
        (await Store.ReadNoticesAsync(Tally.Model, LogQueue.Of(Stream("b"), 256), 1, cancellation: Cancellation))
            .ShouldBeEmpty();
    }
}
