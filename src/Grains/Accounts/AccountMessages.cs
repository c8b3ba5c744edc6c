using System.Text.Json.Serialization;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Accounts;

/// <summary>What sagas ask of accounts.</summary>
public static class AccountMessages
{
    /// <summary>Takes money.</summary>
    public static MessageType<MoneyMessage> Withdraw { get; } = new(
        "account.withdraw",
        AccountMessageJson.Default.MoneyMessage,
        async (grains, account, money, context) => Answer.Of(
            await grains.GetGrain<IAccountGrain>(account).Withdraw(context, money.Amount, money.Reference)));

    /// <summary>Adds money.</summary>
    public static MessageType<MoneyMessage> Deposit { get; } = new(
        "account.deposit",
        AccountMessageJson.Default.MoneyMessage,
        async (grains, account, money, context) => Answer.Of(
            await grains.GetGrain<IAccountGrain>(account).Deposit(context, money.Amount, money.Reference)));
}

/// <summary>Money to move.</summary>
/// <param name="Amount">In whole minor units of the account's currency.</param>
/// <param name="Reference">What stands beside it in the account's statement.</param>
public sealed record MoneyMessage(long Amount, string? Reference);

/// <summary>The JSON of what sagas ask of accounts; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(MoneyMessage))]
internal sealed partial class AccountMessageJson : JsonSerializerContext;
