using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Waybill.Tests;

/// <summary>What goes on behind a ride, as an operator sees it, and what an operator does about it.</summary>
public sealed class RideSagaTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Beginning = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly DataDirectory _data = new();
    private readonly SetClock _clock = new() { Now = Beginning };
    private InProcessServer _server = null!;
    private Town _town = null!;

    private ApiClient Api => _server.Client;

    public async ValueTask InitializeAsync()
    {
        _server = await InProcessServer.StartAsync(
            _data.Path, services => services.AddSingleton<TimeProvider>(_clock));
        _town = new Town(Api);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task A_payment_that_was_refused_for_a_day_is_listed_and_retried_by_an_operator()
    {
        var driver = await _town.Driver(1);
        var ride = await _town.Ride(money: 0);
        await _town.Until(ride, "matched", driver);
        foreach (var verb in (string[])["arrive", "start", "complete"])
            (await _town.Go(ride, verb)).ShouldBe(HttpStatusCode.OK);
        var unpaid = await _town.Until(ride, "unpaid");
        var id = (await UntilListed("type=reaction&status=running")).GetProperty("sagaId").GetString()!;
        id.ShouldStartWith("reaction-ride-charge-");
        for (var saga = await Explain(id); saga.String("status") == "running"
            && !saga.Body.TryGetProperty("stuck", out _); saga = await Explain(id))
            if (saga.String("stage") == "waiting" && Deadline(saga) > _clock.Now)
                _clock.Now = Deadline(saga); // It tries again by itself then.
        var stuck = await UntilListed("type=reaction&status=stuck");
        stuck.GetProperty("sagaId").GetString().ShouldBe(id);
        stuck.GetProperty("reason").GetString().ShouldBe("react: insufficient-funds");
        _clock.Now.ShouldBeGreaterThan(Beginning.AddDays(1));

        var (account, total) = (unpaid.String("accountId")!, unpaid.Body.GetProperty("fare").GetProperty("total"));
        (await Api.Post($"/accounts/{account}/deposits", new { amount = total })).ShouldBe(HttpStatusCode.OK);
        (await Api.Get($"/rides/{ride}")).String("status").ShouldBe("unpaid");
        var retried = await Api.Post($"/admin/sagas/{id}/retry");

        retried.ShouldBe(HttpStatusCode.OK).Body.TryGetProperty("stuck", out _).ShouldBeFalse();
        await _town.Until(ride, "paid");
        (await Api.Balance(account)).ShouldBe(0);
        (await Until(id, "completed")).Body.GetProperty("steps").GetArrayLength().ShouldBe(1);
        while (await Listed("type=reaction&status=stuck") is not [])
            await Task.Yield();
        (await Api.Post($"/admin/sagas/{id}/retry")).ShouldBeProblem(HttpStatusCode.Conflict, "saga-not-stuck");
    }

    [Fact]
    public async Task A_dispatch_is_listed_and_explains_itself()
    {
        var (ride, driver) = await _town.RideIn("matched");
        var account = (await Api.Get($"/rides/{ride}")).String("accountId");
        Answer saga;
        do
            saga = await Explain($"dispatch-{ride}");
        while (saga.String("stage") != "matched");

        (saga.String("type"), saga.String("status")).ShouldBe(("dispatch", "running"));
        Steps(saga).ShouldBe(
        [
            $"hold account.hold {account} done",
            $"search driver.search {ride} done",
            $"assign driver.assign {driver} done",
            $"match ride.match {ride} done",
        ]);
        saga.Body.GetProperty("toCome").GetRawText().ShouldBe("""["release"]""");
        Deadline(saga).ShouldBeGreaterThan(_clock.Now);
        var listed = await Api.Get($"/admin/sagas?type=dispatch&after={saga.Header("Waybill-Position")}");
        var row = listed.ShouldBe(HttpStatusCode.OK).Body.GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        (row.GetProperty("sagaId").GetString(), row.GetProperty("stage").GetString(),
            row.GetProperty("status").GetString()).ShouldBe(($"dispatch-{ride}", "matched", "running"));

        foreach (var verb in (string[])["arrive", "start", "complete"])
            (await _town.Go(ride, verb)).ShouldBe(HttpStatusCode.OK);
        var ended = await Until($"dispatch-{ride}", "completed");
        Steps(ended)[^1].ShouldBe($"release driver.release {driver} done");
        (await Listed($"type=dispatch&status=running&after={ended.Header("Waybill-Position")}")).ShouldBeEmpty();
    }

    private async Task<Answer> Until(string saga, string status)
    {
        Answer answer;
        do
            answer = await Explain(saga);
        while (answer.String("status") != status);
        return answer;
    }

    private async Task<JsonElement> UntilListed(string query)
    {
        JsonElement[] listed;
        do
            listed = await Listed(query);
        while (listed is []);
        return listed.ShouldHaveSingleItem();
    }

    private async Task<Answer> Explain(string saga) =>
        (await Api.Get($"/admin/sagas/{saga}")).ShouldBe(HttpStatusCode.OK);

    private static DateTimeOffset Deadline(Answer saga) => saga.Body.GetProperty("deadline").GetDateTimeOffset();

    private async Task<JsonElement[]> Listed(string query) =>
        [.. (await Api.Get($"/admin/sagas?{query}")).ShouldBe(HttpStatusCode.OK)
            .Body.GetProperty("items").EnumerateArray()];

    private static List<string> Steps(Answer saga) =>
    [
        .. saga.Body.GetProperty("steps").EnumerateArray().Select(step => string.Join(
            ' ', new[] { "name", "type", "target", "status" }.Select(member => step.GetProperty(member).GetString()))),
    ];
}
