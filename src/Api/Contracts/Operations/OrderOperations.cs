using Waybill.Api.Http;
using Waybill.Api.Orders;
using Waybill.Grains.Orders;

namespace Waybill.Api.Contracts;

internal static class OrderOperations
{
    private const string MissingItem = "stock-not-found";

    private const string MissingOrder = "order-not-found";

    public static IReadOnlyList<Operation> All { get; } =
    [
        new("PUT /inventory/{id}", "Lists an item, or changes what it is called and costs; its currency is for ever.")
        {
            Answer = typeof(StockView),
            Refusals = ["currency-mismatch", "merchant-account-taken"],
            At = "/inventory/tea",
            Body = """{"name":"Tea","unitPrice":450,"currency":"EUR"}""",
        },
        new("POST /inventory/{id}/receipts", "Adds what was delivered to the shop.")
        {
            Answer = typeof(StockView),
            Missing = MissingItem,
            Refusals = ["stock-too-large"],
            At = "/inventory/tea/receipts",
            Body = """{"quantity":10}""",
        },
        new("GET /inventory/{id}", "An item: how many there are, and how many are promised to orders.")
        {
            Answer = typeof(StockView),
            Missing = MissingItem,
            At = "/inventory/tea",
        },
        new("GET /inventory", "Lists the items.")
        {
            Answer = typeof(Page<StockView>),
            At = "/inventory?limit=10",
        },
        new("POST /orders", "Places an order at the shop's prices. It is then shipped, or cancelled, by itself.")
        {
            Status = StatusCodes.Status202Accepted,
            Answer = typeof(OrderBody),
            Missing = $"{MissingItem}, account-not-found",
            Refusals = ["account-closed", "currency-mismatch", "order-already-exists", "total-too-large"],
            Body = """
                {"orderId":"o-1","customerId":"c-1","accountId":"ann","currency":"EUR",
                "items":[{"sku":"tea","quantity":2}],"shippingAddress":"1 High Street, Ambridge"}
                """,
        },
        new("GET /orders", "Lists orders, all or those of one customer, at one point of their lives.")
        {
            Answer = typeof(Page<OrderBody>),
            At = "/orders?customerId=c-1&status=shipped&limit=10",
        },
        new("GET /orders/{id}", "An order as it stands, or as it stood at a version or a time.")
        {
            Answer = typeof(OrderBody),
            Missing = MissingOrder,
            At = "/orders/o-0",
        },
        new("POST /orders/{id}/cancel", "Calls an order off; what was done for it is undone. Not once it is shipped.")
        {
            Answer = typeof(OrderBody),
            Missing = MissingOrder,
            Refusals = ["order-cancelled", "order-delivered", "order-shipped"],
            At = "/orders/o-1/cancel",
            Body = """{"reason":"changed my mind"}""",
        },
        new("POST /orders/{id}/deliver", "Takes note that an order has arrived.")
        {
            Answer = typeof(OrderBody),
            Missing = MissingOrder,
            Refusals = ["order-cancelled", "order-delivered", "order-not-shipped"],
            At = "/orders/o-0/deliver",
            Body = "{}",
        },
        new("GET /orders/{id}/events", "What happened to an order, oldest first.")
        {
            Answer = typeof(Page<EventBody>),
            Missing = MissingOrder,
            At = "/orders/o-0/events?limit=10",
        },
        new("GET /orders/{id}/diff", "Which members of an order have changed between two versions.")
        {
            Answer = typeof(History.Diff),
            Missing = MissingOrder,
            Needs = ["from", "to"],
            At = "/orders/o-0/diff?from=1&to=2",
        },
    ];
}
