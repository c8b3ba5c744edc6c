using System.Collections.Concurrent;
using System.Text.Json;
using Waybill.Demo.Day;
using Waybill.Demo.Http;

namespace Waybill.Demo.Books;

/// <summary>All that the run has made, as the server shows it.</summary>
internal sealed record Findings(
    IReadOnlyList<Reply> Accounts,
    IReadOnlyList<Reply> DriverAccounts,
    IReadOnlyList<Reply> Stock,
    IReadOnlyList<Reply> Drivers,
    IReadOnlyList<Reply> Orders,
    IReadOnlyList<Reply> Transfers,
    IReadOnlyList<Reply> Rides)
{
    // As many requests at once as a polite auditor makes.
    private const int ReadersMax = 16;

    /// <summary>The orders whose goods have left the shop.</summary>
    public IEnumerable<Reply> OrdersShipped =>
        Orders.Where(order => order.Text("status") is "shipped" or "delivered");

    public static async Task<Findings> ReadAsync(WaybillClient api, Ledger ledger)
    {
        return new(
            await All("accounts", ledger.Accounts),
            await All("accounts", ledger.DriverAccounts),
            await All("inventory", ledger.Received.Keys),
            await All("drivers", ledger.Drivers),
            await All("orders", ledger.Orders.Distinct()),
            await All("transfers", ledger.Transfers),
            await All("rides", ledger.Rides));

        async Task<IReadOnlyList<Reply>> All(string resource, IEnumerable<string> ids)
        {
            var found = new ConcurrentBag<Reply>();
            await Parallel.ForEachAsync(
                ids,
                new ParallelOptions { MaxDegreeOfParallelism = ReadersMax },
                async (id, _) => found.Add((await api.Get($"/{resource}/{id}")).OrThrow($"{resource} {id}")));
            return [.. found];
        }
    }

    /// <summary>Reads a list to its end.</summary>
    /// <param name="api">Reads it.</param>
    /// <param name="path">The list, with its query.</param>
    /// <param name="items">The member that holds a page's items.</param>
    public static async Task<IReadOnlyList<JsonElement>> ListAsync(
        WaybillClient api, string path, string items = "items")
    {
        List<JsonElement> all = [];
        for (string? next = null; ;)
        {
            var page = (await api.Get(next is null ? path : $"{path}&cursor={next}")).OrThrow(path);
            all.AddRange(page.Body.GetProperty(items).EnumerateArray());
            next = page.TextOrNull("next");
            if (next is null)
                return all;
        }
    }
}
