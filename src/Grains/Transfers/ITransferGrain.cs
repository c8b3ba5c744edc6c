using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Transfers;

/// <summary>A transfer of money from one account to another. The grain's key is the transfer's id.</summary>
[Alias("waybill.transfer")]
public interface ITransferGrain : ISagaGrain
{
    /// <summary>
    /// Starts it. Once that is accepted it comes to an end by itself: all of the money arrives, or all of it is back.
    /// </summary>
    /// <param name="context">Who asks.</param>
    /// <param name="transfer">What to move; both accounts must be open and in its currency.</param>
    [Alias("start")]
    Task<Outcome<TransferView>> Start(CommandContext context, Transfer transfer);

    /// <summary>The transfer as it stands.</summary>
    /// <param name="after">A position in the log up to which the answer must have read, whoever wrote there.</param>
    [Alias("get")]
    Task<Outcome<TransferView>> Get(long after = 0);
}

/// <summary>A transfer as whoever asked for it sees it.</summary>
/// <param name="TransferId">Its id.</param>
/// <param name="From">The account that pays.</param>
/// <param name="To">The account that is paid.</param>
/// <param name="Amount">In whole minor units of <paramref name="Currency"/>.</param>
/// <param name="Currency">That of both accounts.</param>
/// <param name="Reference">What stands beside it in both statements.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Reason">Why it failed, or was taken back.</param>
/// <param name="Steps">What was asked of the accounts.</param>
[GenerateSerializer, Immutable, Alias("waybill.transfer-view")]
public sealed record TransferView(
    string TransferId,
    string From,
    string To,
    long Amount,
    string Currency,
    string? Reference,
    TransferStatus Status,
    string? Reason,
    IReadOnlyList<ExplainedStep> Steps);

/// <summary>How a transfer stands.</summary>
[GenerateSerializer, Alias("waybill.transfer-status")]
public enum TransferStatus
{
    /// <summary>It is on its way, or on its way back.</summary>
    Pending,

    /// <summary>The money has arrived.</summary>
    Completed,

    /// <summary>What was done has been undone.</summary>
    Compensated,

    /// <summary>Nothing was done.</summary>
    Failed,
}
