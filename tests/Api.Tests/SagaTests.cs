using System.Net;

namespace Waybill.Tests;

public sealed class SagaTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task A_saga_explains_itself_and_takes_no_verb_when_it_has_ended()
    {
        var (from, to) = (await _api.OpenAccount(balance: 5), await _api.OpenAccount());
        var transfer = (await _api.Post("/transfers", new { from, to, amount = 5, currency = "EUR" }))
            .String("transferId");
        Answer saga;
        do
            saga = await _api.Get($"/admin/sagas/transfer-{transfer}");
        while (saga.ShouldBe(HttpStatusCode.OK).String("status") == "running");

        saga.String("sagaId").ShouldBe($"transfer-{transfer}");
        saga.String("type").ShouldBe("transfer");
        saga.String("status").ShouldBe("completed");
        saga.Body.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("target").GetString())
            .ShouldBe([from, to]);
        saga.Body.GetProperty("toCome").GetArrayLength().ShouldBe(0);
        saga.Body.GetProperty("unanswered").GetArrayLength().ShouldBe(0);
        var unknown = new { commandId = Guid.NewGuid(), outcome = "done" };
        (await _api.Post($"/admin/sagas/transfer-{transfer}/settle", unknown))
            .ShouldBeProblem(HttpStatusCode.NotFound, "command-not-found");
        var credit = saga.Body.GetProperty("steps")[1].GetProperty("commandId").GetGuid();
        (await _api.Post($"/admin/sagas/transfer-{transfer}/settle", new { commandId = credit, outcome = "not-done" }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "saga-ended");
        foreach (var verb in (string[])["retry", "compensate"])
            (await _api.Post($"/admin/sagas/transfer-{transfer}/{verb}"))
                .ShouldBeProblem(HttpStatusCode.Conflict, "saga-not-stuck");
        (await _api.Balance(to)).ShouldBe(5);
    }

    [Fact]
    public async Task They_are_listed_by_type_status_and_age()
    {
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        var (from, to) = (await own.Client.OpenAccount(balance: 5), await own.Client.OpenAccount());
        var completed = await Transfer("done", amount: 5);
        await Transfer("failed", amount: 6);
        await data.Execute(
            "INSERT INTO saga_list_v1_g1 (saga_id, type, status, stage, reason, started_at, changed_at, "
            + "started_position) VALUES ('reaction-a', 'reaction', 'stuck', 'reacting', 'refused', 0, 1000000, 1000), "
            + "('reaction-b', 'reaction', 'stuck', 'reacting', 'refused', 1000000, 1000000, 1001)");

        var after = completed.Header("Waybill-Position");
        (await Listed($"?after={after}")).ShouldBe(
            ["transfer-done completed", "transfer-failed failed", "reaction-a stuck", "reaction-b stuck"]);
        (await Listed("?type=transfer")).ShouldBe(["transfer-done completed", "transfer-failed failed"]);
        (await Listed("?status=failed")).ShouldBe(["transfer-failed failed"]);
        (await Listed("?status=running")).ShouldBeEmpty();
        (await Listed("?status=stuck&olderThan=1970-01-01T00:00:01Z")).ShouldBe(["reaction-a stuck"]);
        var first = await own.Client.Get("/admin/sagas?status=stuck&limit=1");
        (await Listed($"?status=stuck&limit=1&cursor={first.String("next")}")).ShouldBe(["reaction-b stuck"]);
        first.Body.GetProperty("items")[0].GetRawText().ShouldBe(
            """{"sagaId":"reaction-a","type":"reaction","status":"stuck","stage":"reacting","reason":"refused","""
            + "\"since\":\"1970-01-01T00:00:00Z\",\"changedAt\":\"1970-01-01T00:00:01Z\"}");

        async Task<Answer> Transfer(string transferId, long amount)
        {
            await own.Client.Post("/transfers", new { transferId, from, to, amount, currency = "EUR" });
            Answer saga;
            do
                saga = await own.Client.Get($"/admin/sagas/transfer-{transferId}");
            while (saga.String("status") == "running");
            return saga;
        }

        async Task<IEnumerable<string>> Listed(string query) =>
            (await own.Client.Get($"/admin/sagas{query}")).ShouldBe(HttpStatusCode.OK)
                .Body.GetProperty("items").EnumerateArray()
                .Select(item => $"{item.GetProperty("sagaId").GetString()} {item.GetProperty("status").GetString()}");
    }

    [Theory]
    [InlineData("GET", "/transfer-never.started", "transfer-not-found")]
    [InlineData("POST", "/transfer-never.started/retry", "transfer-not-found")]
    [InlineData("POST", "/transfer-never.started/compensate", "transfer-not-found")]
    [InlineData("GET", "/journey-1", "saga-not-found")]
    [InlineData("POST", "/account-1/retry", "saga-not-found")]
    public async Task What_is_not_there_is_not_found(string method, string path, string code) =>
        (await _api.Send(HttpMethod.Parse(method), $"/admin/sagas{path}"))
            .ShouldBeProblem(HttpStatusCode.NotFound, code);

    [Theory]
    [InlineData("transfer-never.started", "transfer-not-found")]
    [InlineData("account-1", "saga-not-found")]
    public async Task A_command_of_what_is_not_there_cannot_be_settled(string saga, string code) =>
        (await _api.Post($"/admin/sagas/{saga}/settle", new { commandId = Guid.NewGuid(), outcome = "done" }))
            .ShouldBeProblem(HttpStatusCode.NotFound, code);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001"}""")]
    [InlineData("""{"outcome":"done"}""")]
    [InlineData("""{"commandId":"credit","outcome":"done"}""")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":null}""")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":"refused"}""")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":1}""")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":"1"}""")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":"done, not-done"}""")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":"done,done"}""")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":"Done"}""")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":" done"}""")]
    [InlineData("""{"commandId":"018cc251-f400-7000-8000-000000000001","outcome":"done","by":"eve"}""")]
    public async Task A_body_that_settles_nothing_is_malformed(string body) =>
        (await _api.PostText("/admin/sagas/transfer-t1/settle", body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Theory]
    [InlineData("?status=none", "malformed")]
    [InlineData("?status=Running", "malformed")]
    [InlineData("?status=stuck&olderThan=1d", "malformed")]
    [InlineData("?status=stuck&type=", "malformed")]
    [InlineData("?status=stuck&cursor=x", "malformed")]
    [InlineData("?status=stuck&name=a", "malformed")]
    [InlineData("/transfer", "malformed")]
    public async Task What_cannot_be_asked_is_malformed(string path, string code) =>
        (await _api.Get($"/admin/sagas{path}")).ShouldBeProblem(HttpStatusCode.BadRequest, code);
}
