using System.Net;

namespace Waybill.Tests;

public sealed class DeadLetterRequestTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Theory]
    [InlineData("GET", "/01a1fa96-2747-70e7-801a-5bae5ed79c20", "dead-letter-not-found")]
    [InlineData("DELETE", "/01a1fa96-2747-70e7-801a-5bae5ed79c20", "dead-letter-not-found")]
    [InlineData("POST", "/01a1fa96-2747-70e7-801a-5bae5ed79c20/redrive", "dead-letter-not-found")]
    [InlineData("GET", "/17", "not-found")]
    public async Task What_is_not_parked_is_not_found(string method, string path, string code) =>
        (await _api.Send(HttpMethod.Parse(method), $"/admin/dead-letters{path}"))
            .ShouldBeProblem(HttpStatusCode.NotFound, code);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"dryRun":"yes"}""")]
    [InlineData("""{"dryRun":true,"ratePerSecond":0}""")]
    [InlineData("""{"dryRun":true,"ratePerSecond":1001}""")]
    [InlineData("""{"dryRun":true,"ratePerSecond":1.5}""")]
    [InlineData("""{"dryRun":true,"cause":""}""")]
    [InlineData("""{"dryRun":true,"all":true}""")]
    public async Task A_redrive_that_cannot_be_is_malformed(string body) =>
        (await _api.PostText("/admin/dead-letters/redrive", body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Fact]
    public async Task A_consumer_that_is_not_there_is_not_found() =>
        (await _api.Post("/admin/dead-letters/redrive", new { dryRun = true, consumer = "nobody" }))
            .ShouldBeProblem(HttpStatusCode.NotFound, "projection-not-found");

    [Theory]
    [InlineData("cursor=1")]
    [InlineData("cursor=.statement")]
    [InlineData("cursor=0.statement")]
    [InlineData("limit=0")]
    [InlineData("consumer=")]
    [InlineData("cause=%00")]
    [InlineData("type=statement")]
    public async Task A_list_that_cannot_be_is_malformed(string query) =>
        (await _api.Get($"/admin/dead-letters?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
}
