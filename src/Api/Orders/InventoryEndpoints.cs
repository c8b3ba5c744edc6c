using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Orders;

namespace Waybill.Api.Orders;

internal static class InventoryEndpoints
{
    public static RouteGroupBuilder MapInventory(this IEndpointRouteBuilder app)
    {
        var inventory = app.MapGroup("/inventory").WithTags("Orders");
        inventory.RefuseUnknownQuery();
        inventory.TakeIdempotencyKeys();
        inventory.MapPut("/{id}",           Offer);
        inventory.MapPost("/{id}/receipts", Receive);
        inventory.MapGet("/{id}",           Get);
        inventory.MapGet("/",               List);
        return inventory;
    }

    private static async Task<IResult> Offer(ResourceId id, ItemOffer body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.StockGrain(id).Offer(
            http.Command(), body.Name.Value, body.UnitPrice.Value, body.Currency.Value));

    private static async Task<IResult> Receive(ResourceId id, Receipt body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.StockGrain(id).Receive(http.Command(), body.Quantity.Value));

    private static async Task<IResult> Get(
        ResourceId id, Freshness freshness, HttpContext http, IGrainFactory grains)
    {
        await http.ReachAsync(freshness);
        return http.Answer(await grains.StockGrain(id).Get(freshness.After ?? 0));
    }

    private static async Task<IResult> List(PageQuery page, Freshness freshness, HttpContext http, Views views)
    {
        var after = page.Cursor is { } cursor ? Queries.Text<ResourceId>("cursor", cursor).Value : "";
        var found = await views.ReadAsync(
            InventoryList.Model,
            new ReadModelQuery("sku > $1", [after], Limit: page.Limit + 1),
            freshness,
            http.RequestAborted);
        http.AnswerPosition(found.Position);
        return Results.Ok(Pages.Of(found.Rows, page.Limit, Show, row => row.Sku));
    }

    private static StockView Show(InventoryRow row) => new(
        row.Sku,
        row.Name,
        row.UnitPrice,
        row.Currency,
        row.OnHand,
        row.Reserved,
        Available: row.OnHand - row.Reserved,
        row.Version);

    private static IStockGrain StockGrain(this IGrainFactory grains, ResourceId sku) =>
        grains.GetGrain<IStockGrain>(sku.Value);

    private sealed record ItemOffer(Text Name, Amount UnitPrice, Currency Currency);

    private sealed record Receipt(Quantity Quantity);
}
