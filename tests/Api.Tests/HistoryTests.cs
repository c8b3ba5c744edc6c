using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Waybill.Grains.Sourcing;

namespace Waybill.Tests;

public sealed class HistoryTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task An_account_is_shown_as_it_was_at_a_version_and_at_a_time()
    {
        var id = await _api.OpenAccount(balance: 5);
        await _api.Post($"/accounts/{id}/deposits", new { amount = 7 });
        var second = (await _api.Get($"/accounts/{id}/events")).Body.GetProperty("items")[1];

        var then = await _api.Get($"/accounts/{id}?version=2");

        then.ShouldBe(HttpStatusCode.OK).Text.ShouldBe(
            $$"""{"accountId":"{{id}}","owner":"ann","currency":"EUR","balance":5,"available":5"""
            + $$""","status":"open","version":2,"position":{{second.GetProperty("position").GetRawText()}}}""");
        then.ETag.ShouldBe("\"2\"");
        then.Header("Waybill-Position").ShouldBe(second.GetProperty("position").GetRawText());
        (await _api.Get($"/accounts/{id}?asOf={second.GetProperty("time").GetString()}")).Text.ShouldBe(then.Text);
        (await _api.Get($"/accounts/{id}?asOf=2200-01-01T00:00:00%2B02:00")).Long("version").ShouldBe(3);
    }

    [Fact]
    public async Task What_was_not_there_then_is_not_found()
    {
        var id = await _api.OpenAccount();

        (await _api.Get($"/accounts/{id}?version=2")).ShouldBeProblem(HttpStatusCode.NotFound, "version-not-found");
        (await _api.Get($"/accounts/{id}?asOf=2020-01-01T00:00:00Z"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
        (await _api.Get($"/accounts/never-{id}?version=1"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
        (await _api.Get($"/accounts/{id}/diff?from=1&to=2"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "version-not-found");
        (await _api.Get($"/accounts/never-{id}/diff?from=1&to=2"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
    }

    [Fact]
    public async Task A_difference_has_the_fields_that_changed()
    {
        var id = await _api.OpenAccount(balance: 5);
        await _api.Post($"/accounts/{id}/withdrawals", new { amount = 5 });
        await _api.Post($"/accounts/{id}/close");

        (await _api.Get($"/accounts/{id}/diff?from=2&to=4")).ShouldBe(HttpStatusCode.OK).Text.ShouldBe(
            """{"from":2,"to":4,"changes":[{"field":"balance","from":5,"to":0},"""
            + """{"field":"available","from":5,"to":0},{"field":"status","from":"open","to":"closed"}]}""");
        (await _api.Get($"/accounts/{id}/diff?from=1&to=3")).Body.GetProperty("changes").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task What_cannot_be_folded_in_time_is_unavailable()
    {
        using var data = new DataDirectory();
        await using var hurried = await InProcessServer.StartAsync(
            data.Path,
            services => services.AddSingleton(provider => new PastStates(
                ActivatorUtilities.CreateInstance<StoreAccess>(provider, new SourcingOptions { Limit = default }))));
        var id = await hurried.Client.OpenAccount();

        foreach (var query in new[] { "?version=1", "?asOf=2200-01-01T00:00:00Z", "/diff?from=1&to=1" })
        {
            var late = await hurried.Client.Get($"/accounts/{id}{query}");
            late.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "unavailable");
            late.Header("Retry-After").ShouldBe("1");
        }
    }

    [Theory]
    [InlineData("?version=0")]
    [InlineData("?version=two")]
    [InlineData("?version=1&asOf=2026-01-01T00:00:00Z")]
    [InlineData("?asOf=now")]
    [InlineData("?asOf=")]
    [InlineData("?at=1")]
    [InlineData("/diff")]
    [InlineData("/diff?from=1")]
    [InlineData("/diff?from=2&to=1")]
    [InlineData("/diff?from=0&to=1")]
    [InlineData("/diff?from=1&to=99999999999999999999")]
    public async Task A_moment_that_cannot_be_is_malformed(string query)
    {
        var id = await _api.OpenAccount();

        (await _api.Get($"/accounts/{id}{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
    }
}
