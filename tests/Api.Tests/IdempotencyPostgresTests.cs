using System.Net;
using Waybill.Tests.Postgres;

namespace Waybill.Tests;

/// <summary>Keys that several processes share, and a database that goes away.</summary>
public sealed class IdempotencyPostgresTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task A_hundred_at_once_at_two_processes_have_one_effect_and_one_answer()
    {
        var schema = postgres.NewSchema();
        using var data = new DataDirectory();
        await using var one = await ServerProcess.StartAsync(data.Path, "--postgres", schema);
        await using var two = await ServerProcess.StartAsync(data.Path, "--postgres", schema);
        var id = await one.Client.OpenAccount();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(n =>
            (n % 2 == 0 ? one : two).Client.PostOnce("k", $"/accounts/{id}/deposits", new { amount = 7 })));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        answers.Select(answer => (answer.Text, answer.ETag)).Distinct().ShouldHaveSingleItem();
        answers.Count(answer => answer.IsReplayed).ShouldBe(99);
        PostgresServer.Execute(schema, "SELECT count(*) FROM events").ShouldBe(2L);
        (await two.Client.PostOnce("k", $"/accounts/{id}/deposits", new { amount = 8 }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
    }

    [Fact]
    public async Task What_another_process_left_off_is_carried_out_when_its_lease_ends()
    {
        var schema = postgres.NewSchema();
        using var data = new DataDirectory();
        await using var one = await ServerProcess.StartAsync(data.Path, "--postgres", schema);
        var id = await one.Client.OpenAccount();
        var first = await one.Client.PostOnce("k", $"/accounts/{id}/deposits", new { amount = 7 });
        await one.KillAsync();
        PostgresServer.Execute(
            schema, "UPDATE idempotency_keys SET answer = NULL, lease_end = now() + interval '1 second'");
        await using var two = await ServerProcess.StartAsync(data.Path, "--postgres", schema);

        var found = await two.Client.PostOnce("k", $"/accounts/{id}/deposits", new { amount = 7 });

        found.ShouldBe(HttpStatusCode.OK).Text.ShouldBe(first.Text);
        PostgresServer.Execute(schema, "SELECT count(*) FROM events").ShouldBe(2L);
    }

    [Fact]
    public async Task What_was_unavailable_is_not_kept()
    {
        postgres.ShouldBeOurs();
        var schema = postgres.NewSchema();
        using var data = new DataDirectory();
        await using var server = await ServerProcess.StartAsync(data.Path, "--postgres", schema);
        var id = await server.Client.OpenAccount();
        await postgres.StopAsync();

        var away = await server.Client.PostOnce("k", $"/accounts/{id}/deposits", new { amount = 7 });
        await postgres.StartAsync();

        away.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "store-unavailable");
        away.Header("Retry-After").ShouldNotBeNull();
        Answer back;
        do
            back = await server.Client.PostOnce("k", $"/accounts/{id}/deposits", new { amount = 7 });
        while (back.Status == HttpStatusCode.ServiceUnavailable);
        back.ShouldBe(HttpStatusCode.OK).Long("balance").ShouldBe(7);
        (await server.Client.PostOnce("k", $"/accounts/{id}/deposits", new { amount = 7 })).IsReplayed.ShouldBeTrue();
        PostgresServer.Execute(schema, "SELECT count(*) FROM events").ShouldBe(2L);
    }
}
