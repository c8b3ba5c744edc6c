using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Waybill.EventStore;
using Waybill.EventStore.Sqlite;
using static Waybill.EventStore.AppendResult;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

public sealed class SqliteEventStoreTests : EventStoreContract, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");
    private SqliteEventStore _store;

    public SqliteEventStoreTests() => _store = Open();

    protected override IEventStore Store => _store;

    private string DatabasePath => Path.Combine(_directory.FullName, "waybill.db");

    public void Dispose()
    {
        _store.Dispose();
        _directory.Delete(recursive: true);
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
    public void A_second_store_on_the_same_file_is_refused() =>
        Should.Throw<StoreInUseException>(Open).Message.ShouldContain(DatabasePath);

    [Fact]
    public void A_lock_that_cannot_be_opened_is_not_taken_for_one_in_use()
    {
        _store.Dispose();
        File.Delete(DatabasePath + ".lock");
        Directory.CreateDirectory(DatabasePath + ".lock");

        Should.Throw<StoreUnavailableException>(Open).Message.ShouldContain(".lock");
    }

    [Fact]
    public void A_newer_schema_is_refused_and_left_alone()
    {
        _store.Dispose();
        Execute("INSERT INTO schema_versions VALUES (99, 'some day')");

        Should.Throw<StoreTooNewException>(Open).Message.ShouldContain("99");

        Execute("DELETE FROM schema_versions WHERE version = 99");
        _store = Open();
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused()
    {
        _store.Dispose();
        File.WriteAllText(DatabasePath, new string('x', 4096));

        Should.Throw<StoreUnavailableException>(Open);
    }

    [Fact]
    public async Task An_event_of_an_unknown_type_is_named_by_stream_version_and_position()
    {
        await Append(Stream(), 0, Event(1, command: 1), Event(2, command: 1));
        Execute("UPDATE events SET type = 'note.burnt' WHERE position = 2");

        var unreadable = await Should.ThrowAsync<UnreadableEventException>(() => ReadAll(Stream()));

        (unreadable.Stream, unreadable.Version, unreadable.Position).ShouldBe((Stream(), 2, 2));
        unreadable.Message.ShouldContain("note.burnt");
    }

    [Theory]
    [InlineData("""{"Text":""")]
    [InlineData("""{"Text":1}""")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task Damaged_data_is_named_by_stream_version_and_position(string damaged)
    {
        await Append(Stream(), 0, Event(1, command: 1));
        Execute($"UPDATE events SET data = '{damaged}'");

        var unreadable = await Should.ThrowAsync<UnreadableEventException>(() => ReadAll(Stream()));

        (unreadable.Stream, unreadable.Version, unreadable.Position).ShouldBe((Stream(), 1, 1));
    }

    [Fact]
    public async Task While_the_file_is_locked_the_store_is_unavailable_and_afterwards_recovers_by_itself()
    {
        using (var connection = Connect())
        using (connection.BeginTransaction())
            await Should.ThrowAsync<StoreUnavailableException>(() => Append(Stream(), 0, Event(1, command: 1)));

        (await Append(Stream(), 0, Event(1, command: 1))).ShouldBe(new Appended(1, 1));
    }

    [Fact]
    public async Task Appends_beyond_the_queue_are_refused_and_those_within_are_carried_out()
    {
        Reopen(waitingMax: 1, batchMax: 1);
        Task<AppendResult>[] taken;
        using (var connection = Connect())
        using (connection.BeginTransaction())
        {
            // One append is with the writer, which waits for the file; one waits for the writer; a third is too many.
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
        _store.Dispose();

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

    private SqliteEventStore Open() => Open(waitingMax: 1_000, batchMax: 1_000);

    private SqliteEventStore Open(int waitingMax, int batchMax) => new(
        new SqliteEventStoreOptions { Path = DatabasePath, WaitingMax = waitingMax, BatchMax = batchMax },
        new EventTypes([NoteJson.Default]),
        Clock,
        NullLogger<SqliteEventStore>.Instance);

    private void Reopen(int waitingMax = 1_000, int batchMax = 1_000)
    {
        _store.Dispose();
        _store = Open(waitingMax, batchMax);
    }

    // A foreign connection: what an operator's SQLite shell would be.
    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        return connection;
    }

    private void Execute(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
