using System.Text.Json.Serialization;
using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;

namespace Waybill.Api.Transfers;

internal static class TransferEndpoints
{
    public static RouteGroupBuilder MapTransfers(this IEndpointRouteBuilder app)
    {
        var transfers = app.MapGroup("/transfers").WithTags("Transfers");
        transfers.RefuseUnknownQuery();
        transfers.TakeIdempotencyKeys();
        transfers.MapPost("/",    Start);
        transfers.MapGet("/{id}", Get);
        return transfers;
    }

    private static async Task<IResult> Start(NewTransfer body, HttpContext http, IGrainFactory grains)
    {
        var id = body.TransferId ?? http.NewId();
        var transfer = new Transfer(
            body.From.Value, body.To.Value, body.Amount.Value, body.Currency.Value, body.Reference?.Value);
        var started = await grains.TransferGrain(id).Start(http.Command(), transfer);
        return http.Answer(
            started, transfer => Results.Accepted($"/transfers/{id}", TransferBody.Of(transfer)));
    }

    private static async Task<IResult> Get(
        ResourceId id, Freshness freshness, HttpContext http, IGrainFactory grains)
    {
        await http.ReachAsync(freshness);
        return http.Answer(
            await grains.TransferGrain(id).Get(freshness.After ?? 0),
            transfer => Results.Ok(TransferBody.Of(transfer)));
    }

    private static ITransferGrain TransferGrain(this IGrainFactory grains, ResourceId id) =>
        grains.GetGrain<ITransferGrain>(id.Value);

    private sealed record NewTransfer(
        ResourceId From,
        ResourceId To,
        Amount Amount,
        Currency Currency,
        ResourceId? TransferId = null,
        Text? Reference = null);
}

/// <summary>A transfer as clients see it.</summary>
internal sealed record TransferBody(
    string TransferId,
    string From,
    string To,
    long Amount,
    string Currency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reference,
    TransferStatus Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    IReadOnlyList<StepBody> Steps)
{
    public static TransferBody Of(TransferView transfer) => new(
        transfer.TransferId,
        transfer.From,
        transfer.To,
        transfer.Amount,
        transfer.Currency,
        transfer.Reference,
        transfer.Status,
        transfer.Reason,
        [.. transfer.Steps.Select(StepBody.Of)]);
}
