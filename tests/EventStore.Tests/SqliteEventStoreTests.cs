using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Waybill.EventStore;
using Waybill.EventStore.Idempotency;
using Waybill.EventStore.Sqlite;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

public sealed class SqliteEventStoreTests : EventStoreContract
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("waybill-");
    private string DatabasePath => Path.Combine(_directory.FullName, "waybill.db");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void A_second_store_on_the_same_file_is_refused() =>
        Should.Throw<StoreInUseException>(() => Open()).Message.ShouldContain(DatabasePath);

    [Fact]
    public void A_lock_that_cannot_be_opened_is_not_taken_for_one_in_use()
    {
        Close();
        File.Delete(DatabasePath + ".lock");
        Directory.CreateDirectory(DatabasePath + ".lock");

        Should.Throw<StoreUnavailableException>(() => Open()).Message.ShouldContain(".lock");
    }

    [Fact]
    public async Task A_command_whose_process_has_ended_is_begun_again_at_once()
    {
        await Begin("k", "deposit", 1);
        Reopen();

        (await Begin("k", "deposit", 2)).ShouldBe(new(KeyedCommandStatus.Begun, Id(1)));
        (await Begin("k", "deposit", 3)).Status.ShouldBe(KeyedCommandStatus.UnderWay);
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused()
    {
        Close();
        File.WriteAllText(DatabasePath, new string('x', 4096));

        Should.Throw<StoreUnavailableException>(() => Open());
    }

    [Fact]
    public async Task Data_that_is_cut_off_is_named_by_stream_version_and_position()
    {
        await Append(Stream(), 0, Event(1, command: 1));
        Execute("""UPDATE events SET data = '{"Text":'""");

        var unreadable = await Should.ThrowAsync<UnreadableEventException>(() => ReadAll(Stream()));

        (unreadable.Stored.Stream, unreadable.Stored.Version, unreadable.Stored.Position).ShouldBe((Stream(), 1, 1));
    }

    [Theory]
    [InlineData("event_id = x'01'")]
    [InlineData("event_id = 'no UUID at all'")]
    [InlineData("command_id = 7")]
    [InlineData("time = 9223372036854775807")]
    [InlineData("time = -9223372036854775807")]
    [InlineData("time = 'noon'")]
    [InlineData("data = x''")]
    [InlineData("data = 7")]
    [InlineData("data = 0.5")]
    [InlineData("schema_version = 'one'")]
    [InlineData("schema_version = 4294967297")]
    [InlineData("type = x'ff'")]
    [InlineData("slot = 'none'")]
    [InlineData("actor = 1.5")]
    [InlineData("saga_id = x'ff00'")]
    public async Task A_row_that_is_damaged_stays_what_can_be_read_and_hinders_no_other(string damage)
    {
        await AppendFive();
        Execute($"UPDATE events SET {damage} WHERE position = 2");

        var page = await Store.ReadLogAsync(LogFilter.All, afterPosition: 0, limit: 100, Cancellation);

        page.Events.Select(stored => stored.Position).ShouldBe([1, 2, 3, 4, 5]);
        var damaged = page.Events[1];
        (damaged.Stream, damaged.Version).ShouldBe((Stream("a"), 2));
        (await Store.ReadStreamAsync(Stream("a"), cancellation: Cancellation).CountAsync(Cancellation)).ShouldBe(3);
        (await Append(Stream("a"), 1, Event(9, command: 9))).ShouldBe(new AppendResult.Conflict(3));
        (await Verify()).ShouldBeOfType<Verification.Broken>().Position.ShouldBe(2);
    }

    [Theory]
    [InlineData("event_id = x'01'")]
    [InlineData("command_id = 7")]
    [InlineData("time = 9223372036854775807")]
    public async Task An_event_without_its_id_or_time_is_named_by_stream_version_and_position(string damage)
    {
        await AppendFive();
        Execute($"UPDATE events SET {damage} WHERE position = 2");

        var unreadable = await Should.ThrowAsync<UnreadableEventException>(() => ReadAll(Stream("a")));

        (unreadable.Stored.Stream, unreadable.Stored.Version, unreadable.Stored.Position)
            .ShouldBe((Stream("a"), 2, 2));
        unreadable.Message.ShouldContain("damaged");
    }

    // SQLite takes any type in any column, and compares a number with bytes as never equal and always less.
    [Theory]
    [InlineData("time")]
    [InlineData("slot")]
    [InlineData("version")]
    [InlineData("schema_version")]
    [InlineData("data", "CAST(data AS BLOB)")]
    [InlineData("actor", "CAST(actor AS BLOB)")]
    [InlineData("event_id", "CAST(event_id AS TEXT)")]
    public async Task A_value_of_another_type_is_another_value_even_of_the_same_bytes(
        string column, string? altered = null)
    {
        await AppendFive();

        altered ??= $"x'{Execute($"SELECT {column} FROM events WHERE position = 4"):x16}'";
        Execute($"UPDATE events SET {column} = {altered} WHERE position = 4");

        (await Verify()).ShouldBeOfType<Verification.Broken>().Position.ShouldBe(4);
    }

    [Fact]
    public async Task A_forgotten_key_is_not_left_in_the_files()
    {
        const int subjects = 300;
        for (var n = 1; n <= subjects; n++)
            await Append(Stream($"s{n}"), 0, Authored(n, $"author {n}", "Ann Miller"));
        var keys = Enumerable.Range(1, subjects)
            .Select(n => (byte[])Execute($"SELECT key FROM subject_keys WHERE subject = 'author {n}'")!)
            .ToList();
        OnDisk(keys[6]).ShouldBeTrue();

        // Every second one, in another order than they were made.
        for (var n = 0; n < subjects; n += 2)
            await ((ISubjectStore)Store).ForgetSubjectAsync($"author {1 + n * 7 % subjects}", Cancellation);

        for (var n = 0; n < subjects; n++)
            OnDisk(keys[n]).ShouldBe(n % 2 == 1, $"author {n + 1}");
    }

    [Fact]
    public async Task A_forgetting_that_a_reader_hinders_fails_alone_and_says_false_when_it_is_done()
    {
        await Append(Stream(), 0, Authored(1, "ann", "Ann Miller"));
        var key = (byte[])Execute("SELECT key FROM subject_keys")!;
        using (var reader = Connect())
        {
            Execute(reader, "BEGIN; SELECT count(*) FROM events;");
            var forgetting = ((ISubjectStore)Store).ForgetSubjectAsync("ann", Cancellation);
            (await Append(Stream(), 1, Event(2, command: 2))).ShouldBe(new AppendResult.Appended(2, 2));
            await Should.ThrowAsync<StoreUnavailableException>(() => forgetting);
            Store.IsFailing.ShouldBeFalse();
            OnDisk(key).ShouldBeTrue();
        }

        (await ((ISubjectStore)Store).ForgetSubjectAsync("ann", Cancellation)).ShouldBeFalse();

        OnDisk(key).ShouldBeFalse();
    }

    private bool OnDisk(byte[] key) => _directory.EnumerateFiles("waybill.db*")
        .Where(file => !file.Name.EndsWith(".lock", StringComparison.Ordinal))
        .Any(file =>
        {
            using var stream = file.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes.AsSpan().IndexOf(key) >= 0;
        });

    protected override IEventStore Open(int waitingMax = 1_000) => new SqliteEventStore(
        new SqliteEventStoreOptions { Path = DatabasePath, WaitingMax = waitingMax, BatchMax = waitingMax },
        Make.Types,
        Clock,
        NullLogger<SqliteEventStore>.Instance);

    protected override object? Execute(string sql)
    {
        using var connection = Connect();
        return Execute(connection, sql);
    }

    protected override IDisposable HoldAppends()
    {
        var connection = Connect();
        Execute(connection, "BEGIN IMMEDIATE");
        return connection;
    }

    // A foreign connection: what an operator's SQLite shell would be.
    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        return connection;
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
