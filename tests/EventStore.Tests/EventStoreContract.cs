using Waybill.EventStore;
using static Waybill.EventStore.AppendResult;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>What every event store guarantees. Each store's test class opens an empty one.</summary>
public abstract partial class EventStoreContract : IAsyncLifetime
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected IEventStore Store { get; private set; } = null!;

    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, 123, 456, TimeSpan.Zero));

    protected async Task<List<RecordedEvent>> ReadAll(StreamName stream) => await Store
        .ReadStreamAsync(stream, cancellation: Cancellation)
        .Select(Make.Types.Read)
        .ToListAsync(Cancellation);

    protected Task<AppendResult> Append(StreamName stream, long expectedVersion, params NewEvent[] events) =>
        Store.AppendAsync(stream, expectedVersion, events, Cancellation);

    public ValueTask InitializeAsync()
    {
        Store = Open();
        return ValueTask.CompletedTask;
    }

    public virtual ValueTask DisposeAsync()
    {
        Close();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens the test's one database, as a new process would.</summary>
    protected abstract IEventStore Open(int waitingMax = 1_000);

    /// <summary>Executes a statement past the store, as an operator would.</summary>
    /// <returns>The first value it returns; null if there is none.</returns>
    protected abstract object? Execute(string sql);

    /// <summary>Keeps the store from appending until it is disposed.</summary>
    protected abstract IDisposable HoldAppends();

    protected void Close() => ((IDisposable)Store).Dispose();

    protected void Reopen(int waitingMax = 1_000)
    {
        Close();
        Store = Open(waitingMax);
    }

    [Fact]
    public async Task What_was_appended_is_read_back_in_its_envelope()
    {
        var metadata = new EventMetadata(Id(9), "correlation", "causation", "ann", "saga", "00-trace");
        await Append(Stream(), 0, new NewEvent(Id(1), new Note.StruckOut("typo"), metadata));

        var recorded = (await ReadAll(Stream())).ShouldHaveSingleItem();

        recorded.EventId.ShouldBe(Id(1));
        recorded.Stream.ShouldBe(Stream());
        (recorded.Version, recorded.Position).ShouldBe((1, 1));
        (recorded.Type, recorded.SchemaVersion).ShouldBe(("note.struck-out", 1));
        recorded.Time.ShouldBe(Clock.GetUtcNow());
        recorded.Event.ShouldBe(new Note.StruckOut("typo"));
        System.Text.Encoding.UTF8.GetString(recorded.Data).ShouldBe("""{"Reason":"typo"}""");
        recorded.Metadata.ShouldBe(metadata);
    }

    [Fact]
    public async Task Absent_metadata_is_read_back_as_absent()
    {
        await Append(Stream(), 0, Event(1, command: 1));

        (await ReadAll(Stream()))[0].Metadata.ShouldBe(new EventMetadata(Id(1), "correlation", null, "ann"));
    }

    [Fact]
    public async Task Versions_count_within_a_stream_and_positions_over_the_whole_log()
    {
        (await Append(Stream("a"), 0, Event(1, command: 1), Event(2, command: 1))).ShouldBe(new Appended(2, 2));
        (await Append(Stream("b"), 0, Event(3, command: 2))).ShouldBe(new Appended(1, 3));
        (await Append(Stream("a"), 2, Event(4, command: 3))).ShouldBe(new Appended(3, 4));

        (await ReadAll(Stream("a"))).Select(e => (e.Version, e.Position)).ShouldBe([(1, 1), (2, 2), (3, 4)]);
        (await Store.ReadHeadPositionAsync(Cancellation)).ShouldBe(4);
    }

    [Fact]
    public async Task An_empty_log_has_no_head_and_an_unknown_stream_no_events()
    {
        (await Store.ReadHeadPositionAsync(Cancellation)).ShouldBe(0);
        (await ReadAll(Stream("nobody"))).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task An_append_at_another_version_conflicts_and_changes_nothing(long expectedVersion)
    {
        await Append(Stream(), 0, Event(1, command: 1), Event(2, command: 1));

        var result = await Append(Stream(), expectedVersion, Event(3, command: 2), Event(4, command: 2));

        result.ShouldBe(new Conflict(ActualVersion: 2));
        (await Store.ReadHeadPositionAsync(Cancellation)).ShouldBe(2);
    }

    [Fact]
    public async Task The_same_event_ids_at_the_same_version_succeed_again_and_change_nothing()
    {
        NewEvent[] events = [Event(1, command: 1), Event(2, command: 1)];
        await Append(Stream(), 0, events);
        await Append(Stream(), 2, Event(3, command: 2));

        (await Append(Stream(), 0, events)).ShouldBe(new Appended(2, 2));

        (await Store.ReadHeadPositionAsync(Cancellation)).ShouldBe(3);
    }

    [Fact]
    public async Task Event_ids_that_continue_past_what_was_recorded_conflict()
    {
        await Append(Stream(), 0, Event(1, command: 1));

        (await Append(Stream(), 0, Event(1, command: 2), Event(2, command: 2))).ShouldBe(new Conflict(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_recorded_command_answers_what_it_did(long expectedVersion)
    {
        await Append(Stream(), 0, Event(1, command: 1), Event(2, command: 1));
        await Append(Stream(), 2, Event(3, command: 2));

        var result = await Append(Stream(), expectedVersion, Event(4, command: 1));

        var recorded = new RecordedCommand(Id(1), Version: 2, Position: 2);
        result.ShouldBe(new AlreadyRecorded(recorded));
        (await Store.FindCommandAsync(Stream(), Id(1), Cancellation)).ShouldBe(recorded);
        (await Store.ReadHeadPositionAsync(Cancellation)).ShouldBe(3);
    }

    [Fact]
    public async Task A_command_belongs_to_its_stream()
    {
        await Append(Stream("a"), 0, Event(1, command: 1));

        (await Store.FindCommandAsync(Stream("b"), Id(1), Cancellation)).ShouldBeNull();
        (await Append(Stream("b"), 0, Event(2, command: 1))).ShouldBe(new Appended(1, 2));
    }

    [Fact]
    public async Task Reading_keeps_to_the_versions_asked_for_over_any_number_of_pages()
    {
        var events = Enumerable.Range(1, 600).Select(n => Event(n, command: 1, $"text {n}")).ToArray();
        await Append(Stream(), 0, events);

        (await ReadAll(Stream())).Select(e => e.EventId).ShouldBe(events.Select(e => e.EventId));
        var part = await Store
            .ReadStreamAsync(Stream(), 255, 515, cancellation: Cancellation)
            .ToListAsync(Cancellation);
        part.Select(e => e.Version).ShouldBe(Enumerable.Range(255, 261).Select(n => (long)n));
    }

    [Fact]
    public async Task A_stream_is_read_as_it_was_at_a_time()
    {
        var before = Clock.GetUtcNow();
        await Append(Stream(), 0, Event(1, command: 1));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Append(Stream(), 1, Event(2, command: 2));

        (await VersionsUntil(before)).ShouldBe([1]);
        (await VersionsUntil(before.AddMicroseconds(-1))).ShouldBeEmpty();
        (await VersionsUntil(before.AddSeconds(1).AddTicks(-1))).ShouldBe([1]);
        (await VersionsUntil(before.AddSeconds(1))).ShouldBe([1, 2]);

        async Task<List<long>> VersionsUntil(DateTimeOffset time) => await Store
            .ReadStreamAsync(Stream(), toTime: time, cancellation: Cancellation)
            .Select(stored => stored.Version)
            .ToListAsync(Cancellation);
    }

    // What comes after it, up to the end of the stream, need not be looked at.
    [Fact]
    public async Task Reading_up_to_a_time_ends_at_the_first_later_event()
    {
        var time = Clock.GetUtcNow();
        await Append(Stream(), 0, Event(1, command: 1));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Append(Stream(), 1, Event(2, command: 2));
        await Append(Stream(), 2, Event(3, command: 3));
        Execute("UPDATE events SET time = (SELECT time FROM events WHERE position = 1) WHERE position = 3");

        var read = await Store.ReadStreamAsync(Stream(), toTime: time, cancellation: Cancellation)
            .ToListAsync(Cancellation);

        read.Select(stored => stored.Version).ShouldBe([1]);
    }

    [Fact]
    public async Task Time_never_falls_along_the_log()
    {
        await Append(Stream(), 0, Event(1, command: 1));
        var before = Clock.GetUtcNow();
        Clock.Set(before.AddHours(-1));
        await Append(Stream(), 1, Event(2, command: 2));
        Clock.Set(before.AddMinutes(1));
        await Append(Stream(), 2, Event(3, command: 3));

        (await ReadAll(Stream())).Select(e => e.Time).ShouldBe([before, before, before.AddMinutes(1)]);
    }

    [Fact]
    public async Task An_event_type_that_was_never_registered_is_a_bug_and_throws()
    {
        var unlisted = new NewEvent(Id(1), new Unlisted(), new EventMetadata(Id(1), "correlation", null, "ann"));

        await Should.ThrowAsync<InvalidOperationException>(() => Append(Stream(), 0, unlisted));
    }

    [Theory]
    [InlineData('\0')]
    [InlineData('\ud83d')]
    public async Task A_text_that_some_store_cannot_hold_is_a_bug_and_throws(char letter)
    {
        var text = $"text{letter}";
        var metadata = new EventMetadata(Id(1), text, null, "ann");

        await Should.ThrowAsync<ArgumentException>(() => Append(Stream(text), 0, Event(1, command: 1)));
        await Should.ThrowAsync<ArgumentException>(
            () => Append(Stream(), 0, new NewEvent(Id(1), new Note.Written("text"), metadata)));
    }

    [Theory]
    [InlineData("log")]
    [InlineData("saga")]
    public async Task A_category_whose_streams_carry_something_else_is_a_bug_and_throws(string category) =>
        await Should.ThrowAsync<ArgumentException>(() => Append(new(category, "a"), 0, Event(1, command: 1)));

    [Fact]
    public async Task Any_other_text_is_read_back_as_it_was()
    {
        const string text = "é 😀 \u0001 ' \" \\ $1 ; --";
        await Append(Stream(text), 0, Event(1, command: 1, text));

        (await ReadAll(Stream(text)))[0].Event.ShouldBe(new Note.Written(text));
    }

    [Fact]
    public async Task Of_many_appenders_to_one_stream_exactly_one_gets_each_version()
    {
        const int appenders = 8, appendsEach = 25;

        var versions = await Task.WhenAll(Enumerable.Range(0, appenders).Select(appender => Task.Run(async () =>
        {
            var mine = new List<long>();
            var expected = 0L;
            while (mine.Count < appendsEach)
            {
                var id = 1 + appender * appendsEach + mine.Count;
                switch (await Append(Stream(), expected, Event(id, command: id)))
                {
                    case Appended appended: mine.Add(expected = appended.Version); break;
                    case Conflict conflict: expected = conflict.ActualVersion; break;
                }
            }
            return mine;
        }, Cancellation)));

        var all = Enumerable.Range(1, appenders * appendsEach).Select(n => (long)n).ToList();
        versions.SelectMany(mine => mine).Order().ShouldBe(all);
        (await ReadAll(Stream())).Select(e => e.Position).ShouldBe(all);
    }

    [Fact]
    public async Task One_append_conflicting_fails_only_itself_among_all_that_are_committed_together()
    {
        await Append(Stream("busy"), 0, Event(1, command: 1));

        var results = await Task.WhenAll(Enumerable.Range(2, 100).Select(n => n % 10 == 0
            ? Append(Stream("busy"), 0, Event(n, command: n))
            : Append(Stream($"s{n}"), 0, Event(n, command: n))));

        results.OfType<Conflict>().Count().ShouldBe(10);
        results.OfType<Appended>().Select(appended => appended.Position).Order()
            .ShouldBe(Enumerable.Range(2, 90).Select(n => (long)n));
    }

    [Fact]
    public async Task A_store_opened_again_goes_on_where_it_stopped()
    {
        await Append(Stream(), 0, Event(1, command: 1));
        var before = Clock.GetUtcNow();
        Clock.Set(before.AddDays(-1));

        Reopen();

        (await Append(Stream(), 1, Event(2, command: 2))).ShouldBe(new Appended(2, 2));
        (await ReadAll(Stream())).Select(e => e.Time).ShouldBe([before, before]);
    }

    [Fact]
    public void A_newer_schema_is_refused_and_left_alone()
    {
        Close();
        Execute("INSERT INTO schema_versions VALUES (99, '2030-01-01')");

        Should.Throw<StoreTooNewException>(() => Open()).Message.ShouldContain("99");

        Execute("DELETE FROM schema_versions WHERE version = 99");
        Reopen();
    }

    [Fact]
    public async Task An_event_of_an_unknown_type_is_named_by_stream_version_and_position()
    {
        await Append(Stream(), 0, Event(1, command: 1), Event(2, command: 1));
        Execute("UPDATE events SET type = 'note.burnt' WHERE position = 2");

        var unreadable = await Should.ThrowAsync<UnreadableEventException>(() => ReadAll(Stream()));

        (unreadable.Stored.Stream, unreadable.Stored.Version, unreadable.Stored.Position).ShouldBe((Stream(), 2, 2));
        unreadable.Message.ShouldContain("note.burnt");
    }

    [Theory]
    [InlineData("""{"Text":1}""")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task Damaged_data_is_named_by_stream_version_and_position(string damaged)
    {
        await Append(Stream(), 0, Event(1, command: 1));
        Execute($"UPDATE events SET data = '{damaged}'");

        var unreadable = await Should.ThrowAsync<UnreadableEventException>(() => ReadAll(Stream()));

        (unreadable.Stored.Stream, unreadable.Stored.Version, unreadable.Stored.Position).ShouldBe((Stream(), 1, 1));
    }

    [Fact]
    public async Task While_nothing_can_be_appended_the_store_is_unavailable_and_afterwards_recovers_by_itself()
    {
        using (HoldAppends())
            await Should.ThrowAsync<StoreUnavailableException>(() => Append(Stream(), 0, Event(1, command: 1)));

        (await Append(Stream(), 0, Event(1, command: 1))).ShouldBe(new Appended(1, 1));
    }

    [Fact]
    public async Task Appends_beyond_the_queue_are_refused_and_those_within_are_carried_out()
    {
        Reopen(waitingMax: 1);
        Task<AppendResult>[] taken;
        using (HoldAppends())
        {
            // One append is with the writer, which cannot go on; one waits for the writer; a third is too many.
            var sent = Enumerable.Range(1, 3).Select(n => Append(Stream($"s{n}"), 0, Event(n, command: n))).ToArray();
            var refused = sent.Where(append => append.Exception?.InnerException is StoreOverloadedException).ToArray();
            refused.ShouldNotBeEmpty();
            taken = [.. sent.Except(refused)];
        }

        foreach (var append in taken)
            (await append).ShouldBeOfType<Appended>();
    }

    [Fact]
    public async Task A_closed_store_is_unavailable()
    {
        Close();

        await Should.ThrowAsync<StoreUnavailableException>(() => Append(Stream(), 0, Event(1, command: 1)));
        await Should.ThrowAsync<StoreUnavailableException>(() => ReadAll(Stream()));
    }

    [Fact]
    public async Task What_was_taken_before_the_store_is_closed_is_carried_out()
    {
        var appends = Enumerable.Range(1, 50).Select(n => Append(Stream($"s{n}"), 0, Event(n, command: n))).ToArray();

        Reopen();

        (await Task.WhenAll(appends)).ShouldAllBe(result => result is Appended);
        (await Store.ReadHeadPositionAsync(Cancellation)).ShouldBe(50);
    }
}
