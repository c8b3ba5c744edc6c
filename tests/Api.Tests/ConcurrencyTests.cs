using System.Net;

namespace Waybill.Tests;

public sealed class ConcurrencyTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;

    [Fact]
    public async Task A_hundred_deposits_at_once_all_count()
    {
        var id = await _api.OpenAccount();

        var answers = await Task.WhenAll(Enumerable.Range(1, 100)
            .Select(amount => _api.Post($"/accounts/{id}/deposits", new { amount })));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        answers.Select(answer => (int)answer.Long("version")).Order().ShouldBe(Enumerable.Range(2, 100));
        (await _api.Balance(id)).ShouldBe(5050);
    }

    [Fact]
    public async Task Withdrawals_at_once_never_take_more_than_there_is()
    {
        var id = await _api.OpenAccount(balance: 10);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50)
            .Select(_ => _api.Post($"/accounts/{id}/withdrawals", new { amount = 1 })));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(10);
        answers.Count(answer => answer.Status == HttpStatusCode.Conflict).ShouldBe(40);
        (await _api.Balance(id)).ShouldBe(0);
    }

    [Fact]
    public async Task Of_many_commands_with_the_same_If_Match_one_wins()
    {
        var id = await _api.OpenAccount();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(_ => _api.Post($"/accounts/{id}/deposits", new { amount = 1 }, ifMatch: "\"1\"")));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(1);
        answers.Count(answer => answer.Status == HttpStatusCode.PreconditionFailed).ShouldBe(19);
        (await _api.Balance(id)).ShouldBe(1);
    }

    [Fact]
    public async Task The_ETag_of_one_answer_is_the_If_Match_of_the_next_command()
    {
        var id = await _api.OpenAccount();
        var seen = await _api.Get($"/accounts/{id}");

        var first = await _api.Post($"/accounts/{id}/deposits", new { amount = 1 }, seen.ETag);
        var second = await _api.Post($"/accounts/{id}/deposits", new { amount = 1 }, first.ETag);

        second.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_If_Match_that_no_longer_holds_fails_and_changes_nothing()
    {
        var id = await _api.OpenAccount(balance: 1);

        (await _api.Post($"/accounts/{id}/withdrawals", new { amount = 1 }, ifMatch: "\"1\""))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "version-mismatch");
        (await _api.Balance(id)).ShouldBe(1);
    }

    [Fact]
    public async Task Any_version_matches_a_star()
    {
        var id = await _api.OpenAccount(balance: 1);

        (await _api.Post($"/accounts/{id}/withdrawals", new { amount = 1 }, ifMatch: "*")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("\"\"")]
    [InlineData("\"two\"")]
    [InlineData("\"-2\"")]
    [InlineData("\"2")]
    [InlineData("W/\"2\"")]
    [InlineData("\"1\", \"2\"")]
    [InlineData("\"99999999999999999999\"")]
    public async Task An_If_Match_that_is_no_ETag_of_ours_is_malformed(string ifMatch)
    {
        var id = await _api.OpenAccount(balance: 1);

        (await _api.Post($"/accounts/{id}/withdrawals", new { amount = 1 }, ifMatch))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");
    }
}
