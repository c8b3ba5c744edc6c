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

    /// <summary>Sets money aside.</summary>
    public static MessageType<HoldMessage> Hold { get; } = new(
        "account.hold",
        AccountMessageJson.Default.HoldMessage,
        async (grains, account, hold, context) => Answer.Of(
            await grains.GetGrain<IAccountGrain>(account).Hold(context, hold.HoldId, hold.Amount, hold.Reference)));

    /// <summary>Ends a hold.</summary>
    public static MessageType<ReleaseMessage> Release { get; } = new(
        "account.release",
        AccountMessageJson.Default.ReleaseMessage,
        async (grains, account, hold, context) => Answer.Of(
            await grains.GetGrain<IAccountGrain>(account).Release(context, hold.HoldId)));

    /// <summary>Takes money and ends the hold that it was set aside by.</summary>
    public static MessageType<HoldMessage> Capture { get; } = new(
        "account.capture",
        AccountMessageJson.Default.HoldMessage,
        async (grains, account, hold, context) => Answer.Of(
            await grains.GetGrain<IAccountGrain>(account).Capture(context, hold.HoldId, hold.Amount, hold.Reference)));
}

/// <summary>Money to move.</summary>
/// <param name="Amount">In whole minor units of the account's currency.</param>
/// <param name="Reference">What stands beside it in the account's statement.</param>
public sealed record MoneyMessage(long Amount, string? Reference);

/// <summary>Money to set aside, or to take from where it is set aside.</summary>
/// <param name="HoldId">What it is set aside for, such as <c>order/o1</c>.</param>
/// <param name="Amount">In whole minor units of the account's currency.</param>
/// <param name="Reference">What stands beside it in the account's statement once it is taken.</param>
public sealed record HoldMessage(string HoldId, long Amount, string? Reference);

/// <summary>A hold to end.</summary>
/// <param name="HoldId">What the money was set aside for.</param>
public sealed record ReleaseMessage(string HoldId);

/// <summary>The JSON of what sagas ask of accounts; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(MoneyMessage))]
[JsonSerializable(typeof(HoldMessage))]
[JsonSerializable(typeof(ReleaseMessage))]
internal sealed partial class AccountMessageJson : JsonSerializerContext;
