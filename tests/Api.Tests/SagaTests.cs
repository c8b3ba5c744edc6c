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
        foreach (var verb in (string[])["retry", "compensate"])
            (await _api.Post($"/admin/sagas/transfer-{transfer}/{verb}"))
                .ShouldBeProblem(HttpStatusCode.Conflict, "saga-not-stuck");
        (await _api.Balance(to)).ShouldBe(5);
    }

    [Fact]
    public async Task Those_that_wait_for_a_person_are_listed()
    {
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        await data.Execute(
            "INSERT INTO due (category, id, stuck, since) VALUES "
            + "('transfer', 'a', 'undo-debit: refused', 0), ('transfer', 'b', 'undo-debit: refused', 1000000)");

        var first = await own.Client.Get("/admin/sagas?status=stuck&type=transfer&limit=1");
        var second = await own.Client.Get($"/admin/sagas?status=stuck&limit=1&cursor={first.String("next")}");
        var older = await own.Client.Get("/admin/sagas?status=stuck&olderThan=1970-01-01T00:00:01Z");

        var shown = first.ShouldBe(HttpStatusCode.OK).Body.GetProperty("items")[0];
        shown.GetRawText().ShouldBe(
            """{"sagaId":"transfer-a","type":"transfer","status":"stuck","reason":"undo-debit: refused","""
            + "\"since\":\"1970-01-01T00:00:00Z\"}");
        second.Text.ShouldContain("transfer-b");
        second.Text.ShouldEndWith("""],"next":null}""");
        older.Body.GetProperty("items").GetArrayLength().ShouldBe(1);
        (await own.Client.Get("/admin/sagas?status=stuck&type=ride")).Text.ShouldBe("""{"items":[],"next":null}""");
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
    [InlineData("", "status-unsupported")]
    [InlineData("?status=running", "status-unsupported")]
    [InlineData("?status=stuck&olderThan=1d", "malformed")]
    [InlineData("?status=stuck&type=", "malformed")]
    [InlineData("?status=stuck&cursor=x", "malformed")]
    [InlineData("?status=stuck&name=a", "malformed")]
    [InlineData("/transfer", "malformed")]
    public async Task What_cannot_be_asked_is_malformed(string path, string code) =>
        (await _api.Get($"/admin/sagas{path}")).ShouldBeProblem(HttpStatusCode.BadRequest, code);
}
