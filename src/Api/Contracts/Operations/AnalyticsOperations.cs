using Waybill.Api.Admin;
using Waybill.Api.Http;

namespace Waybill.Api.Contracts;

internal static class AnalyticsOperations
{
    public static IReadOnlyList<Operation> All { get; } =
    [
        new("GET /admin/analytics/orders", "The orders placed in a period: how many, by day, currency and status.")
        {
            Answer = typeof(Page<AnalyticsEndpoints.OrdersBody>),
            At = "/admin/analytics/orders?from=2026-01-01T00:00:00Z&limit=10",
        },
        new("GET /admin/analytics/rides", "The rides requested in a period: how many, by hour, currency and status.")
        {
            Answer = typeof(Page<AnalyticsEndpoints.RidesBody>),
            At = "/admin/analytics/rides?from=2026-01-01T00:00:00Z&limit=10",
        },
        new("GET /admin/analytics/money", "The money on all accounts of each currency, and what of it is set aside.")
        {
            Answer = typeof(Page<AnalyticsEndpoints.MoneyBody>),
            At = "/admin/analytics/money",
        },
    ];
}
