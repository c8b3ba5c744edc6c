using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Waybill.EventStore;
using Waybill.EventStore.Postgres;
using Waybill.Tests.Postgres;
using static Waybill.EventStore.AppendResult;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>What a store makes of a server that goes away, at any moment.</summary>
[Collection(OnPostgres.Name)]
public sealed class PostgresOutageTests : IDisposable
{
    // What the design promises to whoever waits for a command.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    // Generous: nothing waits this long unless it hangs.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly PostgresServer _server;
    private readonly string _schema;
    private readonly PostgresEventStore _store;

    public PostgresOutageTests(PostgresServer server)
    {
        _server = server;
        _schema = server.NewSchema();
        _store = OnPostgres.Open(_schema, patience: OnPostgres.Shipped);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task With_the_server_stopped_every_call_fails_in_time_and_all_goes_on_when_it_is_back()
    {
        _server.ShouldBeOurs();
        await Append(Event(1, command: 1));
        await _server.StopAsync();
        try
        {
            await ShouldFailInTime(() => Append(Event(2, command: 2)));
            await ShouldFailInTime(() => _store.ReadHeadPositionAsync(Cancellation));
            await ShouldFailInTime(() => _store.FindCommandAsync(Stream(), Id(1), Cancellation));
            await ShouldFailInTime(() => _store.ReadStreamAsync(Stream(), cancellation: Cancellation)
                .ToListAsync(Cancellation).AsTask());
        }
        finally
        {
            await _server.StartAsync();
        }

        (await Append(Event(2, command: 2), expectedVersion: 1)).ShouldBe(new Appended(2, 2));
        (await _store.ReadHeadPositionAsync(Cancellation)).ShouldBe(2);
    }

    [Fact]
    public async Task With_the_network_silent_every_call_fails_in_time_and_all_goes_on_when_it_is_back()
    {
        using var network = new SilentNetwork(_schema);
        using var store = OnPostgres.Open(network.ConnectionString, patience: OnPostgres.Shipped);
        var append = () => store.AppendAsync(Stream(), 0, [Event(1, command: 1)], Cancellation);
        await store.ReadHeadPositionAsync(Cancellation);

        network.IsSilent = true;
        await Task.WhenAll(
            ShouldFailInTime(append),
            ShouldFailInTime(() => store.ReadHeadPositionAsync(Cancellation)),
            ShouldFailInTime(() => store.FindCommandAsync(Stream(), Id(1), Cancellation)));
        network.IsSilent = false;

        (await Insist(Stream(), 0, Event(1, command: 1), store)).ShouldBe(new Appended(1, 1));
        (await store.ReadHeadPositionAsync(Cancellation)).ShouldBe(1);
    }

    [Fact]
    public async Task A_start_to_which_the_server_did_not_answer_in_time_asks_again()
    {
        using var network = new SilentNetwork(_schema);
        network.Lose(connections: 1);

        using var store = OnPostgres.Open(network.ConnectionString, patience: OnPostgres.Shipped);

        (await store.ReadHeadPositionAsync(Cancellation)).ShouldBe(0);
    }

    [Fact]
    public async Task An_append_whose_connection_is_killed_before_its_commit_is_made_when_it_comes_again()
    {
        using (OnPostgres.HoldAppends(_schema))
        {
            var append = Append(Event(1, command: 1));
            Terminate("wait_event = 'advisory'");
            await ShouldFailInTime(() => append);
        }

        (await Append(Event(1, command: 1))).ShouldBe(new Appended(1, 1));
    }

    [Fact]
    public async Task An_append_whose_connection_is_killed_after_its_commit_is_recognised_when_it_comes_again()
    {
        _server.ShouldBeOurs();
        NewEvent lost;
        // A commit that waits for a standby which does not exist is on disk, but nobody has been told.
        Configure("SET synchronous_standby_names = 'nobody'");
        try
        {
            lost = await AppendUntilUnanswered();
        }
        finally
        {
            Configure("RESET synchronous_standby_names");
        }

        var head = await _store.ReadHeadPositionAsync(Cancellation);
        (await Append(lost, expectedVersion: head - 1)).ShouldBe(new Appended(head, head));
        (await _store.ReadHeadPositionAsync(Cancellation)).ShouldBe(head);
    }

    [Fact]
    public async Task A_server_that_takes_the_connection_and_says_nothing_is_unavailable_in_time()
    {
        using var mute = new TcpListener(IPAddress.Loopback, port: 0);
        mute.Start();
        var place = $"Host=127.0.0.1;Port={((IPEndPoint)mute.LocalEndpoint).Port};Username=ann";
        var since = Stopwatch.StartNew();

        // Many, because a limit of which less than a millisecond is left must not count as none, and few meet that.
        var opening = Enumerable.Range(0, 20).Select(_ => Task.Factory.StartNew(
            () => Should.Throw<StoreUnavailableException>(() => OnPostgres.Open(place, patience: OnPostgres.Shipped)),
            Cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default));
        await Task.WhenAll(opening).WaitAsync(Deadline, Cancellation);

        since.Elapsed.ShouldBeLessThan(3 * Limit); // It is tried three times.
    }

    [Fact]
    public async Task An_acknowledged_append_is_on_disk_whatever_the_user_is_configured_to()
    {
        var lax = new NpgsqlConnectionStringBuilder(_schema) { Options = "-c synchronous_commit=off" };
        using var store = OnPostgres.Open(lax.ConnectionString);
        PostgresServer.Execute(
            _schema,
            """
            CREATE TABLE setting (value text);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN INSERT INTO setting VALUES (current_setting('synchronous_commit')); RETURN NULL; END$$;
            CREATE TRIGGER note AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION note();
            """);

        await store.AppendAsync(Stream(), 0, [Event(1, command: 1)], Cancellation);

        PostgresServer.Execute(_schema, "SELECT value FROM setting").ShouldBe("on");
    }

    private Task<AppendResult> Append(NewEvent @event, long expectedVersion = 0) =>
        _store.AppendAsync(Stream(), expectedVersion, [@event], Cancellation);

    // The same append again and again, as a grain does, until there is an answer.
    private async Task<Appended> Insist(
        StreamName stream, long expectedVersion, NewEvent @event, PostgresEventStore? store = null)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return (Appended)await (store ?? _store).AppendAsync(stream, expectedVersion, [@event], Cancellation);
            }
            catch (StoreUnavailableException) when (since.Elapsed < Deadline)
            {
                await Task.Yield();
            }
        }
    }

    // The new configuration takes hold a moment later than it is read; until then appends are still answered.
    private async Task<NewEvent> AppendUntilUnanswered()
    {
        for (var n = 1; ; n++)
        {
            var @event = Event(n, command: n);
            var append = Append(@event, expectedVersion: n - 1);
            if (!TryTerminate("wait_event = 'SyncRep'", unless: append))
                continue;
            await ShouldFailInTime(() => append);
            return @event;
        }
    }

    private void Terminate(string state) =>
        TryTerminate(state, unless: new TaskCompletionSource().Task).ShouldBeTrue();

    private bool TryTerminate(string state, Task unless)
    {
        var since = Stopwatch.StartNew();
        while (!unless.IsCompleted)
        {
            since.Elapsed.ShouldBeLessThan(Deadline);
            if (PostgresServer.Execute(
                _schema,
                $"""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE {state} AND application_name = '{new NpgsqlConnectionStringBuilder(_schema).ApplicationName}'
                """) is true)
                return true;
        }
        return false;
    }

    private void Configure(string change)
    {
        _server.Execute($"ALTER SYSTEM {change}");
        _server.Execute("SELECT pg_reload_conf()");
    }

    private static async Task ShouldFailInTime(Func<Task> call)
    {
        var since = Stopwatch.StartNew();

        var failure = await Should.ThrowAsync<StoreUnavailableException>(call);

        since.Elapsed.ShouldBeLessThan(Limit);
        failure.InnerException.ShouldBeNull();
        failure.Message.ShouldNotContain("events");
    }
}
