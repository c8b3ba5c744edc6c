using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Notifications;

/// <summary>
/// Hands what projections have to tell to the sender; what is refused for good becomes an <see cref="Undelivered"/>,
/// which a person finds at <c>/admin/sagas</c>.
/// </summary>
/// <remarks>
/// Notifications are notices of a projection (docs/adr/0006-notifications.md says why): they are kept in the
/// transaction of their event's rows, delivered in order for each stream, beside everything else, and again after any
/// failure. So a receiver that is slow or dead holds up later notifications alone.
/// </remarks>
public sealed class CustomerNotifier(INotificationSender sender, IGrainFactory grains) : INotifier
{
    /// <inheritdoc/>
    public async Task NotifyAsync(string projection, Notice notice, CancellationToken cancellation)
    {
        if (await sender.SendAsync(new(notice.EventId, notice.Data), cancellation) is not { } refusal)
            return;
        // It is forgotten here only once it is kept there. Kept again, it is the same one.
        var kept = await grains.GetGrain<IUndeliveredGrain>($"{notice.EventId:N}").Keep(
            new CommandContext(
                NameBasedId.Of(notice.EventId, "undelivered"),
                CustomerMessage.Of(notice.Data).Data.CorrelationId ?? $"{notice.EventId}",
                $"{notice.EventId}",
                projection),
            new Undelivered(notice.EventId, notice.Data));
        if (kept.Status is OutcomeStatus.Unavailable)
            throw new StoreUnavailableException($"A refused notification could not be kept: {refusal}.");
    }
}
