using System.Diagnostics;
using Npgsql;
using Waybill.EventStore;
using Waybill.EventStore.Postgres;
using Waybill.Tests.Postgres;
using static Waybill.EventStore.AppendResult;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>
/// Whatever transactions others hold open, a reader of the log skips no event and never waits for one of them.
/// </summary>
[Collection(OnPostgres.Name)]
public sealed class PostgresReaderTests : IDisposable
{
    private const int Queues = 2;

    // What the design promises to whoever waits for a command.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly string _schema;
    private readonly PostgresEventStore _store;
    private readonly PostgresEventStore _other;

    public PostgresReaderTests(PostgresServer server)
    {
        _schema = server.NewSchema();
        _store = OnPostgres.Open(_schema, patience: OnPostgres.Shipped);
        _other = OnPostgres.Open(_schema, patience: OnPostgres.Shipped);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _store.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task An_event_that_is_not_yet_committed_is_read_in_its_place_once_it_is()
    {
        await Append(_store, "a", id: 1);
        var readers = Readers().ToList();
        await CatchUp(readers, head: 1);

        using (var slow = PostgresServer.Connect(_schema))
        {
            Execute(slow, "BEGIN");
            TakeAppendLock(slow);
            InsertNext(slow, "b", Id(2));
            foreach (var store in new[] { _store, _other })
                await ShouldFailInTime(() => Append(store, "c", id: 3));
            await CatchUp(readers, head: 1);
            Execute(slow, "COMMIT");
        }
        (await Append(_other, "c", id: 3)).ShouldBe(new Appended(1, 3));

        await CatchUp(readers, head: 3);
        ShouldHaveReadAll(readers, [Id(1), Id(2), Id(3)]);
    }

    [Fact]
    public async Task What_processes_commit_by_turns_is_read_in_each_of_them_without_a_gap()
    {
        for (var n = 1; n <= 9; n++)
            await Append(n % 3 == 0 ? _other : _store, $"s{n}", id: n);

        foreach (var store in new[] { _store, _other })
            for (var after = 0; after < 9; after++)
            {
                var page = await store.FollowLogAsync(LogFilter.All, after, limit: 2, Cancellation);
                page.Events[0].EventId.ShouldBe(Id(after + 1));
            }
    }

    [Fact]
    public async Task What_is_rolled_back_leaves_no_gap_to_wait_for()
    {
        var readers = Readers().ToList();
        using (var slow = PostgresServer.Connect(_schema))
        {
            Execute(slow, "BEGIN");
            TakeAppendLock(slow);
            InsertNext(slow, "b", Id(1));
            await CatchUp(readers, head: 0);
            Execute(slow, "ROLLBACK");
        }

        (await Append(_store, "c", id: 2)).ShouldBe(new Appended(1, 1));

        await CatchUp(readers, head: 1);
        ShouldHaveReadAll(readers, [Id(2)]);
    }

    [Theory]
    [InlineData("SELECT count(*) FROM events")]
    [InlineData("CREATE TEMPORARY TABLE mine AS SELECT pg_current_xact_id()")]
    public async Task A_transaction_that_stays_open_holds_up_neither_appends_nor_readers(string work)
    {
        var readers = Readers().ToList();
        await Append(_store, "a", id: 1);
        using var report = PostgresServer.Connect(_schema);
        Execute(report, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        Execute(report, work);

        await Append(_store, "a", id: 2, expectedVersion: 1);
        await CatchUp(readers, head: 2);
        await Append(_other, "b", id: 3);
        await CatchUp(readers, head: 3);

        ShouldHaveReadAll(readers, [Id(1), Id(2), Id(3)]);
        Execute(report, "COMMIT");
    }

    [Fact]
    public async Task A_process_that_freezes_in_mid_commit_is_ended_by_the_server_and_all_go_on()
    {
        var readers = Readers().ToList();
        using var frozen = PostgresServer.Connect(_schema);
        // As each of the store's own connections is configured.
        Execute(frozen, "SET idle_in_transaction_session_timeout = 1500");
        Execute(frozen, "BEGIN");
        TakeAppendLock(frozen);
        InsertNext(frozen, "b", Id(1));

        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await Append(_store, "c", id: 2);
                break;
            }
            catch (StoreUnavailableException)
            {
                since.Elapsed.ShouldBeLessThan(FakeTimeProvider.BarrierLimit);
            }
        }

        await CatchUp(readers, head: 1);
        ShouldHaveReadAll(readers, [Id(2)]);
        Should.Throw<NpgsqlException>(() => Execute(frozen, "COMMIT"));
    }

