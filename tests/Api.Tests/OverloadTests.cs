using System.Net;
using Microsoft.Data.Sqlite;

namespace Waybill.Tests;

/// <summary>What cannot be done in time is refused in time, and the server goes on.</summary>
public sealed class OverloadTests
{
    [Fact]
    public async Task Calls_beyond_the_limit_are_turned_away_and_the_others_count()
    {
        using var data = new DataDirectory();
        await using var server = await ServerProcess.StartAsync(data.Path, "--Waybill:WaitingCallsMax=2");
        var id = await server.Client.OpenAccount();

        var answers = await Task.WhenAll(Enumerable.Range(0, 200)
            .Select(_ => server.Client.Post($"/accounts/{id}/deposits", new { amount = 1 })));

        var refused = answers.Where(answer => answer.Status != HttpStatusCode.OK).ToList();
        refused.ShouldNotBeEmpty();
        foreach (var answer in refused)
        {
            answer.ShouldBeProblem(HttpStatusCode.TooManyRequests, "overloaded");
            answer.Header("Retry-After").ShouldBe("1");
        }

        (await server.Client.Balance(id)).ShouldBe(answers.Length - refused.Count);
    }

    [Fact]
    public async Task With_the_store_away_a_command_is_answered_in_time_and_all_goes_on_when_it_is_back()
    {
        using var data = new DataDirectory();
        await using var server = await ServerProcess.StartAsync(data.Path);
        var id = await server.Client.OpenAccount();

        var database = Path.Combine(data.Path, "waybill.db");
        await using (var other = new SqliteConnection($"Data Source={database};Pooling=False"))
        {
            await other.OpenAsync(TestContext.Current.CancellationToken);
            await using var held = other.BeginTransaction();

            var since = TimeProvider.System.GetTimestamp();
            var answer = await server.Client.Post($"/accounts/{id}/deposits", new { amount = 1 });

            answer.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "store-unavailable");
            answer.Header("Retry-After").ShouldBe("1");
            TimeProvider.System.GetElapsedTime(since).ShouldBeLessThan(TimeSpan.FromSeconds(5));
            (await server.Client.Get("/health/live")).ShouldBe(HttpStatusCode.OK);
            (await server.Client.Get("/health/ready"))
                .ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "not-ready");
        }

        await ShouldRecover(server.Client, id);
        (await server.Client.Get("/health/ready")).ShouldBe(HttpStatusCode.OK);
    }

    private static async Task ShouldRecover(ApiClient api, string id)
    {
        var since = TimeProvider.System.GetTimestamp();
        while ((await api.Post($"/accounts/{id}/deposits", new { amount = 1 })).Status != HttpStatusCode.OK)
            TimeProvider.System.GetElapsedTime(since).ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }
}
