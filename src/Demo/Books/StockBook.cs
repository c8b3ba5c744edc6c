using System.Text.Json;
using Waybill.Demo.Day;

namespace Waybill.Demo.Books;

/// <summary>What came into the shop is there, or was shipped; nothing is promised any more.</summary>
internal static class StockBook
{
    public static IEnumerable<string> Check(Ledger ledger, Findings findings)
    {
        var shipped = findings.OrdersShipped
            .SelectMany(order => order.Body.GetProperty("items").EnumerateArray())
            .ToLookup(Sku, item => item.GetProperty("quantity").GetInt64());
        return
            from item in findings.Stock
            let sku = item.Text("sku")
            from offence in Offences
                .Unequal($"{sku} on hand", item.Number("onHand"), ledger.Received[sku] - shipped[sku].Sum())
                .Concat(Offences.Unequal($"{sku} reserved", item.Number("reserved"), 0))
            select offence;
    }

    private static string Sku(JsonElement item) => item.GetProperty("sku").GetString()!;
}
