using Waybill.Demo.Http;

namespace Waybill.Demo.Day;

/// <summary>Something to order, and how many.</summary>
internal readonly record struct Line(string Sku, int Quantity);

/// <summary>The shop, as its keeper and its customers use it.</summary>
internal sealed class Shop(WaybillClient api, Ledger ledger)
{
    public async Task Offer(string sku, string name, long unitPrice, long quantity)
    {
        (await api.Put($"/inventory/{sku}", new { name, unitPrice, currency = Bank.Currency })).OrThrow(sku);
        (await api.Post($"/inventory/{sku}/receipts", new { quantity })).OrThrow(sku);
        ledger.StockCame(sku, quantity);
    }

    /// <param name="order">Its id.</param>
    /// <param name="account">Who pays; the customer has the same id.</param>
    /// <param name="lines">What is ordered.</param>
    /// <param name="key">Under which key; null for one of its own.</param>
    public async Task<Reply> Place(string order, string account, IReadOnlyList<Line> lines, string? key = null)
    {
        var placed = await api.Post(
            "/orders",
            new
            {
                orderId = order,
                customerId = account,
                accountId = account,
                currency = Bank.Currency,
                items = lines.Select(line => new { sku = line.Sku, quantity = line.Quantity }),
                shippingAddress = "1 High Street",
            },
            key);
        if (placed.IsSuccess)
            ledger.Orders.Add(order);
        return placed;
    }

    public Task<Reply> Cancel(string order, string reason) => api.Post($"/orders/{order}/cancel", new { reason });

    public Task<Reply> Look(string order) => api.Get($"/orders/{order}");

    /// <summary>Waits for the order, and signs for it if it comes.</summary>
    public async Task<Outcome> Receive(string order)
    {
        var end = await api.Until(
            $"/orders/{order}", reply => reply.Text("status") is "shipped" or "delivered" or "cancelled");
        return Outcome.Of(end.Text("status") == "shipped"
            ? (await api.Post($"/orders/{order}/deliver")).OrThrow(order)
            : end);
    }
}
