using System.Net;
using System.Net.Http.Json;

namespace Waybill.Tests;

/// <summary>A shop with one item and one customer.</summary>
internal static class Shopping
{
    /// <summary>Opens the customer's account and stocks the item.</summary>
    public static async Task GetReady(this ApiClient api)
    {
        await api.Post("/accounts", new { accountId = "ann", owner = "ann", currency = "EUR" });
        (await api.Post("/accounts/ann/deposits", new { amount = 1_000_00 })).ShouldBe(HttpStatusCode.OK);
        using var tea = JsonContent.Create(new { name = "Tea", unitPrice = 4_50, currency = "EUR" });
        (await api.Send(HttpMethod.Put, "/inventory/tea", tea)).ShouldBe(HttpStatusCode.OK);
        (await api.Post("/inventory/tea/receipts", new { quantity = 50 })).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Places an order, which ends by itself: shipped, or cancelled if there is not so much.</summary>
    /// <returns>When it was placed.</returns>
    public static async Task<DateTime> Order(this ApiClient api, string orderId, int quantity)
    {
        var placed = await api.Post("/orders", new
        {
            orderId,
            customerId = "c-1",
            accountId = "ann",
            currency = "EUR",
            items = new[] { new { sku = "tea", quantity } },
            shippingAddress = "1 High Street",
        });
        placed.ShouldBe(HttpStatusCode.Accepted);
        while ((await api.Get($"/orders/{orderId}")).String("status") is not ("shipped" or "cancelled"))
            placed.Status.ShouldBe(HttpStatusCode.Accepted);
        var events = await api.Get($"/orders/{orderId}/events");
        return events.Body.GetProperty("items")[0].GetProperty("time").GetDateTime();
    }
}