    [Fact]
    public async Task The_connection_that_appends_has_the_timeouts_that_end_it_when_it_freezes()
    {
        PostgresServer.Execute(
            _schema,
            """
            CREATE TABLE setting (value text);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN INSERT INTO setting VALUES (current_setting('idle_in_transaction_session_timeout')
                || ' ' || current_setting('statement_timeout')); RETURN NULL; END$$;
            CREATE TRIGGER note AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION note();
            """);

        await Append(_store, "a", id: 1);

        PostgresServer.Execute(_schema, "SELECT value FROM setting").ShouldBe("1500ms 1500ms");
    }

    // Of the whole log and of each queue, in either process.
    private IEnumerable<Reader> Readers()
    {
        foreach (var store in new[] { _store, _other })
        {
            yield return new Reader(store, LogFilter.All);
            for (var number = 0; number < Queues; number++)
                yield return new Reader(store, new LogFilter(new LogQueue(number, Queues)));
        }
    }

    private static async Task CatchUp(IEnumerable<Reader> readers, long head)
    {
        foreach (var reader in readers)
        {
            await reader.CatchUpAsync();
            reader.ReadTo.ShouldBe(head);
        }
    }

    private static void ShouldHaveReadAll(List<Reader> readers, IEnumerable<Guid> events)
    {
        foreach (var whole in readers.Where(reader => reader.Filter == LogFilter.All))
            whole.Read.Select(stored => stored.EventId).ShouldBe(events);
        foreach (var process in readers.Where(reader => reader.Filter != LogFilter.All).Chunk(Queues))
            process.SelectMany(reader => reader.Read).OrderBy(stored => stored.Position)
                .Select(stored => stored.EventId).ShouldBe(events);
        foreach (var reader in readers)
            reader.Read.Select(stored => stored.Position).ShouldBeInOrder();
    }

    private static async Task<AppendResult> Append(
        PostgresEventStore store, string stream, int id, long expectedVersion = 0) =>
        await store.AppendAsync(Stream(stream), expectedVersion, [Event(id, command: id)], Cancellation);

    private static void TakeAppendLock(NpgsqlConnection connection) =>
        Execute(connection, "SELECT pg_advisory_xact_lock(1463900236, 'events'::regclass::oid::int)");

    // Only the chain of hashes, which readers do not look at, is missing.
    private static void InsertNext(NpgsqlConnection connection, string stream, Guid eventId)
    {
        using var insert = new NpgsqlCommand(
            """
            INSERT INTO events (position, category, id, version, event_id, type, schema_version, time, data,
                command_id, correlation_id, actor, slot)
            SELECT coalesce(max(position), 0) + 1, 'note', $1, 1, $2, 'note.written', 1,
                coalesce(max(time), '-infinity'), '{"Text":"text"}', $2, 'correlation', 'ann', $3
            FROM events
            """,
            connection);
        insert.Parameters.Add(new() { Value = stream });
        insert.Parameters.Add(new() { Value = eventId });
        insert.Parameters.Add(new() { Value = (short)Slot.Of(Stream(stream)) });
        insert.ExecuteNonQuery();
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private static async Task ShouldFailInTime(Func<Task> call)
    {
        var since = Stopwatch.StartNew();

        await Should.ThrowAsync<StoreUnavailableException>(call);

        since.Elapsed.ShouldBeLessThan(Limit);
    }

    /// <summary>Reads on from its checkpoint, as all readers of the log do.</summary>
    private sealed class Reader(IEventStore store, LogFilter filter)
    {
        public LogFilter Filter => filter;

        public List<StoredEvent> Read { get; } = [];

        public long ReadTo { get; private set; }

        public async Task CatchUpAsync()
        {
            while (true)
            {
                var page = await store.FollowLogAsync(filter, ReadTo, limit: 2, Cancellation).WaitAsync(Limit);
                if (page.ReadTo == ReadTo)
                    return;
                Read.AddRange(page.Events);
                ReadTo = page.ReadTo;
            }
        }
    }
}
