using System.Net;
using Waybill.Demo.Day;
using Waybill.Demo.Http;

namespace Waybill.Demo.Books;

/// <summary>
/// Money is neither made nor lost: what came in is on the run's accounts, or was earned by the shop. Nothing is set
/// aside any more.
/// </summary>
internal static class MoneyBook
{
    private const string MerchantAccount = $"merchant-{Bank.Currency}";

    public static async Task<IReadOnlyList<string>> CheckAsync(
        WaybillClient api, string run, DateTimeOffset since, Ledger ledger, Findings findings)
    {
        var earned = await EarnedByTheShop(api, run, since);
        var held = findings.Accounts.Sum(account => account.Number("balance") - account.Number("available"));
        return
        [
            .. Offences.Unequal(
                "the balances of all accounts and the shop's earnings, against what was paid in and out",
                findings.Accounts.Sum(account => account.Number("balance")) + earned,
                ledger.MoneyIn),
            .. Offences.Unequal(
                "the shop's earnings, against the orders that were shipped",
                earned,
                findings.OrdersShipped.Sum(order => order.Number("total"))),
            .. Offences.Unequal(
                "the drivers' earnings, against the fares that were paid",
                findings.DriverAccounts.Sum(account => account.Number("balance")),
                findings.Rides.Where(ride => ride.Text("status") == "paid")
                    .Sum(ride => ride.Body.GetProperty("fare").GetProperty("total").GetInt64())),
            .. Offences.Unequal("what is still set aside on accounts", held, 0),
        ];
    }

    // The account is everybody's, also other runs': a line of its statement names the order.
    private static async Task<long> EarnedByTheShop(WaybillClient api, string run, DateTimeOffset since)
    {
        var account = await api.Get($"/accounts/{MerchantAccount}");
        if (account.Status == HttpStatusCode.NotFound)
            return 0;
        var lines = await Findings.ListAsync(
            api,
            $"/accounts/{MerchantAccount}/statement?from={since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}"
            + $"&after={account.Position}&limit=500",
            items: "lines");
        return lines
            .Where(line => line.TryGetProperty("reference", out var reference)
                && reference.GetString()!.StartsWith($"order {run}-", StringComparison.Ordinal))
            .Sum(line => line.GetProperty("amount").GetInt64());
    }
}
