using System.Net;
using Waybill.Tests.Postgres;

namespace Waybill.Tests;

/// <summary>The same server on PostgreSQL: what is kept there, and what keeps it from starting.</summary>
public sealed class PostgresTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task What_was_answered_is_still_there_after_a_restart()
    {
        var schema = postgres.NewSchema();
        using var data = new DataDirectory();
        string id;
        await using (var server = await ServerProcess.StartAsync(data.Path, "--postgres", schema))
        {
            id = await server.Client.OpenAccount(balance: 12_50);
            (await server.StopAsync()).ShouldBe(0);
        }

        var (code, said) = await ServerProcess.VerifyAsync("--postgres", schema);
        code.ShouldBe(0, said);
        said.ShouldStartWith("intact: 2 events");
        await using var again = await ServerProcess.StartAsync(data.Path, "--postgres", schema);

        (await again.Client.Balance(id)).ShouldBe(12_50);
        Directory.EnumerateFileSystemEntries(data.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_just_written_is_found_in_the_views()
    {
        using var data = new DataDirectory();
        await using var server = await ServerProcess.StartAsync(data.Path, "--postgres", postgres.NewSchema());
        var id = await server.Client.OpenAccount(balance: 12_50);
        var position = (await server.Client.Get($"/accounts/{id}")).Header("Waybill-Position");

        var list = await server.Client.Get($"/accounts?owner=ann&after={position}");
        var statement = await server.Client.Get($"/accounts/{id}/statement?after={position}");
        var past = await server.Client.Get($"/accounts/{id}/statement?to=2020-01-01T00:00:00Z&limit=1&cursor=1");

        list.ShouldBe(HttpStatusCode.OK).Body.GetProperty("items")[0].GetProperty("balance").GetInt64().ShouldBe(12_50);
        statement.ShouldBe(HttpStatusCode.OK).Long("closing").ShouldBe(12_50);
        past.ShouldBe(HttpStatusCode.OK).Long("closing").ShouldBe(0);
        (await server.Client.Get($"/accounts?after={int.MaxValue}&wait=0"))
            .ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");
    }

    [Fact]
    public async Task A_wrong_password_stops_the_start()
    {
        var schema = postgres.NewSchema();

        var said = await StartTests.ShouldSay(
            "password authentication failed",
            "--urls", "http://127.0.0.1:0", "--postgres", $"{schema};Password=wrong-one");

        said.ShouldNotContain("wrong-one");
    }

    [Fact]
    public async Task A_newer_schema_stops_the_start()
    {
        var schema = postgres.NewSchema();
        PostgresServer.Execute(schema, "CREATE TABLE schema_versions AS SELECT 99 AS version");

        await StartTests.ShouldSay("schema version 99", "--urls", "http://127.0.0.1:0", "--postgres", schema);
    }

    [Fact]
    public async Task Migrating_makes_the_tables_and_serves_nothing()
    {
        var schema = postgres.NewSchema();

        var (exitCode, output) = await ServerProcess.MigrateAsync("--postgres", schema);

        (exitCode, output).ShouldBe((0, "The event store has the newest schema."));
        PostgresServer.Execute(schema, "SELECT count(*) FROM events").ShouldBe(0L);
    }

    [Theory]
    [InlineData("--postgress", "--postgress is unknown")]
    [InlineData("--anchor", "--anchor is unknown")]
    public async Task What_is_misspelled_migrates_nothing(string option, string reason)
    {
        var (exitCode, output) = await ServerProcess.MigrateAsync(option, postgres.NewSchema());

        exitCode.ShouldBe(1, output);
        output.ShouldStartWith($"Waybill cannot migrate: the option {reason}");
    }
}
