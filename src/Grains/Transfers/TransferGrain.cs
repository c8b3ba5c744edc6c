using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Transfers;

/// <summary>The transfer as a grain: every rule stands in <see cref="Transfer"/>.</summary>
[GrainType("transfer")]
public sealed class TransferGrain(StoreAccess access, SagaAccess sagas)
    : SagaGrain<Transfer, TransferView>(access, sagas), ITransferGrain
{
    /// <inheritdoc/>
    public async Task<Outcome<TransferView>> Start(CommandContext context, Transfer transfer)
    {
        // An account's currency never changes, and one that was opened never vanishes: what is found out here still
        // holds when the money moves.
        var hasBegun = Current.Version > 0;
        if (!hasBegun && await Check(transfer) is { } no)
            return no;
        return await Take(context, new Transfer.Requested(transfer));
    }

    /// <inheritdoc/>
    public Task<Outcome<TransferView>> Get(long after = 0) => Read(after);

    /// <inheritdoc/>
    protected override TransferView View(Saga<Transfer> saga, long version) => new(
        this.GetPrimaryKeyString(),
        saga.Data.From,
        saga.Data.To,
        saga.Data.Amount,
        saga.Data.Currency,
        saga.Data.Reference,
        saga.Status switch
        {
            SagaStatus.Completed => TransferStatus.Completed,
            SagaStatus.Compensated => TransferStatus.Compensated,
            SagaStatus.Failed => TransferStatus.Failed,
            _ => TransferStatus.Pending,
        },
        saga.Reason,
        SagaExplanation.Of(saga).Steps);

    private async Task<Outcome<TransferView>?> Check(Transfer transfer)
    {
        var accounts = await Task.WhenAll(
            GrainFactory.GetGrain<IAccountGrain>(transfer.From).Get(),
            GrainFactory.GetGrain<IAccountGrain>(transfer.To).Get());
        if (accounts.FirstOrDefault(account => account.Status is not OutcomeStatus.Accepted) is { } missing)
            return new(missing.Status, missing.Code, null, missing.Version, missing.Position);
        return accounts.Any(account => account.View!.Currency != transfer.Currency)
            ? new(OutcomeStatus.Refused, "currency-mismatch", null, 0, 0)
            : null;
    }
}
