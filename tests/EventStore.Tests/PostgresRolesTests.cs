using Npgsql;
using Waybill.EventStore;
using Waybill.EventStore.Postgres;
using Waybill.EventStore.ReadModels;
using Waybill.Tests.EventStore.ReadModels;
using Waybill.Tests.Postgres;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>The roles of <c>deploy/postgres/roles.sql</c>: what each may, and what it may not.</summary>
[Collection(OnPostgres.Name)]
public sealed class PostgresRolesTests(PostgresServer server) : IAsyncLifetime
{
    private const string Password = "secret";

    // Roles belong to the whole server, so that each test has its own.
    private readonly string _name = $"roles_{Guid.NewGuid():N}";

    private string Owner => $"{_name}_owner";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server.ShouldBeOurs();
        server.Execute($"CREATE DATABASE {_name}");
        await RunScript();
        foreach (var role in new[] { Owner, _name })
            server.Execute($"ALTER ROLE {role} PASSWORD '{Password}'");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task The_runtime_role_does_all_that_a_store_does()
    {
        await Migrate();

        using var store = OnPostgres.Open(As(_name));
        (await store.AppendAsync(Stream(), 0, [Event(1, command: 1)], Cancellation))
            .ShouldBe(new AppendResult.Appended(1, 1));
        (await store.ReadStreamAsync(Stream(), cancellation: Cancellation).CountAsync(Cancellation)).ShouldBe(1);
        (await store.ReadLogAsync(LogFilter.All, 0, limit: 10, Cancellation)).ReadTo.ShouldBe(1);
        (await store.FindCommandAsync(Stream(), Id(1), Cancellation)).ShouldNotBeNull();
        foreach (var position in new[] { 1, 2 })
        {
            await store.SaveCheckpointAsync("reader", position, Cancellation);
            await store.SaveSnapshotAsync(Stream(), new Snapshot("shape", position, position, [1]), Cancellation);
        }
        (await store.ReadCheckpointAsync("reader", Cancellation)).ShouldBe(2);
        (await store.ReadSnapshotAsync(Stream(), "shape", Cancellation))?.Version.ShouldBe(2);
        await store.AppendAsync(Stream(), 1, [Authored(2, "ann", "Ann")], Cancellation);
        (await store.ForgetSubjectAsync("ann", Cancellation)).ShouldBeTrue();
        (await store.VerifyAsync(cancellation: Cancellation)).ShouldBeOfType<Verification.Intact>();
    }

    [Fact]
    public async Task The_runtime_role_makes_and_keeps_read_models_also_after_the_script_has_run_again()
    {
        await Migrate();
        using var store = OnPostgres.Open(As(_name));

        await store.ReadModels.PrepareAsync(Tally.Model, queueCount: 1, Cancellation);
        await RunScript();

        await store.ReadModels.StartRebuildAsync(
            Tally.Model, "ann", DateTimeOffset.UnixEpoch, fresh: true, Cancellation);
        (await store.ReadModels.QueryAsync(Tally.Model, new ReadModelQuery(), Cancellation)).Rows.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("UPDATE events SET version = version")]
    [InlineData("DELETE FROM events")]
    [InlineData("TRUNCATE events")]
    [InlineData("DROP TABLE events")]
    [InlineData("ALTER TABLE events DISABLE TRIGGER ALL")]
    [InlineData("UPDATE schema_versions SET version = version")]
    [InlineData("UPDATE chain_start SET position = position")]
    [InlineData("UPDATE subject_keys SET key = key")]
    public async Task The_runtime_role_may_not(string statement)
    {
        await Migrate();

        Should.Throw<PostgresException>(() => PostgresServer.Execute(As(_name), statement))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public void An_empty_database_tells_the_runtime_role_who_has_to_migrate_it()
    {
        Should.Throw<StoreUnsuitableException>(() => OnPostgres.Open(As(_name)))
            .Message.ShouldContain("Migrate them first as the user who owns them: ./run migrate");
    }

    [Fact]
    public async Task The_script_takes_rights_back_that_it_does_not_give()
    {
        await Migrate();
        PostgresServer.Execute(As(Owner), $"GRANT UPDATE, DELETE ON events TO {_name}");

        await RunScript();

        Should.Throw<PostgresException>(() => PostgresServer.Execute(As(_name), "DELETE FROM events"));
    }

    private async Task Migrate()
    {
        OnPostgres.Open(As(Owner)).Dispose();
        await RunScript();
    }

    private Task RunScript() => server.RunScriptAsync(
        Path.Combine(AppContext.BaseDirectory, "roles.sql"), _name, $"owner={Owner}", $"runtime={_name}");

    private string As(string role) => new NpgsqlConnectionStringBuilder(server.Database(_name))
    {
        Username = role, Password = Password,
    }.ConnectionString;
}
