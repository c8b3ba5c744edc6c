using System.Globalization;
using System.Net;
using System.Net.Http.Json;

namespace Waybill.Tests;

public sealed class OrderTests(RunningServer server)
{
    private readonly ApiClient _api = server.Api;
    private readonly string _id = $"{Guid.NewGuid():N}";

    [Fact]
    public async Task An_order_is_paid_shipped_and_delivered()
    {
        var account = await _api.OpenAccount(balance: 20_00);
        var tea = await Offer("tea", unitPrice: 4_50, quantity: 10);

        var placed = await Place(account, new { sku = tea, quantity = 2 });

        placed.ShouldBe(HttpStatusCode.Accepted);
        placed.Header("Location").ShouldBe($"/orders/{_id}");
        placed.ETag.ShouldBe("\"1\"");
        placed.Text.ShouldBe(
            $$"""{"orderId":"{{_id}}","customerId":"c-{{_id}}","status":"placed","items":"""
            + $$"""[{"sku":"{{tea}}","name":"tea","quantity":2,"unitPrice":450}],"total":900,"currency":"EUR","""
            + "\"version\":1}");
        var shipped = await Until("shipped");
        shipped.String("trackingNumber").ShouldNotBeNullOrEmpty();
        shipped.Body.TryGetProperty("reason", out _).ShouldBeFalse();
        await UntilOver("completed");
        (await _api.Balance(account)).ShouldBe(11_00);
        (await _api.Get("/accounts/merchant-EUR")).Long("balance").ShouldBeGreaterThanOrEqualTo(9_00);
        (await Count(tea)).ShouldBe((8, 0));

        (await _api.Post($"/orders/{_id}/cancel", new { reason = "late" }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "order-shipped");
        (await _api.Post($"/admin/sagas/fulfilment-{_id}/compensate"))
            .ShouldBeProblem(HttpStatusCode.Conflict, "saga-not-stuck");
        (await _api.Post($"/orders/{_id}/deliver")).ShouldBe(HttpStatusCode.OK).String("status")
            .ShouldBe("delivered");
        (await _api.Post($"/orders/{_id}/deliver")).ShouldBeProblem(HttpStatusCode.Conflict, "order-delivered");
        (await _api.Post($"/orders/{_id}/cancel", new { reason = "late" }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "order-delivered");
    }

    [Fact]
    public async Task Everything_that_happened_to_an_order_stays_readable()
    {
        var placed = await Place(
            await _api.OpenAccount(balance: 20_00),
            new { sku = await Offer("tea", unitPrice: 4_50, quantity: 10), quantity = 2 });
        await Until("shipped");

        var events = (await _api.Get($"/orders/{_id}/events")).Body.GetProperty("items").EnumerateArray().ToList();
        events.Select(happened => happened.GetProperty("type").GetString())
            .ShouldBe(["order.placed", "order.reserved", "order.paid", "order.shipped"]);
        events[0].GetProperty("data").GetProperty("shippingAddress").GetString().ShouldBe("1 High Street");
        events[1].GetProperty("metadata").GetProperty("sagaId").GetString().ShouldBe($"fulfilment-{_id}");

        var first = await _api.Get($"/orders/{_id}?version=1");
        (first.String("status"), first.Long("total"), first.ETag).ShouldBe(("placed", 9_00, "\"1\""));
        first.Long("position").ShouldBe(long.Parse(placed.Header("Waybill-Position")!));
        (await _api.Get($"/orders/{_id}?asOf={events[0].GetProperty("time").GetString()}"))
            .ShouldBe(HttpStatusCode.OK);
        (await _api.Get($"/orders/{_id}?version=9")).ShouldBeProblem(HttpStatusCode.NotFound, "version-not-found");
        var diff = await _api.Get($"/orders/{_id}/diff?from=1&to=4");
        diff.Body.GetProperty("changes").EnumerateArray()
            .Select(change => change.GetProperty("field").GetString()).ShouldBe(["status", "trackingNumber"]);
    }

    [Theory]
    [InlineData(3, 20_00, "insufficient-stock")]
    [InlineData(2, 8_99, "insufficient-funds")]
    public async Task An_order_that_cannot_be_is_cancelled_and_nothing_remains(
        int quantity, int balance, string reason)
    {
        var account = await _api.OpenAccount(balance);
        var tea = await Offer("tea", unitPrice: 4_50, quantity: 2);
        await Place(account, new { sku = tea, quantity });

        (await Until("cancelled")).String("reason").ShouldBe(reason);
        await UntilOver("compensated");
        var purse = await _api.Get($"/accounts/{account}");
        (purse.Long("balance"), purse.Long("available")).ShouldBe((balance, balance));
        (await Count(tea)).ShouldBe((2, 0));
        (await _api.Post($"/orders/{_id}/cancel", new { reason = "twice" }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "order-cancelled");
        (await _api.Post($"/orders/{_id}/deliver")).ShouldBeProblem(HttpStatusCode.Conflict, "order-cancelled");
    }

    [Fact]
    public async Task An_order_that_is_cancelled_at_once_is_either_refunded_or_shipped_and_never_both()
    {
        var account = await _api.OpenAccount(balance: 90_00);
        var tea = await Offer("tea", unitPrice: 4_50, quantity: 20);
        var orders = Enumerable.Range(0, 20).Select(number => $"{_id}-{number}").ToList();

        var cancelled = await Task.WhenAll(orders.Select(async (order, number) =>
        {
            await Place(account, order, new { sku = tea, quantity = 1 });
            for (var look = 0; look < number % 5; look++)
                await _api.Get($"/orders/{order}");
            return (await _api.Post($"/orders/{order}/cancel", new { reason = "changed my mind" })).Status;
        }));

        var ends = new List<string?>();
        foreach (var order in orders)
        {
            ends.Add((await UntilEnd(order)).String("status"));
            await UntilOver(ends[^1] == "shipped" ? "completed" : "compensated", order);
        }
        ends.ShouldBe(cancelled.Select(status => status == HttpStatusCode.OK ? "cancelled" : "shipped"));
        var shipped = ends.Count(end => end == "shipped");
        var purse = await _api.Get($"/accounts/{account}");
        (purse.Long("balance"), purse.Long("available")).ShouldBe((90_00 - shipped * 4_50, 90_00 - shipped * 4_50));
        (await Count(tea)).ShouldBe((20 - shipped, 0));
    }

    [Fact]
    public async Task Two_hundred_buyers_get_the_last_ten_items_once()
    {
        var tea = await Offer("tea", unitPrice: 1, quantity: 10);
        var account = await _api.OpenAccount(balance: 200);
        var orders = Enumerable.Range(0, 200).Select(buyer => $"{_id}-{buyer}").ToList();

        await Task.WhenAll(orders.Select(order => Place(account, order, new { sku = tea, quantity = 1 })));

        var ends = new List<string?>();
        foreach (var order in orders)
            ends.Add((await UntilEnd(order)).String("status"));
        ends.Count(end => end == "shipped").ShouldBe(10);
        foreach (var order in orders)
            await UntilOver(null, order);
        (await Count(tea)).ShouldBe((0, 0));
        (await _api.Get($"/accounts/{account}")).Long("available").ShouldBe(190);
    }

    [Fact]
    public async Task Orders_are_found_by_customer_and_status()
    {
        var account = await _api.OpenAccount(balance: 20_00);
        var tea = await Offer("tea", unitPrice: 4_50, quantity: 1);
        await Place(account, $"{_id}-a", new { sku = tea, quantity = 1 });
        var shipped = await Until("shipped", $"{_id}-a");
        await Place(account, $"{_id}-b", new { sku = tea, quantity = 1 });
        var cancelled = await Until("cancelled", $"{_id}-b");
        var after = cancelled.Header("Waybill-Position");

        var all = await _api.Get($"/orders?customerId=c-{_id}&after={after}");
        all.Text.ShouldBe($$"""{"items":[{{shipped.Text}},{{cancelled.Text}}],"next":null}""");
        (await _api.Get($"/orders?customerId=c-{_id}&status=cancelled")).Text
            .ShouldBe($$"""{"items":[{{cancelled.Text}}],"next":null}""");
        (await _api.Get($"/orders?customerId=c-{_id}&status=delivered")).Text.ShouldBe("""{"items":[],"next":null}""");
        (await _api.Get($"/orders?status=shipped&cursor={_id}&limit=1")).Text.ShouldContain(shipped.Text);

        var first = await _api.Get($"/orders?customerId=c-{_id}&limit=1");
        first.String("next").ShouldBe($"{_id}-a");
        (await _api.Get($"/orders?customerId=c-{_id}&limit=1&cursor={_id}-a")).Text
            .ShouldBe($$"""{"items":[{{cancelled.Text}}],"next":null}""");
        (await _api.Get($"/orders?after={long.MaxValue}&wait=0"))
            .ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");
    }

    [Theory]
    [InlineData("/orders/{0}")]
    [InlineData("/orders/{0}/events")]
    [InlineData("/orders/{0}/diff?from=1&to=1")]
    [InlineData("/inventory/tea-{0}")]
    public async Task No_query_is_answered_from_before_a_position(string path)
    {
        await Place(
            await _api.OpenAccount(balance: 20_00),
            new { sku = await Offer("tea", unitPrice: 4_50, quantity: 2), quantity = 1 });
        var after = (await Until("shipped")).Header("Waybill-Position")!;
        path = string.Format(CultureInfo.InvariantCulture, path, _id);
        path += path.Contains('?') ? "&" : "?";

        var answer = await _api.Get($"{path}after={after}");
        long.Parse(answer.ShouldBe(HttpStatusCode.OK).Header("Waybill-Position")!)
            .ShouldBeGreaterThanOrEqualTo(long.Parse(after));
        (await _api.Get($"{path}after={long.MaxValue}&wait=0"))
            .ShouldBeProblem(HttpStatusCode.GatewayTimeout, "view-behind");
    }

    [Fact]
    public async Task What_the_rules_refuse_leaves_nothing_behind()
    {
        var account = await _api.OpenAccount(balance: 20_00);
        var tea = await Offer("tea", unitPrice: 4_50, quantity: 2);
        var book = await Offer("book", unitPrice: 20_00, quantity: 2, currency: "USD");
        var closed = await _api.OpenAccount();
        await _api.Post($"/accounts/{closed}/close");

        (await Place(account, new { sku = $"never-{tea}", quantity = 1 }))
            .ShouldBeProblem(HttpStatusCode.NotFound, "stock-not-found");
        (await Place($"never-{account}", new { sku = tea, quantity = 1 }))
            .ShouldBeProblem(HttpStatusCode.NotFound, "account-not-found");
        (await Place(closed, new { sku = tea, quantity = 1 }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "account-closed");
        (await Place(account, new { sku = book, quantity = 1 }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "currency-mismatch");
        (await Place(account, new { sku = tea, quantity = long.MaxValue }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "total-too-large");
        foreach (var path in (string[])["", "/events", "/diff?from=1&to=1"])
            (await _api.Get($"/orders/{_id}{path}")).ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
        (await _api.Post($"/orders/{_id}/cancel", new { reason = "why" }))
            .ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
        (await _api.Post($"/orders/{_id}/deliver")).ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");

        (await Place(account, new { sku = tea, quantity = 1 })).ShouldBe(HttpStatusCode.Accepted);
        (await Place(account, new { sku = tea, quantity = 1 }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "order-already-exists");
        (await Until("shipped")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_command_meant_for_another_version_is_not_carried_out()
    {
        var account = await _api.OpenAccount(balance: 20_00);
        await Place(account, new { sku = await Offer("tea", unitPrice: 4_50, quantity: 2), quantity = 1 });
        var shipped = await Until("shipped");

        (await _api.Post($"/orders/{_id}/deliver", ifMatch: "\"1\""))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "version-mismatch");
        (await _api.Post($"/orders/{_id}/deliver", ifMatch: shipped.ETag)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_order_that_is_sent_again_under_its_key_is_placed_once()
    {
        var account = await _api.OpenAccount(balance: 20_00);
        var tea = await Offer("tea", unitPrice: 4_50, quantity: 2);

        var first = await Send(quantity: 1);
        var again = await Send(quantity: 1);
        first.ShouldBe(HttpStatusCode.Accepted);
        (again.Status, again.Text, again.Header("Idempotency-Replayed"))
            .ShouldBe((HttpStatusCode.Accepted, first.Text, "true"));
        (await Send(quantity: 2)).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        await Until("shipped", first.String("orderId"));
        await UntilOver("completed", first.String("orderId"));
        (await Count(tea)).ShouldBe((1, 0));

        Task<Answer> Send(int quantity) => _api.Send(
            HttpMethod.Post,
            "/orders",
            JsonContent.Create(new
            {
                customerId = $"c-{_id}",
                accountId = account,
                currency = "EUR",
                items = new[] { new { sku = tea, quantity } },
                shippingAddress = "1 High Street",
            }),
            ("Idempotency-Key", _id));
    }

    [Theory]
    [InlineData("\"items\":[]")]
    [InlineData("\"items\":null")]
    [InlineData("\"items\":[null]")]
    [InlineData("""
        "items":[{"sku":"a","quantity":0}]
        """)]
    [InlineData("""
        "items":[{"sku":"a","quantity":-1}]
        """)]
    [InlineData("""
        "items":[{"sku":"a","quantity":1.5}]
        """)]
    [InlineData("""
        "items":[{"sku":"a","quantity":9223372036854775808}]
        """)]
    [InlineData("""
        "items":[{"sku":"a b","quantity":1}]
        """)]
    [InlineData("""
        "items":[{"sku":"a","quantity":1,"unitPrice":1}]
        """)]
    [InlineData("""
        "items":[{"sku":"a","quantity":1},{"sku":"a","quantity":2}]
        """)]
    [InlineData("""
        "items":[{"sku":"a","quantity":1}],"total":1
        """)]
    public async Task An_order_that_makes_no_sense_is_malformed(string items) => (await _api.PostText(
        "/orders",
        $$"""{"customerId":"c","accountId":"a","currency":"EUR","shippingAddress":"here",{{items}}}"""))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Theory]
    [InlineData("/orders", """{"customerId":"c","accountId":"a","items":[{"sku":"a","quantity":1}]}""")]
    [InlineData("/orders/a/cancel", "{}")]
    [InlineData("/orders/a/cancel", """{"reason":""}""")]
    [InlineData("/orders/a/cancel", "")]
    [InlineData("/orders/a%20b/cancel", """{"reason":"why"}""")]
    [InlineData("/orders/a/deliver", """{"reason":"why"}""")]
    [InlineData("/orders/a/deliver?now=1", "{}")]
    public async Task A_command_that_cannot_be_is_malformed(string path, string body) =>
        (await _api.PostText(path, body)).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    [Theory]
    [InlineData("status=none")]
    [InlineData("status=Placed")]
    [InlineData("status=1")]
    [InlineData("status=placed&status=paid")]
    [InlineData("customerId=")]
    [InlineData("customer=a")]
    [InlineData("limit=501")]
    [InlineData("cursor=a%20b")]
    public async Task A_list_that_cannot_be_is_malformed(string query) =>
        (await _api.Get($"/orders?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed");

    private async Task<string> Offer(string name, long unitPrice, long quantity, string currency = "EUR")
    {
        var sku = $"{name}-{_id}";
        (await _api.Send(HttpMethod.Put, $"/inventory/{sku}", JsonContent.Create(new { name, unitPrice, currency })))
            .ShouldBe(HttpStatusCode.OK);
        (await _api.Post($"/inventory/{sku}/receipts", new { quantity })).ShouldBe(HttpStatusCode.OK);
        return sku;
    }

    private Task<Answer> Place(string account, object item) => Place(account, _id, item);

    private Task<Answer> Place(string account, string order, object item) => _api.Post("/orders", new
    {
        orderId = order,
        customerId = $"c-{_id}",
        accountId = account,
        currency = "EUR",
        items = new[] { item },
        shippingAddress = "1 High Street",
    });

    private Task<Answer> UntilEnd(string order) =>
        Until(() => _api.Get($"/orders/{order}"), answer => answer.String("status") is "shipped" or "cancelled");

    private Task<Answer> Until(string status, string? order = null) =>
        Until(() => _api.Get($"/orders/{order ?? _id}"), answer => answer.String("status") == status);

    private Task<Answer> UntilOver(string? end, string? order = null) => Until(
        () => _api.Get($"/admin/sagas/fulfilment-{order ?? _id}"),
        answer => end is null
            ? answer.String("status") is "completed" or "compensated" or "failed"
            : answer.String("status") == end);

    private static async Task<Answer> Until(Func<Task<Answer>> ask, Func<Answer, bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var answer = await ask();
            if (answer.Status == HttpStatusCode.OK && holds(answer))
                return answer;
            limit.IsCancellationRequested.ShouldBeFalse(answer.Text);
        }
    }

    private async Task<(long OnHand, long Reserved)> Count(string sku)
    {
        var item = await _api.Get($"/inventory/{sku}");
        return (item.Long("onHand"), item.Long("reserved"));
    }
}
