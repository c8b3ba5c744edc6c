using System.Net;

namespace Waybill.Tests;

public sealed class TransferTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task Money_that_is_transferred_arrives_once()
    {
        var (from, to) = (await _api.OpenAccount(balance: 10_00), await _api.OpenAccount());
        var id = $"tr-{Guid.NewGuid():N}";

        var started = await _api.Post(
            "/transfers", new { transferId = id, from, to, amount = 4_00, currency = "EUR", reference = "rent" });

        started.ShouldBe(HttpStatusCode.Accepted);
        started.Header("Location").ShouldBe($"/transfers/{id}");
        long.Parse(started.Header("Waybill-Position")!).ShouldBePositive();
        started.String("transferId").ShouldBe(id);
        var ended = await End(id);
        ended.String("status").ShouldBe("completed");
        ended.String("reference").ShouldBe("rent");
        ended.Body.TryGetProperty("reason", out _).ShouldBeFalse();
        var steps = ended.Body.GetProperty("steps").EnumerateArray()
            .Select(step => (step.GetProperty("name").GetString(), step.GetProperty("status").GetString()));
        steps.ShouldBe([("debit", "done"), ("credit", "done")]);
        (await _api.Balance(from)).ShouldBe(6_00);
        (await _api.Balance(to)).ShouldBe(4_00);

        (await _api.Post("/transfers", new { transferId = id, from, to, amount = 4_00, currency = "EUR" }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "transfer-already-exists");
        (await _api.Balance(to)).ShouldBe(4_00);
    }

    [Fact]
    public async Task A_transfer_started_without_an_id_gets_one_and_is_found_under_its_address()
    {
        var (from, to) = (await _api.OpenAccount(balance: 5), await _api.OpenAccount());

        var started = await Post(from, to, amount: 5);

        Guid.Parse(started.ShouldBe(HttpStatusCode.Accepted).String("transferId")!).Version.ShouldBe(7);
        started.String("status").ShouldBe("pending");
        started.ETag.ShouldBe("\"1\"");
        var found = await _api.Get(started.Header("Location")!);
        (found.String("from"), found.String("to"), found.Long("amount"), found.String("currency"))
            .ShouldBe((from, to, 5, "EUR"));
        found.Body.TryGetProperty("reference", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_transfer_that_insists_on_an_earlier_one_of_its_id_is_not_started()
    {
        var (from, to) = (await _api.OpenAccount(balance: 5), await _api.OpenAccount());

        (await _api.Post("/transfers", new { from, to, amount = 5, currency = "EUR" }, ifMatch: "\"1\""))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "version-mismatch");
        (await _api.Balance(from)).ShouldBe(5);
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_transferred()
    {
        var (from, to) = (await _api.OpenAccount(balance: 1), await _api.OpenAccount());

        var ended = await End((await Post(from, to, amount: 2)).String("transferId")!);

        (ended.String("status"), ended.String("reason")).ShouldBe(("failed", "insufficient-funds"));
        ended.Body.GetProperty("steps")[0].GetProperty("code").GetString().ShouldBe("insufficient-funds");
        (await _api.Balance(from)).ShouldBe(1);
    }

    [Fact]
    public async Task What_cannot_be_credited_is_refunded()
    {
        var (from, to) = (await _api.OpenAccount(balance: 5), await _api.OpenAccount(balance: long.MaxValue));

        var ended = await End((await Post(from, to, amount: 5)).String("transferId")!);

        (ended.String("status"), ended.String("reason")).ShouldBe(("compensated", "balance-too-large"));
        (await _api.Balance(from)).ShouldBe(5);
    }

    [Fact]
    public async Task A_transfer_that_makes_no_sense_is_refused()
    {
        var (from, to) = (await _api.OpenAccount(balance: 5), await _api.OpenAccount());

        (await Post(from, from, 1)).ShouldBeProblem(HttpStatusCode.Conflict, "same-account");
        (await Post(from, to, 1, "USD")).ShouldBeProblem(HttpStatusCode.Conflict, "currency-mismatch");
        (await Post(from, $"never-{to}", 1)).ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
        (await _api.Balance(from)).ShouldBe(5);
    }

    [Fact]
    public async Task A_transfer_that_was_never_started_is_not_found() =>
        (await _api.Get($"/transfers/never-{Guid.NewGuid():N}"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "transfer-not-found");

    [Theory]
    [InlineData("""{"from":"a","to":"b","amount":0,"currency":"EUR"}""")]
    [InlineData("""{"from":"a","to":"b","amount":1.5,"currency":"EUR"}""")]
    [InlineData("""{"from":"a","to":"b","amount":1,"currency":"eur"}""")]
    [InlineData("""{"from":"a","to":"b","amount":1}""")]
    [InlineData("""{"from":"a b","to":"b","amount":1,"currency":"EUR"}""")]
    [InlineData("""{"from":"a","amount":1,"currency":"EUR"}""")]
    [InlineData("""{"from":"a","to":"b","amount":1,"currency":"EUR","transferId":""}""")]
    [InlineData("""{"from":"a","to":"b","amount":1,"currency":"EUR","fee":1}""")]
    public async Task A_body_that_is_no_transfer_is_malformed(string body) =>
        (await _api.PostText("/transfers", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    private Task<Answer> Post(string from, string to, long amount, string currency = "EUR") =>
        _api.Post("/transfers", new { from, to, amount, currency });

    // It ends by itself; what hangs is ended by the limit of the run.
    private async Task<Answer> End(string id)
    {
        while (true)
        {
            var transfer = await _api.Get($"/transfers/{id}");
            if (transfer.ShouldBe(HttpStatusCode.OK).String("status") != "pending")
                return transfer;
        }
    }
}
