using System.Net;
using System.Text.Json;

namespace Waybill.Tests;

/// <summary>Customers are told of what happens to what is theirs, by a real server to a real receiver.</summary>
public sealed class NotificationTests : IAsyncDisposable
{
    private readonly WebhookReceiver _receiver = WebhookReceiver.Start();
    private readonly DataDirectory _data = new();
    private ServerProcess? _server;

    private ApiClient Api => _server!.Client;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _receiver.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task A_customer_is_told_that_an_order_is_confirmed_shipped_or_cancelled()
    {
        await Start();
        await Api.GetReady();
        await Api.Order("o1", quantity: 2);
        await Api.Order("o2", quantity: 100);

        await _receiver.Until(receiver => receiver.Taken.Count == 3);

        _receiver.Taken.ShouldAllBe(taken => taken.IsSigned);
        var (confirmed, shipped) = (Told("o1")[0], Told("o1")[1]);
        confirmed.GetProperty("type").GetString().ShouldBe("order.confirmed");
        confirmed.GetProperty("data").EnumerateObject().Select(member => member.Name)
            .ShouldBe(["customerId", "orderId", "amount", "currency", "correlationId"]);
        confirmed.GetProperty("data").GetProperty("customerId").GetString().ShouldBe("c-1");
        confirmed.GetProperty("data").GetProperty("amount").GetInt64().ShouldBe(9_00);
        shipped.GetProperty("type").GetString().ShouldBe("order.shipped");
        shipped.GetProperty("data").GetProperty("trackingNumber").GetString().ShouldNotBeNullOrEmpty();
        var cancelled = Told("o2").ShouldHaveSingleItem();
        cancelled.GetProperty("type").GetString().ShouldBe("order.cancelled");
        cancelled.GetProperty("data").GetProperty("reason").GetString().ShouldBe("insufficient-stock");
        var events = (await Api.Get("/orders/o2/events")).Body.GetProperty("items").EnumerateArray().Last();
        _receiver.Taken.Select(taken => taken.Id).ShouldContain(events.GetProperty("eventId").GetString());
        cancelled.GetProperty("timestamp").GetDateTimeOffset()
            .ShouldBe(events.GetProperty("time").GetDateTimeOffset());
    }

    [Fact]
    public async Task A_receiver_that_hangs_holds_up_no_command_and_no_view()
    {
        var answer = new TaskCompletionSource<int>();
        _receiver.Answer = _ => answer.Task;
        await Start("--Waybill:Webhook:Timeout=00:00:20");
        await Api.GetReady();
        await Api.Order("o1", quantity: 1);
        await _receiver.Until(receiver => receiver.Attempts.Count > 0);

        await Api.Order("o2", quantity: 1);
        var paid = await Api.Post("/accounts/ann/deposits", new { amount = 1 });
        var after = paid.ShouldBe(HttpStatusCode.OK).Header("Waybill-Position");
        (await Api.Get($"/orders?customerId=c-1&status=shipped&after={after}&wait=10000")).ShouldBe(HttpStatusCode.OK)
            .Body.GetProperty("items").GetArrayLength().ShouldBe(2);
        (await Api.Get("/health/ready")).ShouldBe(HttpStatusCode.OK).Text.ShouldBe("""{"status":"ready"}""");
        _receiver.Taken.ShouldBeEmpty();

        answer.SetResult(204);
        await _receiver.Until(receiver => receiver.Taken.DistinctBy(taken => taken.Id).Count() == 4);
    }

    [Fact]
    public async Task What_was_not_told_while_the_receiver_was_away_is_told_after_a_kill_in_order()
    {
        await Start();
        await Api.GetReady();
        _receiver.Stop();
        string[] orders = ["o1", "o2", "o3", "o4"];
        foreach (var order in orders)
            await Api.Order(order, quantity: 1);
        JsonElement told;
        do
            told = (await Api.Get("/admin/projections/customer_notices")).Body.GetProperty("notifications");
        while (told.GetProperty("waiting").GetRawText() != "8"
            || told.GetProperty("error").GetString()?.Contains("left alone", StringComparison.Ordinal) is not true);
        (await Api.Get("/health/ready")).ShouldBe(HttpStatusCode.OK);
        await _server!.KillAsync();

        _receiver.Listen();
        await Start();
        await _receiver.Until(receiver => receiver.Taken.DistinctBy(taken => taken.Id).Count() == 8);

        foreach (var order in orders)
            Told(order).Select(message => message.GetProperty("type").GetString())
                .ShouldBe(["order.confirmed", "order.shipped"]);
    }

