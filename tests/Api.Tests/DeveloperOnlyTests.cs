using System.Net;
using System.Net.Http.Json;

namespace Waybill.Tests;

/// <summary>A web page that the developer visits must not act through the developer's browser.</summary>
public sealed class DeveloperOnlyTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Theory]
    [InlineData("rebound.example")]
    [InlineData("rebound.example:8080")]
    [InlineData("loopback")]
    [InlineData("192.0.2.1")]
    public async Task A_request_to_a_name_that_is_not_this_machines_is_refused(string host) =>
        (await _api.Send(HttpMethod.Get, "/health/live", headers: ("Host", host)))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:8080")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:8080")]
    public async Task A_request_to_this_machine_is_answered(string host) =>
        (await _api.Send(HttpMethod.Get, "/health/live", headers: ("Host", host))).ShouldBe(HttpStatusCode.OK);

    [Theory]
    [InlineData("http://page.example")]
    [InlineData("http://127.0.0.1")]
    [InlineData("null")]
    [InlineData("")]
    public async Task A_command_from_another_origin_is_refused(string origin) =>
        (await Open(origin)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task A_command_from_a_page_of_our_own_is_carried_out() =>
        (await Open(_api.Address.GetLeftPart(UriPartial.Authority))).ShouldBe(HttpStatusCode.Created);

    private async Task<Answer> Open(string origin)
    {
        using var body = JsonContent.Create(new { owner = "ann", currency = "EUR" });
        return await _api.Send(HttpMethod.Post, "/accounts", body, ("Origin", origin));
    }
}
