using Npgsql;
using Waybill.EventStore;
using Waybill.EventStore.Postgres;
using Waybill.Tests.Postgres;
using static Waybill.EventStore.AppendResult;

namespace Waybill.Tests.EventStore;

/// <summary>Several stores on one database, as several processes have them.</summary>
[Collection(OnPostgres.Name)]
public sealed class PostgresSharingTests(PostgresServer server)
{
    private readonly string _schema = server.NewSchema();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_sees_the_positions_of_all_stores_without_gaps_from_the_first_on()
    {
        const int callers = 8, appendsEach = 60;
        using var one = OnPostgres.Open(_schema);
        using var other = OnPostgres.Open(_schema);

        var reading = Task.Run(() => ReadUntil(2 * callers * appendsEach, _schema), Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 2 * callers).Select(caller => Task.Run(async () =>
        {
            var store = caller % 2 == 0 ? one : other;
            for (var version = 0; version < appendsEach; version++)
                (await store.AppendAsync(Make.Stream($"s{caller}"), version, [NewEvent()], Cancellation))
                    .ShouldBeOfType<Appended>().Version.ShouldBe(version + 1);
        }, Cancellation)));

        await reading;
    }

    [Fact]
    public async Task A_commit_takes_no_more_events_than_it_may()
    {
        using var store = OnPostgres.Open(_schema, eventsMax: 4);
        Task<AppendResult>[] appends;
        using (OnPostgres.HoldAppends(_schema))
            appends =
            [
                .. Enumerable.Range(1, 20).Select(
                    n => store.AppendAsync(Make.Stream($"s{n}"), 0, [NewEvent(), NewEvent()], Cancellation)),
            ];

        (await Task.WhenAll(appends)).ShouldAllBe(result => result is Appended);

        PostgresServer.Execute(_schema, "SELECT count(*) FROM events GROUP BY xmin::text ORDER BY 1 DESC LIMIT 1")
            .ShouldBe(4L);
    }

    [Fact]
    public async Task A_commit_wakes_those_who_wait_in_another_store()
    {
        using var one = OnPostgres.Open(_schema);
        using var other = OnPostgres.Open(_schema);

        for (var version = 0; version < 3; version++)
        {
            var waiting = other.WaitBeyondAsync(version, Cancellation);
            await one.AppendAsync(Make.Stream(), version, [NewEvent()], Cancellation);
            await waiting.WaitAsync(FakeTimeProvider.BarrierLimit, Cancellation);
        }
    }

    [Fact]
    public async Task Two_stores_that_need_a_subjects_first_key_at_once_agree_on_one()
    {
        const int subjects = 40;
        using var one = OnPostgres.Open(_schema);
        using var other = OnPostgres.Open(_schema);

        for (var n = 1; n <= subjects; n++)
            await Task.WhenAll(new[] { one, other }.Select((store, s) => store.AppendAsync(
                Make.Stream($"{s}-{n}"), 0, [Make.Authored(s * subjects + n, $"author {n}", "Ann")], Cancellation)));

        PostgresServer.Execute(_schema, "SELECT count(*) FROM subject_keys").ShouldBe((long)subjects);
        var page = await one.ReadLogAsync(LogFilter.All, afterPosition: 0, limit: 1_000, Cancellation);
        page.Events.Count.ShouldBe(2 * subjects);
        page.Events.ShouldAllBe(stored => ((Note.Authored)Make.Types.Read(stored).Event).Name == "Ann");
        (await other.VerifyAsync(cancellation: Cancellation)).ShouldBeOfType<Verification.Intact>();
    }

    [Fact]
    public async Task Who_is_forgotten_in_one_store_is_in_the_other_and_what_is_appended_meanwhile_stays_whole()
    {
        const int appends = 100;
        using var one = OnPostgres.Open(_schema);
        using var other = OnPostgres.Open(_schema);

        var appending = Task.Run(
            async () =>
            {
                for (var n = 1; n <= appends; n++)
                    (await one.AppendAsync(Make.Stream(), n - 1, [Make.Authored(n, "ann", "Ann")], Cancellation))
                        .ShouldBeOfType<Appended>();
            },
            Cancellation);
        while (!appending.IsCompleted)
            await other.ForgetSubjectAsync("ann", Cancellation);
        await appending;
        await other.ForgetSubjectAsync("ann", Cancellation);

        var page = await one.ReadLogAsync(LogFilter.All, afterPosition: 0, limit: 1_000, Cancellation);
        page.Events.Count.ShouldBe(appends);
        page.Events.ShouldAllBe(
            stored => ((Note.Authored)Make.Types.Read(stored).Event).Name == PersonalAttribute.Forgotten);
        (await one.VerifyAsync(cancellation: Cancellation)).ShouldBeOfType<Verification.Intact>();
    }

    [Fact]
    public async Task Of_two_stores_appending_to_one_stream_one_gets_each_version_and_the_other_is_told()
    {
        const int appendsEach = 100;
        using var one = OnPostgres.Open(_schema);
        using var other = OnPostgres.Open(_schema);

        var versions = await Task.WhenAll(new[] { one, other }.Select(store => Task.Run(async () =>
        {
            var mine = new List<long>();
            var expected = 0L;
            while (mine.Count < appendsEach)
            {
                switch (await store.AppendAsync(Make.Stream(), expected, [NewEvent()], Cancellation))
                {
                    case Appended appended: mine.Add(expected = appended.Version); break;
                    case Conflict conflict: expected = conflict.ActualVersion; break;
                }
            }
            return mine;
        }, Cancellation)));

        versions.SelectMany(mine => mine).Order()
            .ShouldBe(Enumerable.Range(1, 2 * appendsEach).Select(n => (long)n));
    }

    // What a store takes the log for is decided on before the database is asked.
    [Fact]
    public async Task A_store_that_was_alone_finds_out_what_another_one_has_done()
    {
        using var one = OnPostgres.Open(_schema);
        using var other = OnPostgres.Open(_schema);
        NewEvent[] events = [NewEvent()];
        var command = NewEvent();

        await BeAlone(0);
        (await other.AppendAsync(Make.Stream("taken"), 0, [NewEvent()], Cancellation)).ShouldBe(new Appended(1, 3));
        (await one.AppendAsync(Make.Stream("taken"), 0, [NewEvent()], Cancellation)).ShouldBe(new Conflict(1));
        await BeAlone(2);
        (await other.AppendAsync(Make.Stream("again"), 0, events, Cancellation)).ShouldBe(new Appended(1, 6));
        (await one.AppendAsync(Make.Stream("again"), 0, events, Cancellation)).ShouldBe(new Appended(1, 6));
        await BeAlone(4);
        await other.AppendAsync(Make.Stream("sent"), 0, [command], Cancellation);
        var again = command with { EventId = Guid.CreateVersion7() };
        (await one.AppendAsync(Make.Stream("sent"), 1, [again], Cancellation))
            .ShouldBe(new AlreadyRecorded(new(command.Metadata.CommandId, 1, 9)));
        await BeAlone(6);
        await other.AppendAsync(Make.Stream("other"), 0, [NewEvent()], Cancellation);
        (await one.AppendAsync(Make.Stream("own"), 8, [NewEvent()], Cancellation)).ShouldBe(new Appended(9, 13));
        (await one.VerifyAsync(cancellation: Cancellation)).ShouldBeOfType<Verification.Intact>();

        async Task BeAlone(long version)
        {
            for (var n = 0; n < 2; n++)
                (await one.AppendAsync(Make.Stream("own"), version + n, [NewEvent()], Cancellation))
                    .ShouldBeOfType<Appended>();
        }
    }

    [Fact]
    public async Task A_store_that_is_alone_decides_and_commits_in_one_round_trip()
    {
        using var store = OnPostgres.Open(_schema);

        for (var version = 0; version < 3; version++)
            await store.AppendAsync(Make.Stream(), version, [NewEvent()], Cancellation);

        // After the two round trips of a commit that asks first, the last statement would be COMMIT.
        PostgresServer.Execute(
            _schema, "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' AND query LIKE '%INSERT INTO events%'")
            .ShouldBe(1L);
    }

    [Fact]
    public async Task An_append_is_recognised_by_any_store()
    {
        using var one = OnPostgres.Open(_schema);
        using var other = OnPostgres.Open(_schema);
        NewEvent[] events = [NewEvent()];
        await one.AppendAsync(Make.Stream(), 0, events, Cancellation);

        (await other.AppendAsync(Make.Stream(), 0, events, Cancellation)).ShouldBe(new Appended(1, 1));
    }

    [Fact]
    public async Task Stores_that_open_a_new_database_at_once_migrate_it_once()
    {
        var stores = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => Task.Run(() => OnPostgres.Open(_schema), Cancellation)));

        foreach (var store in stores)
            store.Dispose();
        PostgresServer.Execute(_schema, "SELECT count(*) = max(version) FROM schema_versions").ShouldBe(true);
    }

    private static NewEvent NewEvent() => new(
        Guid.CreateVersion7(),
        new Note.Written("text"),
        new EventMetadata(Guid.CreateVersion7(), "correlation", null, "ann"));

    // Asks as often as it can: a gap that is filled a moment later would show.
    private static async Task ReadUntil(long last, string schema)
    {
        await using var connection = PostgresServer.Connect(schema);
        await using var select = new NpgsqlCommand(
            "SELECT position FROM events WHERE position > $1 ORDER BY position", connection);
        var seen = new NpgsqlParameter<long>();
        select.Parameters.Add(seen);
        while (seen.TypedValue < last)
        {
            await using var rows = await select.ExecuteReaderAsync(Cancellation);
            var next = seen.TypedValue;
            while (await rows.ReadAsync(Cancellation))
                rows.GetInt64(0).ShouldBe(++next);
            seen.TypedValue = next;
        }
    }
}
