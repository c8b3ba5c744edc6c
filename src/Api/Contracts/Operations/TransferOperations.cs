using Waybill.Api.Transfers;

namespace Waybill.Api.Contracts;

internal static class TransferOperations
{
    public static IReadOnlyList<Operation> All { get; } =
    [
        new("POST /transfers", "Starts a transfer, which then comes to an end by itself.")
        {
            Status = StatusCodes.Status202Accepted,
            Answer = typeof(TransferBody),
            Missing = "account-not-found",
            Refusals = ["same-account", "currency-mismatch", "transfer-already-exists"],
            Body = """{"transferId":"t-1","from":"ann","to":"bob","amount":500,"currency":"EUR","reference":"lunch"}""",
        },
        new("GET /transfers/{id}", "How a transfer stands.")
        {
            Answer = typeof(TransferBody),
            Missing = "transfer-not-found",
            At = "/transfers/t-1",
        },
    ];
}
