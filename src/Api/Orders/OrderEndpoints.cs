using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Orders;
using Waybill.Grains.Sourcing;

namespace Waybill.Api.Orders;

internal static class OrderEndpoints
{
    public static RouteGroupBuilder MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders").WithTags("Orders");
        orders.RefuseUnknownQuery();
        orders.TakeIdempotencyKeys();
        orders.MapPost("/",             Place);
        orders.MapGet("/",              List);
        orders.MapGet("/{id}",          Get);
        orders.MapPost("/{id}/cancel",  Cancel);
        orders.MapPost("/{id}/deliver", Deliver);
        orders.MapEvents(Order.Category);
        orders.MapDiff<Order, OrderCommand, OrderEvent, OrderBody>(BodyOf);
        return orders;
    }

    private static async Task<IResult> Place(NewOrder body, HttpContext http, IGrainFactory grains)
    {
        var id = body.OrderId ?? http.NewId();
        var placed = await grains.OrderGrain(id).Place(http.Command(), body.Read());
        return http.Answer(placed, order => Results.Accepted($"/orders/{id}", OrderBody.Of(order)));
    }

    private static async Task<IResult> List(
        OrderFilter filter, PageQuery page, Freshness freshness, HttpContext http, Views views)
    {
        var after = page.Cursor is { } cursor ? Queries.Text<ResourceId>("cursor", cursor).Value : "";
        var query = (filter.CustomerId?.Value, filter.Status) switch
        {
            (null, null) => new ReadModelQuery("order_id > $1", [after]),
            ({ } customer, null) => new("order_id > $1 AND customer_id = $2", [after, customer]),
            (null, { } status) => new("order_id > $1 AND status = $2", [after, status]),
            ({ } customer, { } status) => new(
                "order_id > $1 AND customer_id = $2 AND status = $3", [after, customer, status]),
        };
        var found = await views.ReadAsync(
            OrderList.Model, query with { Limit = page.Limit + 1 }, freshness, http.RequestAborted);
        http.AnswerPosition(found.Position);
        return Results.Ok(Pages.Of(
            found.Rows, page.Limit, row => OrderBody.Of(row.View()), row => row.OrderId));
    }

    private static async Task<IResult> Get(
        ResourceId id, Moment moment, Freshness freshness, HttpContext http, IGrainFactory grains, History history)
    {
        await http.ReachAsync(freshness);
        return moment.IsNow
            ? Answer(http, await grains.OrderGrain(id).Get(freshness.After ?? 0))
            : await history.AnswerThen<Order, OrderCommand, OrderEvent, OrderBody>(
                http, id.Value, moment, (order, version) => BodyOf(id.Value, order, version));
    }

    private static async Task<IResult> Cancel(
        ResourceId id, Cancellation body, HttpContext http, IGrainFactory grains) =>
        Answer(http, await grains.OrderGrain(id).Cancel(http.Command(), body.Reason.Value));

    private static async Task<IResult> Deliver(
        ResourceId id, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        Answer(http, await grains.OrderGrain(id).Deliver(http.Command()));

    private static OrderBody BodyOf(string id, Order order, long version) =>
        OrderBody.Of(OrderView.Of(id, order, version));

    private static IResult Answer(HttpContext http, Outcome<OrderView> outcome) =>
        http.Answer(outcome, order => Results.Ok(OrderBody.Of(order)));

    private static IOrderGrain OrderGrain(this IGrainFactory grains, ResourceId id) =>
        grains.GetGrain<IOrderGrain>(id.Value);

    private sealed record Cancellation(Text Reason);

    private sealed record NoArguments;
}
