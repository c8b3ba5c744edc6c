using Waybill.Demo.Http;

namespace Waybill.Demo.Books;

/// <summary>Everything has ended, and no driver is kept by a ride.</summary>
internal static class EndBook
{
    public static IEnumerable<string> Check(Findings findings) =>
    [
        .. Open("order", "orderId", findings.Orders, "shipped", "delivered", "cancelled"),
        .. Open("transfer", "transferId", findings.Transfers, "completed", "compensated", "failed"),
        .. Open("ride", "rideId", findings.Rides, "paid", "cancelled"),
        .. findings.Drivers
            .Where(driver => driver.TextOrNull("rideId") is not null)
            .Select(driver => $"driver {driver.Text("driverId")} is still on {driver.Text("rideId")}"),
    ];

    private static IEnumerable<string> Open(string kind, string id, IEnumerable<Reply> all, params string[] ends) =>
        from one in all
        where !ends.Contains(one.Text("status"))
        select $"{kind} {one.Text(id)} is still {one.Text("status")}";
}
