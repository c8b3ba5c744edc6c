namespace Waybill.Bench.Http;

/// <summary>Orders, from when they are placed until they are shipped.</summary>
internal static class Ordering
{
    private const int Items = 100;
    private const string Shipped = "order.shipped";

    internal static async Task<Func<int, Task>> PrepareAsync(BenchServer server, int callers)
    {
        await Depositing.OpenAsync(server);
        for (var item = 0; item < Items; item++)
        {
            await server.PutAsync($"/inventory/s{item}", new { name = "tea", unitPrice = 450, currency = "EUR" });
            await server.PostAsync($"/inventory/s{item}/receipts", new { quantity = 1_000_000_000 });
        }
        await server.FollowAsync(Shipped);
        var placed = 0;
        return async caller =>
        {
            var number = Interlocked.Increment(ref placed);
            var account = Depositing.Account(number % Depositing.Accounts);
            var shipped = server.Next(Shipped, $"order-o{number}");
            await server.PostAsync("/orders", new
            {
                orderId = $"o{number}",
                customerId = account,
                accountId = account,
                currency = "EUR",
                items = new[] { new { sku = $"s{number % Items}", quantity = 1 } },
                shippingAddress = "1 High Street",
            });
            await shipped;
        };
    }
}
