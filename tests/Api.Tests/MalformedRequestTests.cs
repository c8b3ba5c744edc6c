using System.Net;

namespace Waybill.Tests;

public sealed class MalformedRequestTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("{}")]
    [InlineData("""{"amount":null}""")]
    [InlineData("""{"amount":"5"}""")]
    [InlineData("""{"amount":5.5}""")]
    [InlineData("""{"amount":5.0}""")]
    [InlineData("""{"amount":5e2}""")]
    [InlineData("""{"amount":0}""")]
    [InlineData("""{"amount":-5}""")]
    [InlineData("""{"amount":9223372036854775808}""")]
    [InlineData("""{"amount":true}""")]
    [InlineData("""{"amount":{"value":5}}""")]
    [InlineData("""{"amount":5,"amount":5}""")]
    [InlineData("""{"amount":5,"currency":"EUR"}""")]
    [InlineData("""{"Amount":5}""")]
    [InlineData("""{"amount":5,}""")]
    [InlineData("""{"amount":5}{}""")]
    [InlineData("""{"amount":5,"reference":7}""")]
    [InlineData("""{"amount":5,"reference":" "}""")]
    [InlineData("""{"amount":5,"reference":"\u0000"}""")]
    [InlineData("""{"amount":5,"reference":"\ud800"}""")]
    [InlineData("""{"amount":5,"\ud800":"x"}""")]
    public async Task A_body_that_is_no_deposit_is_malformed(string body)
    {
        var id = await _api.OpenAccount();

        (await _api.PostText($"/accounts/{id}/deposits", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
        (await _api.Balance(id)).ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"currency":"EUR"}""")]
    [InlineData("""{"owner":"ann"}""")]
    [InlineData("""{"owner":"","currency":"EUR"}""")]
    [InlineData("""{"owner":null,"currency":"EUR"}""")]
    [InlineData("""{"owner":"ann","currency":"eur"}""")]
    [InlineData("""{"owner":"ann","currency":"EURO"}""")]
    [InlineData("""{"owner":"ann","currency":"EUR","accountId":""}""")]
    [InlineData("""{"owner":"ann","currency":"EUR","accountId":"a b"}""")]
    [InlineData("""{"owner":"ann","currency":"EUR","accountId":"../x"}""")]
    [InlineData("""{"owner":"ann","currency":"EUR","accountId":"."}""")]
    [InlineData("""{"owner":"ann","currency":"EUR","accountId":".."}""")]
    [InlineData("""{"owner":"ann","currency":"EUR","balance":5}""")]
    public async Task A_body_that_is_no_account_is_malformed(string body) =>
        (await _api.PostText("/accounts", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("garbage")]
    [InlineData("""{"amount":5}""")]
    public async Task A_body_that_a_close_does_not_take_is_malformed(string body)
    {
        var id = await _api.OpenAccount();

        (await _api.PostText($"/accounts/{id}/close", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
        (await _api.Get($"/accounts/{id}")).String("status").ShouldBe("open");
    }

    [Fact]
    public async Task An_empty_object_closes_as_no_body_does()
    {
        var id = await _api.OpenAccount();

        (await _api.PostText($"/accounts/{id}/close", "{}")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("POST", "/accounts", "A JSON body is required.")]
    [InlineData("GET", "/accounts/a%20b", "The path is wrong: an id of 1 to 64 of A-Z a-z 0-9 . _ - ")]
    public async Task A_request_that_lacks_something_is_told_what(string method, string path, string detail)
    {
        var answer = await _api.Send(HttpMethod.Parse(method), path);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
        answer.String("detail").ShouldNotBeNull().ShouldStartWith(detail);
    }

    [Theory]
    [InlineData("""{"owner":"ann","currency":"eur"}""", "$.currency: a currency code of three capital letters")]
    [InlineData("""{"owner":5,"currency":"EUR"}""", "$.owner: text of 1 to 200 characters")]
    public async Task A_wrong_value_is_told_what_is_expected(string body, string told)
    {
        var answer = await _api.PostText("/accounts", body);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
        answer.String("detail").ShouldNotBeNull().ShouldContain(told);
    }

    // The server waits for five seconds before it counts how fast a body comes.
    [Fact]
    public async Task A_body_that_does_not_come_is_a_timeout()
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(_api.Address.Host, _api.Address.Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(
            "POST /accounts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"u8.ToArray(),
            TestContext.Current.CancellationToken);
        await stream.WriteAsync(
            "Content-Length: 9\r\n\r\n"u8.ToArray(),
            TestContext.Current.CancellationToken);

        var answer = await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken);

        answer.ShouldStartWith("HTTP/1.1 408 ");
        answer.ShouldContain("\"request-timeout\"");
    }

    [Fact]
    public async Task A_close_with_a_body_beyond_the_limit_is_too_large() =>
        (await _api.PostText($"/accounts/{await _api.OpenAccount()}/close", new string(' ', 70 * 1024)))
            .ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "body-too-large");

    [Theory]
    [InlineData("")]
    [InlineData("/events")]
    public async Task A_query_parameter_that_would_be_ignored_is_malformed(string path) =>
        (await _api.Get($"/accounts/{await _api.OpenAccount()}{path}?owner=ann"))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task What_can_be_got_can_be_asked_for_its_head()
    {
        var id = await _api.OpenAccount();

        var head = await _api.Send(HttpMethod.Head, $"/accounts/{id}");

        head.ShouldBe(HttpStatusCode.OK).Text.ShouldBeEmpty();
        head.ETag.ShouldBe("\"1\"");
        (await _api.Send(HttpMethod.Head, "/health/ready")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Text_that_is_too_long_is_malformed() =>
        (await _api.Post("/accounts", new { owner = new string('a', 201), currency = "EUR" }))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task A_body_nested_too_deeply_is_malformed() =>
        (await _api.PostText("/accounts", string.Concat(Enumerable.Repeat("[", 20_000))))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task A_body_that_is_no_utf8_is_malformed()
    {
        using var body = new ByteArrayContent([.. "{\"owner\":\""u8, 0xff, 0xfe, .. "\",\"currency\":\"EUR\"}"u8]);
        body.Headers.ContentType = new("application/json");

        (await _api.Send(HttpMethod.Post, "/accounts", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
    }

    [Theory]
    [InlineData("a%20b")]
    [InlineData("a%2Fb")]
    [InlineData("%E2%82%AC")]
    [InlineData("a'b")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task A_path_that_holds_no_id_is_malformed(string id) =>
        (await _api.Get($"/accounts/{id}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task A_body_beyond_the_limit_is_too_large() =>
        (await _api.PostText("/accounts", new string(' ', 65 * 1024)))
            .ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "body-too-large");

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json; charset=none")]
    public async Task A_body_that_is_not_said_to_be_utf8_json_is_not_read(string contentType) =>
        (await _api.PostText("/accounts", """{"owner":"ann","currency":"EUR"}""", contentType))
            .ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");

    [Fact]
    public async Task A_method_that_a_resource_does_not_know_is_not_allowed()
    {
        var answer = await _api.Send(HttpMethod.Delete, "/accounts/a");

        answer.ShouldBeProblem(HttpStatusCode.MethodNotAllowed, "method-not-allowed");
        answer.Headers["Allow"].ShouldBe(["GET", "HEAD"]);
    }

    [Fact]
    public async Task A_path_that_leads_nowhere_is_not_found() =>
        (await _api.Get("/nowhere")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");

    [Fact]
    public async Task A_problem_is_answered_whatever_the_caller_accepts() =>
        (await _api.Send(HttpMethod.Get, "/nowhere", headers: ("Accept", "text/html")))
            .ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
}
