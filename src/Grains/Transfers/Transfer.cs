using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Sagas;
using static Waybill.Grains.Sourcing.Sagas.SagaInput;

namespace Waybill.Grains.Transfers;

/// <summary>Money on its way from one account to another: the debit, then the credit.</summary>
/// <remarks>
/// What is in flight has been withdrawn and not yet deposited anywhere. It is never refunded before it is known that
/// the credit did not take effect, or was taken back.
/// </remarks>
[GenerateSerializer, Immutable, Alias("waybill.transfer-saga")]
public sealed record Transfer(string From, string To, long Amount, string Currency, string? Reference)
    : ISaga<Transfer>
{
    /// <summary>The money is being withdrawn.</summary>
    public const string Debiting = "debiting";

    /// <summary>It is being deposited.</summary>
    public const string Crediting = "crediting";

    /// <summary>Far longer than an account takes, and not so long that whoever waits gives up.</summary>
    public static readonly TimeSpan StageLimit = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public static string Category => "transfer";

    /// <inheritdoc/>
    public static Transfer Initial { get; } = new(From: "", To: "", Amount: 0, Currency: "", Reference: null);

    /// <inheritdoc/>
    public static JsonTypeInfo<Transfer> DataJson => TransferJson.Default.Transfer;

    /// <inheritdoc/>
    public static JsonTypeInfo<Saga<Transfer>> Json => TransferJson.Default.SagaTransfer;

    /// <inheritdoc/>
    public static IReadOnlyList<string> Plan { get; } = ["debit", "credit"];

    /// <inheritdoc/>
    public static Step React(Saga<Transfer> saga, SagaInput input) => (saga.Stage, input) switch
    {
        ("", Requested { Transfer.Amount: <= 0 }) => Step.Refuse("amount-not-positive"),
        ("", Requested { Transfer: var t }) when t.From == t.To => Step.Refuse("same-account"),
        ("", Requested { Transfer: var t }) => saga.To(Debiting, t)
            .Send("debit", t.Withdraw(t.From), undo: t.Deposit(t.From)).Within(StageLimit),
        (_, Requested) => Step.Refuse("transfer-already-exists"),

        (Debiting, Done) => saga.To(Crediting)
            .Send("credit", saga.Data.Deposit(saga.Data.To), undo: saga.Data.Withdraw(saga.Data.To))
            .Within(StageLimit),
        (Crediting, Done) => saga.Complete(),
        (_, Refused refused) => saga.Compensate(refused.Code),
        (_, TimedOut) => saga.Compensate("timed-out"),

        _ => Step.Ignored,
    };

    /// <summary>Somebody asked for it.</summary>
    public sealed record Requested(Transfer Transfer) : SagaInput.Request("requested");

    private Message Withdraw(string account) => AccountMessages.Withdraw.To(account, new(Amount, Reference));

    private Message Deposit(string account) => AccountMessages.Deposit.To(account, new(Amount, Reference));
}

/// <summary>The JSON of a transfer; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Transfer))]
[JsonSerializable(typeof(Saga<Transfer>))]
internal sealed partial class TransferJson : JsonSerializerContext;
