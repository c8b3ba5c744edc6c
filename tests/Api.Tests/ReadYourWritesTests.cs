using System.Net;
using Waybill.Tests.Postgres;

namespace Waybill.Tests;

public sealed class ReadYourWritesTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Theory]
    [InlineData("")]
    [InlineData("/events")]
    [InlineData("/diff", "&from=1&to=2")]
    [InlineData("/statement")]
    [InlineData("", "&version=2")]
    public async Task What_was_answered_is_in_every_query_after_it(string path, string more = "")
    {
        var id = await _api.OpenAccount();
        var deposited = await _api.Post($"/accounts/{id}/deposits", new { amount = 5 });
        var later = (await _api.Post("/accounts", new { owner = "ann", currency = "EUR" })).Header("Waybill-Position")!;

        var answer = await _api.Get($"/accounts/{id}{path}?after={later}{more}");

        answer.ShouldBe(HttpStatusCode.OK);
        long.Parse(answer.Header("Waybill-Position")!).ShouldBeGreaterThanOrEqualTo(long.Parse(later));
        deposited.Header("Waybill-Position").ShouldNotBe(later);
    }

    [Fact]
    public async Task So_is_a_transfer()
    {
        var (from, to) = (await _api.OpenAccount(balance: 5), await _api.OpenAccount());
        var started = await _api.Post("/transfers", new { from, to, amount = 5, currency = "EUR" });
        var position = started.Header("Waybill-Position");

        var found = await _api.Get($"{started.Header("Location")}?after={position}&wait=0");

        found.ShouldBe(HttpStatusCode.OK).ETag.ShouldNotBeNull();
        long.Parse(found.Header("Waybill-Position")!).ShouldBeGreaterThanOrEqualTo(long.Parse(position!));
    }

    [Theory]
    [InlineData("/accounts/{0}")]
    [InlineData("/accounts/{0}/events")]
    [InlineData("/accounts/{0}/statement")]
    [InlineData("/accounts/{0}/diff", "&from=1&to=1")]
    [InlineData("/transfers/{0}")]
    [InlineData("/accounts")]
    public async Task What_the_log_has_not_reached_in_time_is_answered_with_how_far_it_is(string path, string more = "")
    {
        var id = await _api.OpenAccount();

        var behind = await _api.Get($"{string.Format(path, id)}?after={long.MaxValue}&wait=50{more}");

        behind.ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");
        behind.Header("Waybill-Position").ShouldBe(behind.Body.GetProperty("reached").GetRawText());
    }

    [Fact]
    public async Task A_query_waits_for_what_is_written_meanwhile()
    {
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        var id = await own.Client.OpenAccount();

        var waiting = own.Client.Get($"/accounts/{id}?after=3&wait=10000");
        await own.Client.Post($"/accounts/{id}/deposits", new { amount = 5 });
        await own.Client.Post($"/accounts/{id}/deposits", new { amount = 6 });

        (await waiting).ShouldBe(HttpStatusCode.OK).Long("balance").ShouldBe(11);
    }

    [Theory]
    [InlineData("after=-1")]
    [InlineData("after=one")]
    [InlineData("after=")]
    [InlineData("after=1&after=2")]
    [InlineData("after=1&wait=10001")]
    [InlineData("wait=-1")]
    public async Task A_wish_that_cannot_be_is_malformed(string query)
    {
        var id = await _api.OpenAccount();

        foreach (var path in new[] { "", "/events", "/statement" })
            (await _api.Get($"/accounts/{id}{path}?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
    }
}

/// <summary>The same where another process writes.</summary>
public sealed class ReadOthersWritesTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task What_another_process_has_answered_is_in_every_query_after_it()
    {
        var schema = postgres.NewSchema();
        using var data = new DataDirectory();
        await using var one = await ServerProcess.StartAsync(data.Path, "--postgres", schema);
        await using var two = await ServerProcess.StartAsync(data.Path, "--postgres", schema);
        var id = await one.Client.OpenAccount(balance: 5);
        (await two.Client.Balance(id)).ShouldBe(5);

        var deposited = await one.Client.Post($"/accounts/{id}/deposits", new { amount = 6 });
        var found = await two.Client.Get($"/accounts/{id}?after={deposited.Header("Waybill-Position")}");

        found.ShouldBe(HttpStatusCode.OK).Text.ShouldBe(deposited.Text);
    }
}
