using Waybill.Api.Accounts;
using Waybill.Api.Http;
using Waybill.Grains.Accounts;

namespace Waybill.Api.Contracts;

internal static class AccountOperations
{
    private const string Missing = "account-not-found";

    public static IReadOnlyList<Operation> All { get; } =
    [
        new("POST /accounts", "Opens an account, with nothing on it.")
        {
            Status = StatusCodes.Status201Created,
            Answer = typeof(AccountView),
            Refusals = ["account-already-open"],
            Body = """{"accountId":"ann-1","owner":"ann","currency":"EUR"}""",
        },
        new("GET /accounts", "Lists accounts, all or those of one owner.")
        {
            Answer = typeof(Page<AccountView>),
            At = "/accounts?owner=ann&limit=10",
        },
        new("GET /accounts/{id}", "An account as it stands, or as it stood at a version or a time.")
        {
            Answer = typeof(AccountView),
            Missing = Missing,
            At = "/accounts/ann",
        },
        new("POST /accounts/{id}/deposits", "Adds money.")
        {
            Answer = typeof(AccountView),
            Missing = Missing,
            Refusals = ["account-closed", "balance-too-large"],
            At = "/accounts/ann/deposits",
            Body = """{"amount":1250,"reference":"salary"}""",
        },
        new("POST /accounts/{id}/withdrawals", "Takes money, never more than is available.")
        {
            Answer = typeof(AccountView),
            Missing = Missing,
            Refusals = ["account-closed", "insufficient-funds"],
            At = "/accounts/ann/withdrawals",
            Body = """{"amount":900,"reference":"rent"}""",
        },
        new("POST /accounts/{id}/interest", "Credits interest.")
        {
            Answer = typeof(AccountView),
            Missing = Missing,
            Refusals = ["account-closed", "balance-too-large"],
            At = "/accounts/ann/interest",
            Body = """{"amount":10,"reference":"January"}""",
        },
        new("POST /accounts/{id}/close", "Closes an account for good; its balance must be zero.")
        {
            Answer = typeof(AccountView),
            Missing = Missing,
            Refusals = ["account-closed", "balance-not-zero"],
            At = "/accounts/zoe/close",
            Body = "{}",
        },
        new("GET /accounts/{id}/events", "What happened to an account, oldest first.")
        {
            Answer = typeof(Page<EventBody>),
            Missing = Missing,
            At = "/accounts/ann/events?limit=10",
        },
        new("GET /accounts/{id}/statement", "What moved on an account in a period, and the balances before and after.")
        {
            Answer = typeof(StatementEndpoint.StatementBody),
            Missing = Missing,
            At = "/accounts/ann/statement?from=2026-01-01T00:00:00Z",
        },
        new("GET /accounts/{id}/diff", "Which members of an account have changed between two versions.")
        {
            Answer = typeof(History.Diff),
            Missing = Missing,
            Needs = ["from", "to"],
            At = "/accounts/ann/diff?from=1&to=2",
        },
    ];
}
