using Waybill.Api.Http;
using Waybill.EventStore;
using Waybill.Grains.Accounts;

namespace Waybill.Api.Accounts;

internal static class AccountEndpoints
{
    public static RouteGroupBuilder MapAccounts(this IEndpointRouteBuilder app)
    {
        var accounts = app.MapGroup("/accounts").WithTags("Accounts");
        accounts.RefuseUnknownQuery();
        accounts.MapPost("/",                 Open);
        accounts.MapGet("/{id}",              Get);
        accounts.MapPost("/{id}/deposits",    Deposit);
        accounts.MapPost("/{id}/withdrawals", Withdraw);
        accounts.MapPost("/{id}/close",       Close);
        accounts.MapGet("/{id}/events",       Events);
        return accounts;
    }

    private static async Task<IResult> Open(NewAccount body, HttpContext http, IGrainFactory grains)
    {
        var id = body.AccountId ?? ResourceId.New();
        var opened = await grains.AccountGrain(id).Open(http.Command(), body.Owner.Value, body.Currency.Value);
        return http.Answer(opened, createdAt: $"/accounts/{id}");
    }

    private static async Task<IResult> Get(ResourceId id, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.AccountGrain(id).Get());

    private static async Task<IResult> Deposit(ResourceId id, Money body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.AccountGrain(id).Deposit(http.Command(), body.Amount.Value, body.Reference?.Value));

    private static async Task<IResult> Withdraw(ResourceId id, Money body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.AccountGrain(id).Withdraw(http.Command(), body.Amount.Value, body.Reference?.Value));

    private static async Task<IResult> Close(
        ResourceId id, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.AccountGrain(id).Close(http.Command()));

    private static Task<IResult> Events(
        ResourceId id, PageQuery page, HttpContext http, IEventStore store) =>
        http.AnswerEvents(store, new StreamName(Account.Category, id.Value), page);

    private static IAccountGrain AccountGrain(this IGrainFactory grains, ResourceId id) =>
        grains.GetGrain<IAccountGrain>(id.Value);

    private sealed record NewAccount(Text Owner, Currency Currency, ResourceId? AccountId = null);

    private sealed record NoArguments;

    private sealed record Money(Amount Amount, Text? Reference = null);
}
