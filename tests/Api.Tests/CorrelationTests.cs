using System.Net;
using System.Net.Http.Json;

namespace Waybill.Tests;

public sealed class CorrelationTests(RunningServer server)
{
    private const string Header = "X-Correlation-Id";

    private readonly ApiClient _api = server.Api;

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/nowhere")]
    [InlineData("/accounts/a%20b")]
    public async Task A_correlation_id_is_returned_with_every_answer(string path)
    {
        var answer = await _api.Send(HttpMethod.Get, path, headers: (Header, "visit-17"));

        answer.Header(Header).ShouldBe("visit-17");
    }

    [Fact]
    public async Task A_request_without_a_correlation_id_gets_one_which_its_events_carry()
    {
        var opened = await _api.Post("/accounts", new { owner = "ann", currency = "EUR" });

        var made = opened.Header(Header);
        made.ShouldNotBeNullOrEmpty();
        var events = await _api.Get($"{opened.Header("Location")}/events");
        var metadata = events.Body.GetProperty("items")[0].GetProperty("metadata");
        metadata.GetProperty("correlationId").GetString().ShouldBe(made);
        events.Header(Header).ShouldNotBe(made);
    }

    [Fact]
    public async Task The_trace_of_whoever_calls_goes_on_in_the_events()
    {
        const string Trace = "0af7651916cd43dd8448eb211c80319c", Span = "b7ad6b7169203331";
        using var data = new DataDirectory();
        await using var own = await ServerProcess.StartAsync(data.Path);
        using var body = JsonContent.Create(new { owner = "ann", currency = "EUR" });

        (await own.Client.Send(HttpMethod.Post, "/accounts", body, ("traceparent", $"00-{Trace}-{Span}-01")))
            .ShouldBe(HttpStatusCode.Created);

        var parts = (await data.Read("SELECT trace_parent FROM events")).ShouldBeOfType<string>().Split('-');
        (parts[0], parts[1]).ShouldBe(("00", Trace));
        parts[2].ShouldNotBe(Span, "the request is a span of its own");
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("")]
    public async Task A_correlation_id_that_cannot_be_kept_is_malformed(string id) =>
        (await _api.Send(HttpMethod.Get, "/health/live", headers: (Header, id)))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task A_correlation_id_that_is_too_long_is_malformed() =>
        (await _api.Send(HttpMethod.Get, "/health/live", headers: (Header, new string('a', 129))))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
}
