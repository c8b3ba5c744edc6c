using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Accounts;

namespace Waybill.Api.Accounts;

internal static class AccountEndpoints
{
    public static RouteGroupBuilder MapAccounts(this IEndpointRouteBuilder app)
    {
        var accounts = app.MapGroup("/accounts").WithTags("Accounts");
        accounts.RefuseUnknownQuery();
        accounts.TakeIdempotencyKeys();
        accounts.MapPost("/",                 Open);
        accounts.MapGet("/",                  List);
        accounts.MapGet("/{id}",              Get);
        accounts.MapPost("/{id}/deposits",    Deposit);
        accounts.MapPost("/{id}/withdrawals", Withdraw);
        accounts.MapPost("/{id}/interest",    CreditInterest);
        accounts.MapPost("/{id}/close",       Close);
        accounts.MapEvents(Account.Category);
        accounts.MapGet("/{id}/statement",    StatementEndpoint.Get);
        accounts.MapDiff<Account, AccountCommand, AccountEvent, AccountView>(AccountView.Of);
        return accounts;
    }

    private static async Task<IResult> Open(NewAccount body, HttpContext http, IGrainFactory grains)
    {
        var id = body.AccountId ?? http.NewId();
        var opened = await grains.AccountGrain(id).Open(http.Command(), body.Owner.Value, body.Currency.Value);
        return http.Answer(opened, account => Results.Created($"/accounts/{id}", account));
    }

    private static async Task<IResult> List(
        AccountFilter filter, PageQuery page, Freshness freshness, HttpContext http, Views views)
    {
        var after = page.Cursor is { } cursor ? Queries.Text<ResourceId>("cursor", cursor).Value : "";
        var query = filter.Owner is { } owner
            ? new ReadModelQuery("owner = $1 AND account_id > $2", [owner.Value, after])
            : new ReadModelQuery("account_id > $1", [after]);
        var found = await views.ReadAsync(
            AccountList.Model, query with { Limit = page.Limit + 1 }, freshness, http.RequestAborted);
        http.AnswerPosition(found.Position);
        return Results.Ok(Pages.Of(found.Rows, page.Limit, Show, row => row.AccountId));
    }

    private static AccountView Show(AccountRow row) => new(
        row.AccountId,
        row.Owner,
        row.Currency,
        row.Balance,
        Available: row.Balance - row.Held,
        row.Status,
        row.Version);

    private static async Task<IResult> Get(
        ResourceId id, Moment moment, Freshness freshness, HttpContext http, IGrainFactory grains, History history)
    {
        await http.ReachAsync(freshness);
        return moment.IsNow
            ? http.Answer(await grains.AccountGrain(id).Get(freshness.After ?? 0))
            : await history.AnswerThen<Account, AccountCommand, AccountEvent, AccountView>(
                http, id.Value, moment, (account, version) => AccountView.Of(id.Value, account, version));
    }

    private static async Task<IResult> Deposit(ResourceId id, Money body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.AccountGrain(id).Deposit(http.Command(), body.Amount.Value, body.Reference?.Value));

    private static async Task<IResult> Withdraw(ResourceId id, Money body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.AccountGrain(id).Withdraw(http.Command(), body.Amount.Value, body.Reference?.Value));

    private static async Task<IResult> CreditInterest(
        ResourceId id, Money body, HttpContext http, IGrainFactory grains) => http.Answer(
            await grains.AccountGrain(id).CreditInterest(http.Command(), body.Amount.Value, body.Reference?.Value));

    private static async Task<IResult> Close(
        ResourceId id, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.AccountGrain(id).Close(http.Command()));

    internal static IAccountGrain AccountGrain(this IGrainFactory grains, ResourceId id) =>
        grains.GetGrain<IAccountGrain>(id.Value);

    private sealed record AccountFilter(Text? Owner) : IQuery
    {
        public static IReadOnlyList<string> Names { get; } = ["owner"];

        public static ValueTask<AccountFilter> BindAsync(HttpContext http) =>
            ValueTask.FromResult(new AccountFilter(http.QueryText<Text>("owner")));
    }

    private sealed record NewAccount(Text Owner, Currency Currency, ResourceId? AccountId = null);

    private sealed record NoArguments;

    private sealed record Money(Amount Amount, Text? Reference = null);
}
