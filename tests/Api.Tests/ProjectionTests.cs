using System.Net;

namespace Waybill.Tests;

public sealed class ProjectionTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task Each_says_how_far_it_is()
    {
        var written = (await _api.Get($"/accounts/{await _api.OpenAccount()}")).Header("Waybill-Position")!;
        await _api.Get($"/accounts?limit=1&after={written}");

        var one = await _api.Get("/admin/projections/account_list");
        var all = await _api.Get("/admin/projections");

        one.ShouldBe(HttpStatusCode.OK).Long("position").ShouldBeGreaterThanOrEqualTo(long.Parse(written));
        one.Body.EnumerateObject().Select(member => member.Name).ShouldBe(
        [
            "name", "version", "position", "lag", "lastReadAt", "parked", "error", "notifications", "rebuild",
            "redrive",
        ]);
        one.Body.GetProperty("lag").EnumerateObject().Select(member => member.Name)
            .ShouldBe(["events", "isExact", "oldestSeconds"]);
        one.Body.GetProperty("lastReadAt").GetDateTime().Kind.ShouldBe(DateTimeKind.Utc);
        one.Long("parked").ShouldBe(0);
        all.ShouldBe(HttpStatusCode.OK).Body.GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("name").GetString()).ShouldBe(
                [
                    "account_list", "customer_notices", "inventory_list", "online_driver", "order_facts",
                    "order_list", "ride_facts", "ride_list", "saga_list", "statement",
                ]);
    }

    [Fact]
    public async Task A_rebuild_is_started_and_the_view_is_the_same_after_it()
    {
        var id = await _api.OpenAccount(balance: 5);
        var written = (await _api.Get($"/accounts/{id}")).Header("Waybill-Position")!;
        var before = await _api.Get($"/accounts?limit=1&cursor={id[..^1]}&after={written}");

        var started = await _api.PostText("/admin/projections/account_list/rebuild", """{"fresh":true}""");

        started.ShouldBe(HttpStatusCode.Accepted).Header("Location").ShouldBe("/admin/projections/account_list");
        (await _api.Get($"/accounts?limit=1&cursor={id[..^1]}&after={written}")).Text.ShouldBe(before.Text);
    }

    [Fact]
    public async Task Of_rebuilds_asked_for_at_once_those_are_refused_that_find_one_under_way()
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => _api.Post("/admin/projections/order_facts/rebuild")));

        answers.ShouldContain(answer => answer.Status == HttpStatusCode.Accepted);
        var refused = answers.Where(answer => answer.Status != HttpStatusCode.Accepted).ToList();
        refused.ShouldNotBeEmpty();
        foreach (var answer in refused)
            answer.ShouldBeProblem(HttpStatusCode.Conflict, "rebuild-under-way");
    }

    [Fact]
    public async Task The_rows_of_one_stream_are_rebuilt_alone()
    {
        var id = await _api.OpenAccount(balance: 5);
        var written = (await _api.Get($"/accounts/{id}")).Header("Waybill-Position")!;
        await _api.Get($"/accounts/{id}/statement?after={written}");

        var rebuilt = await _api.Post($"/admin/projections/statement/streams/account-{id}/rebuild");

        rebuilt.ShouldBe(HttpStatusCode.OK).Text.ShouldBe("""{"status":"done","applied":2,"error":null}""");
        (await _api.Get($"/accounts/{id}/statement")).Long("closing").ShouldBe(5);
    }

    [Theory]
    [InlineData("GET", "/nothing", "projection-not-found")]
    [InlineData("POST", "/nothing/rebuild", "projection-not-found")]
    [InlineData("DELETE", "/nothing/rebuild", "projection-not-found")]
    [InlineData("POST", "/nothing/streams/account-a/rebuild", "projection-not-found")]
    [InlineData("POST", "/statement/streams/account-never.opened/rebuild", "stream-not-found")]
    [InlineData("DELETE", "/statement/rebuild", "rebuild-not-found")]
    public async Task What_is_not_there_is_not_found(string method, string path, string code) =>
        (await _api.Send(HttpMethod.Parse(method), $"/admin/projections{path}"))
            .ShouldBeProblem(HttpStatusCode.NotFound, code);

    [Theory]
    [InlineData("/account_list/rebuild", """{"quick":true}""")]
    [InlineData("/account_list/rebuild", """{"fresh":1}""")]
    [InlineData("/account_list/rebuild", "[]")]
    [InlineData("/statement/streams/account/rebuild", "")]
    [InlineData("/statement/streams/Account-a/rebuild", "")]
    public async Task What_no_rebuild_takes_is_malformed(string path, string body) =>
        (await _api.PostText($"/admin/projections{path}", body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Theory]
    [InlineData("POST", "projections/nothing/rebuild")]
    [InlineData("DELETE", "projections/statement/rebuild")]
    [InlineData("POST", "projections/statement/streams/account-never.opened/rebuild")]
    [InlineData("POST", "dead-letters/01a1fa96-2747-70e7-801a-5bae5ed79c20/redrive")]
    [InlineData("DELETE", "dead-letters/01a1fa96-2747-70e7-801a-5bae5ed79c20")]
    public async Task What_is_sent_again_under_its_key_is_answered_again(string method, string path)
    {
        var key = Guid.NewGuid().ToString();

        var first = await Send();
        var again = await Send();

        first.ShouldBe(HttpStatusCode.NotFound).IsReplayed.ShouldBeFalse();
        again.IsReplayed.ShouldBeTrue();
        again.Text.ShouldBe(first.Text);

        Task<Answer> Send() => _api.Send(
            HttpMethod.Parse(method), $"/admin/{path}", content: null, ("Idempotency-Key", key));
    }

    [Fact]
    public async Task A_rebuild_is_started_once_under_its_key()
    {
        var key = Guid.NewGuid().ToString();

        var first = await _api.PostOnce(key, "/admin/projections/ride_list/rebuild", new { fresh = true });
        var again = await _api.PostOnce(key, "/admin/projections/ride_list/rebuild", new { fresh = true });

        first.ShouldBe(HttpStatusCode.Accepted).IsReplayed.ShouldBeFalse();
        again.ShouldBe(HttpStatusCode.Accepted).Header("Location").ShouldBe("/admin/projections/ride_list");
        (again.IsReplayed, again.Text).ShouldBe((true, first.Text));
        (await _api.PostOnce(key, "/admin/projections/ride_list/rebuild"))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
    }

    [Theory]
    [InlineData("projections")]
    [InlineData("projections/statement")]
    [InlineData("dead-letters")]
    [InlineData("dead-letters?consumer=statement")]
    public async Task A_query_says_how_far_it_has_read_and_waits_for_what_is_asked_for(string path)
    {
        var id = await _api.OpenAccount(balance: 5);
        var written = (await _api.Get($"/accounts/{id}")).Header("Waybill-Position")!;
        var more = path.Contains('?') ? '&' : '?';

        var answer = await _api.Get($"/admin/{path}{more}after={written}");

        long.Parse(answer.ShouldBe(HttpStatusCode.OK).Header("Waybill-Position")!)
            .ShouldBeGreaterThanOrEqualTo(long.Parse(written));
        long.Parse((await _api.Get($"/admin/{path}")).Header("Waybill-Position")!).ShouldBePositive();
        (await _api.Get($"/admin/{path}{more}after={long.MaxValue}&wait=0"))
            .ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");
    }

    // One that was left off by a process that died, and whose time to be taken up again has not come.
    [Fact]
    public async Task A_rebuild_that_was_left_off_is_shown_and_cancelled()
    {
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        await own.Client.OpenAccount(balance: 5);
        await own.Client.Get("/accounts?after=2");
        await data.Execute(
            "CREATE TABLE account_list_v2_g2 AS SELECT * FROM account_list_v2; "
            + "UPDATE read_models SET building_generation = 2, last_generation = 2, build_position = 1, "
            + "started_by = 'dev', started_at = 0, built_at = 4102444800000000 WHERE read_model = 'account_list_v2'");

        var shown = (await own.Client.Get("/admin/projections/account_list")).Body.GetProperty("rebuild");

        shown.GetProperty("position").GetInt64().ShouldBe(1);
        shown.GetProperty("head").GetInt64().ShouldBe(2);
        shown.GetProperty("startedBy").GetString().ShouldBe("dev");
        shown.GetProperty("isRunning").GetBoolean().ShouldBeFalse();
        (await own.Client.Send(HttpMethod.Delete, "/admin/projections/account_list/rebuild"))
            .ShouldBe(HttpStatusCode.NoContent);
        (await own.Client.Send(HttpMethod.Delete, "/admin/projections/account_list/rebuild"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "rebuild-not-found");
    }
}
