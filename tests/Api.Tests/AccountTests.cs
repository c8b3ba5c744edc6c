using System.Net;

namespace Waybill.Tests;

public sealed class AccountTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task An_opened_account_is_answered_with_its_address_and_version()
    {
        var id = $"acc-{Guid.NewGuid():N}";

        var opened = await _api.Post("/accounts", new { accountId = id, owner = "ann", currency = "EUR" });

        opened.ShouldBe(HttpStatusCode.Created);
        opened.Header("Location").ShouldBe($"/accounts/{id}");
        opened.ETag.ShouldBe("\"1\"");
        long.Parse(opened.Header("Waybill-Position")!).ShouldBePositive();
        opened.Text.ShouldBe(
            $$"""{"accountId":"{{id}}","owner":"ann","currency":"EUR","balance":0"""
            + ""","available":0,"status":"open","version":1}""");
        (await _api.Get($"/accounts/{id}")).Text.ShouldBe(opened.Text);
    }

    [Fact]
    public async Task An_account_opened_without_an_id_gets_one()
    {
        var opened = await _api.Post("/accounts", new { owner = "ann", currency = "EUR" });

        Guid.Parse(opened.String("accountId")!).Version.ShouldBe(7);
        (await _api.Get(opened.Header("Location")!)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Deposits_and_withdrawals_change_the_balance_and_the_version()
    {
        var id = await _api.OpenAccount();

        await _api.Post($"/accounts/{id}/deposits", new { amount = 12_50, reference = "salary" });
        var withdrawn = await _api.Post($"/accounts/{id}/withdrawals", new { amount = 2_50 });

        withdrawn.ShouldBe(HttpStatusCode.OK);
        withdrawn.Long("balance").ShouldBe(10_00);
        withdrawn.Long("version").ShouldBe(3);
        withdrawn.ETag.ShouldBe("\"3\"");
    }

    [Fact]
    public async Task Interest_is_money_that_comes_in_and_has_a_line_of_its_own()
    {
        var id = await _api.OpenAccount(balance: 10_00);

        var credited = await _api.Post($"/accounts/{id}/interest", new { amount = 10, reference = "January" });

        credited.ShouldBe(HttpStatusCode.OK);
        (credited.Long("balance"), credited.Long("available")).ShouldBe((10_10, 10_10));
        var statement = await _api.Get($"/accounts/{id}/statement?after={credited.Header("Waybill-Position")}");
        var line = statement.Body.GetProperty("lines")[2];
        line.GetProperty("type").GetString().ShouldBe("interest");
        line.GetProperty("amount").GetInt64().ShouldBe(10);
        line.GetProperty("reference").GetString().ShouldBe("January");
    }

    [Fact]
    public async Task An_empty_account_can_be_closed_and_then_takes_nothing_more()
    {
        var id = await _api.OpenAccount();

        var closed = await _api.Post($"/accounts/{id}/close");

        closed.ShouldBe(HttpStatusCode.OK);
        closed.String("status").ShouldBe("closed");
        foreach (var act in (string[])["deposits", "withdrawals", "interest"])
            (await _api.Post($"/accounts/{id}/{act}", new { amount = 1 }))
                .ShouldBeProblem(HttpStatusCode.Conflict, "account-closed");
        (await _api.Post($"/accounts/{id}/close")).ShouldBeProblem(HttpStatusCode.Conflict, "account-closed");
    }

    [Fact]
    public async Task A_withdrawal_above_the_balance_is_refused_and_changes_nothing()
    {
        var id = await _api.OpenAccount(balance: 5_00);

        var refused = await _api.Post($"/accounts/{id}/withdrawals", new { amount = 9_00 });

        refused.ShouldBeProblem(HttpStatusCode.Conflict, "insufficient-funds");
        (await _api.Get($"/accounts/{id}")).ETag.ShouldBe("\"2\"");
    }

    [Fact]
    public async Task An_account_with_money_on_it_cannot_be_closed()
    {
        var id = await _api.OpenAccount(balance: 1);

        (await _api.Post($"/accounts/{id}/close")).ShouldBeProblem(HttpStatusCode.Conflict, "balance-not-zero");
    }

    [Fact]
    public async Task An_id_is_given_to_one_account_only()
    {
        var id = await _api.OpenAccount();

        (await _api.Post("/accounts", new { accountId = id, owner = "bob", currency = "EUR" }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "account-already-open");
    }

    [Fact]
    public async Task A_sum_that_overflows_is_refused()
    {
        var id = await _api.OpenAccount(balance: long.MaxValue);

        (await _api.Post($"/accounts/{id}/deposits", new { amount = 1 }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "balance-too-large");
        (await _api.Post($"/accounts/{id}/interest", new { amount = 1 }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "balance-too-large");
        (await _api.Balance(id)).ShouldBe(long.MaxValue);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "/events")]
    [InlineData("POST", "/deposits")]
    [InlineData("POST", "/withdrawals")]
    [InlineData("POST", "/interest")]
    [InlineData("POST", "/close")]
    public async Task An_account_that_was_never_opened_is_not_found(string method, string path)
    {
        var url = $"/accounts/never-{Guid.NewGuid():N}{path}";
        var body = path == "/close" ? null : new { amount = 1 };

        var answer = method == "GET" ? await _api.Get(url) : await _api.Post(url, body);

        answer.ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
    }
}
