using Waybill.EventStore;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>What every store guarantees to those who read the log, and keeps for them.</summary>
public abstract partial class EventStoreContract
{
    private ICheckpointStore Checkpoints => (ICheckpointStore)Store;

    private ISnapshotStore Snapshots => (ISnapshotStore)Store;

    // What has just been appended comes from memory to who follows the log.
    private Task<LogPage> ReadLog(bool follows, LogFilter filter, long afterPosition, int limit) => follows
        ? Store.FollowLogAsync(filter, afterPosition, limit, Cancellation)
        : Store.ReadLogAsync(filter, afterPosition, limit, Cancellation);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_whole_log_is_read_in_order_page_by_page(bool follows)
    {
        await AppendToStreams(25);

        var first = await ReadLog(follows, LogFilter.All, afterPosition: 0, limit: 10);
        var rest = await ReadLog(follows, LogFilter.All, first.ReadTo, limit: 100);
        var none = await ReadLog(follows, LogFilter.All, rest.ReadTo, limit: 100);

        first.Events.Select(e => e.Position).ShouldBe(Numbers(1, 10));
        rest.Events.Select(e => e.Position).ShouldBe(Numbers(11, 15));
        (first.ReadTo, rest.ReadTo, none.ReadTo).ShouldBe((10, 25, 25));
        none.Events.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_queues_share_out_the_log_between_them_and_keep_each_stream_together(bool follows)
    {
        const int queues = 3;
        await AppendToStreams(60);

        var shares = new List<IReadOnlyList<StoredEvent>>();
        for (var number = 0; number < queues; number++)
        {
            var page = await ReadLog(
                follows, new LogFilter(new LogQueue(number, queues)), afterPosition: 0, limit: 100);
            page.ReadTo.ShouldBe(60);
            page.Events.ShouldNotBeEmpty();
            page.Events.ShouldAllBe(stored => LogQueue.Of(stored.Stream, queues).Number == number);
            shares.Add(page.Events);
        }

        shares.SelectMany(events => events).Select(e => e.Position).Order().ShouldBe(Numbers(1, 60));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_filtered_page_that_is_full_goes_on_after_its_last_event(bool follows)
    {
        await AppendToStreams(30);
        var filter = new LogFilter(LogQueue.Of(Stream("s1"), count: 2));

        var all = await ReadLog(follows, filter, afterPosition: 0, limit: 100);
        var first = await ReadLog(follows, filter, afterPosition: 0, limit: 2);
        var rest = await ReadLog(follows, filter, first.ReadTo, limit: 100);

        first.ReadTo.ShouldBe(first.Events[1].Position);
        first.Events.Concat(rest.Events).Select(e => e.Position).ShouldBe(all.Events.Select(e => e.Position));
        rest.ReadTo.ShouldBe(30);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_log_is_read_by_category_and_by_type(bool follows)
    {
        await Append(new StreamName("note", "a"), 0, Event(1, command: 1));
        await Append(new StreamName("other", "a"), 0, Event(2, command: 2));
        await Append(new StreamName("note", "a"), 1, Event(3, command: 3, new Note.StruckOut("typo")));

        (await Positions(new LogFilter(Category: "note"))).ShouldBe([1, 3]);
        (await Positions(new LogFilter(Type: "note.written"))).ShouldBe([1, 2]);
        (await Positions(new LogFilter(Category: "note", Type: "note.written"))).ShouldBe([1]);
        (await Positions(new LogFilter(Category: "nobody"))).ShouldBeEmpty();

        async Task<IEnumerable<long>> Positions(LogFilter filter)
        {
            var page = await ReadLog(follows, filter, afterPosition: 0, limit: 100);
            page.ReadTo.ShouldBe(3);
            return page.Events.Select(stored => stored.Position);
        }
    }

    [Fact]
    public async Task What_one_request_set_off_is_read_across_streams_page_by_page()
    {
        for (var n = 1; n <= 9; n++)
        {
            var metadata = new EventMetadata(Id(n), n % 3 == 0 ? "Other" : "one", null, "ann");
            await Append(Stream($"s{n}"), 0, new NewEvent(Id(n), new Note.Written("text"), metadata));
        }

        var first = await Read(after: 0, limit: 4);
        var rest = await Read(first.ReadTo, limit: 100);

        first.Events.Concat(rest.Events).Select(stored => stored.Position).ShouldBe([1, 2, 4, 5, 7, 8]);
        (first.ReadTo, rest.ReadTo, (await Read(rest.ReadTo, limit: 1)).ReadTo).ShouldBe((5, 8, 8));
        (await Store.ReadCorrelationAsync("other", 0, 100, Cancellation)).Events.ShouldBeEmpty();

        Task<LogPage> Read(long after, int limit) => Store.ReadCorrelationAsync("one", after, limit, Cancellation);
    }

    [Fact]
    public async Task What_a_command_did_is_found_in_whichever_streams()
    {
        await Append(Stream("a"), 0, Event(1, command: 7), Event(2, command: 7));
        await Append(Stream("b"), 0, Event(3, command: 8));
        await Append(Stream("c"), 0, Event(4, command: 7));

        (await Positions(Id(7))).ShouldBe([1, 2, 4]);
        (await Positions(Id(9))).ShouldBeEmpty();

        async Task<IEnumerable<long>> Positions(Guid command) =>
            (await Store.ReadCommandAsync(command, Cancellation)).Select(stored => stored.Position);
    }

    [Fact]
    public async Task A_page_ends_early_where_events_are_large()
    {
        var large = new string('x', 5 << 20);
        for (var n = 1; n <= 4; n++)
            await Append(Stream(), n - 1, Event(n, command: n, large));

        var page = await Store.ReadLogAsync(LogFilter.All, afterPosition: 0, limit: 100, Cancellation);

        (page.Events.Count, page.ReadTo).ShouldBe((2, 2));
        (await ReadAll(Stream())).Select(e => e.Version).ShouldBe(Numbers(1, 4));
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_read_from_the_log_as_it_is_stored()
    {
        await Append(Stream(), 0, Event(1, command: 1));
        await Append(Stream(), 1, Event(2, command: 2));
        Execute("UPDATE events SET type = 'note.burnt' WHERE position = 1");

        var page = await Store.ReadLogAsync(LogFilter.All, afterPosition: 0, limit: 100, Cancellation);

        page.Events.Select(stored => stored.Type).ShouldBe(["note.burnt", "note.written"]);
        Should.Throw<UnreadableEventException>(() => Types.Read(page.Events[0]));
    }

    [Fact]
    public async Task Whoever_waits_for_the_log_to_grow_is_woken_by_a_commit()
    {
        await Append(Stream(), 0, Event(1, command: 1));
        await Store.WaitBeyondAsync(0, Cancellation);

        var waiting = Store.WaitBeyondAsync(1, Cancellation);
        waiting.IsCompleted.ShouldBeFalse();
        await Append(Stream(), 1, Event(2, command: 2));

        await waiting.WaitAsync(FakeTimeProvider.BarrierLimit, Cancellation);
    }

    // As after a failover to a standby that had not got the last commits.
    [Fact]
    public async Task A_commit_that_is_lost_again_wakes_nobody_twice()
    {
        await Append(Stream(), 0, Event(1, command: 1));
        await Append(Stream(), 1, Event(2, command: 2));
        Execute("DELETE FROM events WHERE position = 2");
        await Store.WaitBeyondAsync(1, Cancellation);
        (await Store.ReadLogAsync(LogFilter.All, afterPosition: 1, limit: 10, Cancellation)).ReadTo.ShouldBe(1);

        var waiting = Store.WaitBeyondAsync(1, Cancellation);

        waiting.IsCompleted.ShouldBeFalse();
        await Append(Stream("b"), 0, Event(3, command: 3));
        await waiting.WaitAsync(FakeTimeProvider.BarrierLimit, Cancellation);
    }

    [Fact]
    public async Task Whoever_waits_for_the_log_to_grow_can_stop_waiting()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Store.WaitBeyondAsync(0, stop.Token);

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Closing_ends_the_waiting()
    {
        var waiting = Store.WaitBeyondAsync(0, Cancellation);

        Close();

        await waiting.WaitAsync(FakeTimeProvider.BarrierLimit, Cancellation);
        await Should.ThrowAsync<StoreUnavailableException>(
            () => Store.ReadLogAsync(LogFilter.All, afterPosition: 0, limit: 1, Cancellation));
    }

    [Fact]
    public async Task A_checkpoint_goes_forward_and_outlives_the_store_but_never_goes_back()
    {
        (await Checkpoints.ReadCheckpointAsync("reader", Cancellation)).ShouldBe(0);
        await Checkpoints.SaveCheckpointAsync("reader", 7, Cancellation);
        await Checkpoints.SaveCheckpointAsync("reader", 5, Cancellation);
        await Checkpoints.SaveCheckpointAsync("other", 3, Cancellation);

        Reopen();

        (await Checkpoints.ReadCheckpointAsync("reader", Cancellation)).ShouldBe(7);
        (await Checkpoints.ReadCheckpointAsync("other", Cancellation)).ShouldBe(3);
    }

    [Fact]
    public async Task Checkpoints_are_found_by_how_their_names_begin()
    {
        await Checkpoints.SaveCheckpointAsync("a%/1", 1, Cancellation);
        await Checkpoints.SaveCheckpointAsync("a%/2", 2, Cancellation);
        await Checkpoints.SaveCheckpointAsync("ab/3", 3, Cancellation);

        (await Checkpoints.ReadCheckpointsAsync("a%/", Cancellation)).ShouldBe(
            new Dictionary<string, long> { ["a%/1"] = 1, ["a%/2"] = 2 }, ignoreOrder: true);
        (await Checkpoints.ReadCheckpointsAsync("none", Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_snapshot_is_read_back_and_replaced_by_newer_ones_and_by_those_of_another_shape()
    {
        (await Snapshots.ReadSnapshotAsync(Stream(), "shape", Cancellation)).ShouldBeNull();
        await Save("shape", version: 5);
        await Save("shape", version: 4);
        await Save("shape", version: 6, id: "b");

        var kept = (await Snapshots.ReadSnapshotAsync(Stream(), "shape", Cancellation)).ShouldNotBeNull();

        (kept.Shape, kept.Version, kept.Position).ShouldBe(("shape", 5, 50));
        kept.State.ShouldBe("5"u8.ToArray());
        (await Snapshots.ReadSnapshotAsync(Stream(), "another", Cancellation)).ShouldBeNull();
        await Save("another", version: 1);
        (await Snapshots.ReadSnapshotAsync(Stream(), "another", Cancellation))?.Version.ShouldBe(1);
        (await Snapshots.ReadSnapshotAsync(Stream(), "shape", Cancellation)).ShouldBeNull();

        Task Save(string shape, int version, string id = "a") => Snapshots.SaveSnapshotAsync(
            Stream(id), new Snapshot(shape, version, version * 10, [(byte)('0' + version)]), Cancellation);
    }

    [Fact]
    public async Task A_database_of_the_first_schema_is_migrated_with_what_it_holds()
    {
        await AppendToStreams(20);
        Close();
        foreach (var statement in BackToSecondSchema.Concat(BackToFirstSchema))
            Execute(statement);

        Reopen();

        var mine = LogQueue.Of(Stream("s1"), count: 16);
        var page = await Store.ReadLogAsync(new LogFilter(mine), afterPosition: 0, limit: 100, Cancellation);
        page.Events.Select(e => e.Stream).ShouldContain(Stream("s1"));
        page.Events.ShouldAllBe(stored => LogQueue.Of(stored.Stream, 16) == mine);
        await Append(Stream("s1"), 2, Event(21, command: 21));
        (await Store.ReadHeadPositionAsync(Cancellation)).ShouldBe(21);
        var verified = (await Verify()).ShouldBeOfType<Verification.Intact>();
        (verified.Head!.Position, verified.Unchained).ShouldBe((21, 20));
    }

    private static string[] BackToFirstSchema =>
    [
        "DROP TABLE subject_keys", "DROP TABLE checkpoints", "DROP TABLE snapshots", "DROP TABLE chain_start",
        "DROP TABLE due", "DROP INDEX events_by_correlation", "DROP TABLE idempotency_keys",
        "ALTER TABLE events DROP COLUMN slot", "ALTER TABLE events DROP COLUMN hash",
        "ALTER TABLE events DROP COLUMN key_id", "DELETE FROM schema_versions WHERE version > 1",
    ];

    private static IEnumerable<string> BackToSecondSchema =>
        from table in new[] { "read_models", "projections", "parked_runs", "parked_acts", "notices" }
        select $"DROP TABLE {table}";

    private static IEnumerable<long> Numbers(int first, int count) =>
        Enumerable.Range(first, count).Select(number => (long)number);

    // Ten streams in turn, one event each time.
    private async Task AppendToStreams(int events)
    {
        for (var n = 0; n < events; n++)
            await Append(Stream($"s{n % 10}"), n / 10, Event(n + 1, command: n + 1));
    }
}
