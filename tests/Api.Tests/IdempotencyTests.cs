using System.Net;
using System.Net.Http.Json;
using System.Text;

namespace Waybill.Tests;

public sealed class IdempotencyTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    private readonly string _key = Guid.NewGuid().ToString();

    [Fact]
    public async Task The_same_key_again_is_answered_as_it_was_and_does_nothing()
    {
        var id = await _api.OpenAccount();

        var first = await _api.PostOnce(_key, $"/accounts/{id}/deposits", new { amount = 5, reference = "rent" });
        await _api.Post($"/accounts/{id}/deposits", new { amount = 1 });
        var again = await _api.PostOnce(_key, $"/accounts/{id}/deposits", new { amount = 5, reference = "rent" });

        first.ShouldBe(HttpStatusCode.OK).IsReplayed.ShouldBeFalse();
        ShouldBeReplay(again, first);
        (again.ETag, again.Long("balance")).ShouldBe(("\"2\"", 5));
        (await _api.Balance(id)).ShouldBe(6);
    }

    [Fact]
    public async Task What_is_made_without_an_id_is_made_once_and_has_the_one_id()
    {
        var first = await _api.PostOnce(_key, "/accounts", new { owner = "ann", currency = "EUR" });
        var again = await _api.PostOnce(_key, "/accounts", new { owner = "ann", currency = "EUR" });

        first.ShouldBe(HttpStatusCode.Created).Header("Location").ShouldNotBeNull();
        ShouldBeReplay(again, first);
        Guid.Parse(first.String("accountId")!).Version.ShouldBe(7);
    }

    [Fact]
    public async Task A_transfer_is_made_once()
    {
        var (from, to) = (await _api.OpenAccount(balance: 10), await _api.OpenAccount());
        var body = new { from, to, amount = 4, currency = "EUR" };

        var first = await _api.PostOnce(_key, "/transfers", body);
        var again = await _api.PostOnce(_key, "/transfers", body);

        first.ShouldBe(HttpStatusCode.Accepted);
        ShouldBeReplay(again, first);
        await Ended(first.String("transferId")!);
        (await _api.Balance(to)).ShouldBe(4);
    }

    [Fact]
    public async Task A_refusal_stays_one_under_its_key_also_when_it_would_not_be_refused_any_more()
    {
        var id = await _api.OpenAccount();

        var refused = await _api.PostOnce(_key, $"/accounts/{id}/withdrawals", new { amount = 5 });
        await _api.Post($"/accounts/{id}/deposits", new { amount = 5 });
        var again = await _api.PostOnce(_key, $"/accounts/{id}/withdrawals", new { amount = 5 });

        refused.ShouldBeProblem(HttpStatusCode.Conflict, "insufficient-funds");
        ShouldBeReplay(again, refused);
        again.ShouldBeProblem(HttpStatusCode.Conflict, "insufficient-funds");
        (await _api.Balance(id)).ShouldBe(5);
    }

    [Fact]
    public async Task So_do_a_failed_precondition_and_what_was_not_found()
    {
        var id = await _api.OpenAccount(balance: 1);
        using var body = JsonContent.Create(new { amount = 1 });
        var path = $"/accounts/{id}/deposits";

        var stale = await _api.Send(HttpMethod.Post, path, body, ("Idempotency-Key", _key), ("If-Match", "\"1\""));
        ShouldBeReplay(await _api.PostOnce(_key, path, new { amount = 1 }), stale);
        stale.ShouldBeProblem(HttpStatusCode.PreconditionFailed, "version-mismatch");

        var missing = $"acc-{Guid.NewGuid():N}";
        var notFound = await _api.PostOnce(_key, $"/accounts/{missing}/close");
        await _api.Post("/accounts", new { accountId = missing, owner = "ann", currency = "EUR" });
        ShouldBeReplay(await _api.PostOnce(_key, $"/accounts/{missing}/close"), notFound);
        notFound.ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
    }

    [Fact]
    public async Task A_hundred_at_once_have_one_effect_and_one_answer()
    {
        var id = await _api.OpenAccount();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(_ => _api.PostOnce(_key, $"/accounts/{id}/deposits", new { amount = 7 })));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        answers.Select(answer => (answer.Text, answer.ETag, answer.Header("Waybill-Position")))
            .Distinct().ShouldHaveSingleItem();
        answers.Count(answer => answer.IsReplayed).ShouldBe(99);
        (await _api.Balance(id)).ShouldBe(7);
    }

    [Fact]
    public async Task A_hundred_at_once_make_one_account()
    {
        var owner = $"owner-{Guid.NewGuid():N}";

        var answers = await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(_ => _api.PostOnce(_key, "/accounts", new { owner, currency = "EUR" })));

        answers.Select(answer => answer.Text).Distinct().ShouldHaveSingleItem();
        var position = answers[0].Header("Waybill-Position");
        (await _api.Get($"/accounts?owner={owner}&after={position}")).Body.GetProperty("items").GetArrayLength()
            .ShouldBe(1);
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused_and_does_nothing()
    {
        var id = await _api.OpenAccount();
        await _api.PostOnce(_key, $"/accounts/{id}/deposits", new { amount = 5 });

        (await _api.PostOnce(_key, $"/accounts/{id}/deposits", new { amount = 6 }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        (await _api.PostOnce(_key, $"/accounts/{id}/deposits", new { amount = 5, reference = "rent" }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        (await _api.Balance(id)).ShouldBe(5);
    }

    [Fact]
    public async Task Of_two_bodies_at_once_under_one_key_one_is_carried_out()
    {
        var id = await _api.OpenAccount();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50)
            .Select(n => _api.PostOnce(_key, $"/accounts/{id}/deposits", new { amount = 1 + n % 2 })));

        var done = answers.Where(answer => answer.Status == HttpStatusCode.OK).ToList();
        done.Count.ShouldBe(25);
        done.Select(answer => answer.Text).Distinct().ShouldHaveSingleItem();
        foreach (var other in answers.Except(done))
            other.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        (await _api.Balance(id)).ShouldBe(done[0].Long("balance"));
    }

    [Fact]
    public async Task A_body_that_says_the_same_in_another_order_is_the_same()
    {
        var id = await _api.OpenAccount();
        await PostText($"/accounts/{id}/deposits", """{"amount":5,"reference":"rent"}""");

        var again = await PostText($"/accounts/{id}/deposits", """{ "reference": "rent", "amount": 5 }""");

        again.ShouldBe(HttpStatusCode.OK).IsReplayed.ShouldBeTrue();
        (await _api.Balance(id)).ShouldBe(5);
    }

    [Fact]
    public async Task A_key_is_another_one_on_another_route()
    {
        var (one, two) = (await _api.OpenAccount(), await _api.OpenAccount());

        foreach (var path in new[] { $"{one}/deposits", $"{two}/deposits", $"{one}/withdrawals", $"{one}/interest" })
            (await _api.PostOnce(_key, $"/accounts/{path}", new { amount = 5 }))
                .ShouldBe(HttpStatusCode.OK).IsReplayed.ShouldBeFalse();
        (await _api.PostOnce(_key, $"/accounts/{one}/deposits/", new { amount = 5 })).IsReplayed.ShouldBeTrue();

        ((await _api.Balance(one)), (await _api.Balance(two))).ShouldBe((5, 5));
    }

    [Theory]
    [InlineData("\"1\", \"2\"", "")]
    [InlineData(null, "?dry=true")]
    [InlineData(null, "?after=1")]
    public async Task The_key_of_what_was_malformed_is_free_for_what_was_meant(string? ifMatch, string query)
    {
        var id = await _api.OpenAccount();
        using var body = JsonContent.Create(new { amount = 6 });

        (await _api.Send(
            HttpMethod.Post,
            $"/accounts/{id}/deposits{query}",
            body,
            ("Idempotency-Key", _key),
            ("If-Match", ifMatch))).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
        (await PostText($"/accounts/{id}/deposits", """{"amount":"5"}"""))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

        (await _api.PostOnce(_key, $"/accounts/{id}/deposits", new { amount = 5 }))
            .ShouldBe(HttpStatusCode.OK).IsReplayed.ShouldBeFalse();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    public async Task A_key_has_up_to_255_characters_of_any_kind(int length)
    {
        var id = await _api.OpenAccount();
        var key = new string('"', length);

        (await _api.PostOnce(key, $"/accounts/{id}/deposits", new { amount = 5 })).ShouldBe(HttpStatusCode.OK);
        (await _api.PostOnce(key, $"/accounts/{id}/deposits", new { amount = 5 })).IsReplayed.ShouldBeTrue();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public async Task A_key_of_another_length_is_malformed(int length)
    {
        var id = await _api.OpenAccount();

        (await _api.PostOnce(new string('k', length), $"/accounts/{id}/deposits", new { amount = 5 }))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "idempotency-key-malformed");
        (await _api.Balance(id)).ShouldBe(0);
    }

    // The client would make one line of both.
    [Fact]
    public async Task Two_keys_are_malformed()
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(_api.Address.Host, _api.Address.Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        var request = "POST /accounts/a/close HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);

        var answer = await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken);

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("\"idempotency-key-malformed\"");
    }

    [Fact]
    public async Task A_query_takes_no_notice_of_a_key()
    {
        var id = await _api.OpenAccount();

        for (var i = 0; i < 2; i++)
            (await _api.Send(HttpMethod.Get, $"/accounts/{id}", headers: ("Idempotency-Key", _key)))
                .ShouldBe(HttpStatusCode.OK).IsReplayed.ShouldBeFalse();
    }

    [Fact]
    public async Task What_an_operator_asks_of_a_saga_is_done_once_under_a_key()
    {
        var first = await _api.PostOnce(_key, "/admin/sagas/transfer-never.started/retry");
        var again = await _api.PostOnce(_key, "/admin/sagas/transfer-never.started/retry");

        first.Status.ShouldBe(HttpStatusCode.NotFound);
        ShouldBeReplay(again, first);
    }

    private Task<Answer> PostText(string path, string body)
    {
        var content = new StringContent(body, Encoding.UTF8, "application/json");
        return _api.Send(HttpMethod.Post, path, content, ("Idempotency-Key", _key));
    }

    private static void ShouldBeReplay(Answer again, Answer first)
    {
        again.IsReplayed.ShouldBeTrue();
        (again.Status, again.Text, again.ContentType).ShouldBe((first.Status, first.Text, first.ContentType));
        foreach (var header in new[] { "ETag", "Location", "Waybill-Position" })
            again.Header(header).ShouldBe(first.Header(header));
        again.Header("X-Correlation-Id").ShouldNotBe(first.Header("X-Correlation-Id"));
    }

    // It ends by itself; what hangs is ended by the limit of the run.
    private async Task Ended(string transfer)
    {
        while ((await _api.Get($"/transfers/{transfer}")).String("status") == "pending")
        {
            // Not yet.
        }
    }
}