    [Fact]
    public async Task What_the_receiver_refuses_is_listed_with_its_answer_and_sent_again_when_a_person_says_so()
    {
        _receiver.Answer = _ => Task.FromResult(410);
        await Start();
        await Api.GetReady();
        await Api.Order("o1", quantity: 100);
        JsonElement[] stuck;
        do
            stuck = [.. (await Api.Get("/admin/sagas?status=stuck&type=notification")).Body
                .GetProperty("items").EnumerateArray()];
        while (stuck is []);
        var saga = stuck.ShouldHaveSingleItem();
        saga.GetProperty("reason").GetString().ShouldBe("webhook-answered-410");

        _receiver.Answer = _ => Task.FromResult(204);
        (await Api.Post($"/admin/sagas/{saga.GetProperty("sagaId").GetString()}/retry")).ShouldBe(HttpStatusCode.OK);

        await _receiver.Until(receiver => receiver.Taken.Count == 1);
        Told("o1").ShouldHaveSingleItem();
        _receiver.Attempts.DistinctBy(attempt => attempt.Id).Count().ShouldBe(1);
    }

    [Fact]
    public async Task Of_what_a_receiver_never_answers_a_person_says_what_became_of_it()
    {
        _receiver.Answer = _ => Task.FromResult(410);
        await Start();
        await Api.GetReady();
        await Api.Order("o1", quantity: 100);
        await Api.Order("o2", quantity: 100);
        List<string> stuck;
        do
            stuck = [.. (await Api.Get("/admin/sagas?status=stuck&type=notification")).Body
                .GetProperty("items").EnumerateArray().Select(saga => saga.GetProperty("sagaId").GetString()!)];
        while (stuck.Count < 2);
        _receiver.Answer = _ => Task.FromResult(500);
        var (told, untold) = (await Unanswered(stuck[0]), await Unanswered(stuck[1]));

        var settled = await Settle(stuck[0], told, "done");
        settled.ShouldBe(HttpStatusCode.OK).String("status").ShouldBe("completed");
        settled.Body.GetProperty("unanswered").GetArrayLength().ShouldBe(0);
        (await Settle(stuck[0], told, "done")).IsReplayed.ShouldBeTrue();
        (await Settle(stuck[0], told, "not-done")).ShouldBeProblem(HttpStatusCode.Conflict, "saga-ended");

        var refused = await Settle(stuck[1], untold, "not-done");
        refused.ShouldBe(HttpStatusCode.OK).String("stuck").ShouldBe("settled-as-not-done");
        (await Settle(stuck[1], untold, "done")).ShouldBeProblem(HttpStatusCode.Conflict, "command-answered");
        (await Api.Post($"/admin/sagas/{stuck[1]}/compensate")).ShouldBe(HttpStatusCode.OK)
            .String("status").ShouldBe("failed");

        var word = (await Api.Get($"/admin/events?stream={stuck[0]}")).Body
            .GetProperty("items").EnumerateArray().Last();
        word.GetProperty("metadata").GetProperty("actor").GetString().ShouldBe("dev");
        word.GetProperty("data").GetProperty("input").GetRawText().ShouldBe("""{"name":"settle","command":"send"}""");

        async Task<string> Unanswered(string saga)
        {
            var again = await Api.Post($"/admin/sagas/{saga}/retry");
            return again.ShouldBe(HttpStatusCode.OK).Body.GetProperty("unanswered")[0].GetString()!;
        }
    }

    // The same word of the same saga is said under the same key.
    private Task<Answer> Settle(string saga, string commandId, string outcome) => Api.PostOnce(
        $"{saga} {outcome}", $"/admin/sagas/{saga}/settle", new { commandId, outcome });

    private async Task Start(params string[] settings) => _server = await ServerProcess.StartAsync(
        _data.Path,
        [
            $"--Waybill:Webhook:Url={_receiver.Url}",
            $"--Waybill:Webhook:Secret={WebhookReceiver.Secret}",
            "--Waybill:Webhook:Pause=00:00:00.5",
            .. settings,
        ]);

    // What came about an order, each once, in the order in which it came first.
    private List<JsonElement> Told(string order) =>
    [
        .. _receiver.Taken.DistinctBy(taken => taken.Id).Select(taken => JsonElement.Parse(taken.Body)).Where(
            message => message.GetProperty("data").GetProperty("orderId").GetString() == order),
    ];
}
