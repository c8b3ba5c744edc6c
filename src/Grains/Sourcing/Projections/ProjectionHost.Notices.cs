using Microsoft.Extensions.Logging;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

// Notifications are kept in the transaction of the rows they are about, and forgotten once they are delivered: so each
// is delivered at least once, and never before its row can be read. Delivery goes on beside everything else, so that a
// notifier that is slow, or hangs, holds up no row.
internal sealed partial class ProjectionHost<TProjection, TRow>
{
    private const int NoticesMax = 100;

    private bool _hasNotices; // As far as it is known.
    private string? _noticeError;

    /// <summary>The delivery under way; completed while there is none.</summary>
    internal Task Delivering { get; private set; } = Task.CompletedTask;

    private bool Notifies(StoredEvent stored) => access.Notifier is not null;

    private void Deliver()
    {
        if (access.Notifier is { } notifier && _hasNotices && Delivering.IsCompleted)
            Delivering = DeliverAsync(notifier);
    }

    private async Task DeliverAsync(INotifier notifier)
    {
        HashSet<StreamName> failed = [];
        try
        {
            while (true)
            {
                _hasNotices = false; // Unless a commit says otherwise meanwhile.
                // However many there are of a stream that fails, they must not be all that is read.
                var oneOfEach = failed.Count > 0;
                var notices = await access.Call(
                    limit => access.Rows.ReadNoticesAsync(Model, queue, NoticesMax, oneOfEach, limit));
                var (delivered, isAway) = await DeliverSomeAsync(notifier, notices, failed);
                if (isAway)
                {
                    _hasNotices = true; // For the next tick.
                    return;
                }
                if (failed.Count == 0 && notices.Count < NoticesMax && !_hasNotices)
                {
                    _noticeError = null;
                    return;
                }
                if (oneOfEach && delivered == 0)
                {
                    _hasNotices = true; // For the next tick.
                    return;
                }
            }
        }
        catch (Exception failure) // Nobody waits for it; the next tick tries again.
        {
            (_hasNotices, _noticeError) = (true, failure.Message);
        }
    }

    private async Task<(int Delivered, bool IsAway)> DeliverSomeAsync(
        INotifier notifier, IReadOnlyList<Notice> notices, HashSet<StreamName> failed)
    {
        List<Guid> delivered = [];
        var isAway = false;
        foreach (var notice in notices)
        {
            // Later ones of a stream wait, so that nobody hears of them out of order.
            if (failed.Contains(notice.Stream))
                continue;
            try
            {
                await access.Call(
                    limit => notifier.NotifyAsync(Model.Name, notice, limit), within: Options.NotifierLimit);
                delivered.Add(notice.EventId);
            }
            catch (NotifierAwayException away)
            {
                (isAway, _noticeError) = (true, away.Message);
                break;
            }
            catch (Exception failure) // Of the notifier, which is not the projection's to know.
            {
                failed.Add(notice.Stream);
                _noticeError = failure.Message;
                access.Logger.LogWarning(
                    failure, "A notification of {Projection} about {Stream} failed.", Model.View, notice.Stream);
            }
        }
        if (delivered.Count > 0)
            await access.Call(limit => access.Rows.RemoveNoticesAsync(Model, delivered, limit));
        return (delivered.Count, isAway);
    }

    // The queue is asked only while something may be in it.
    private async Task<long> CountNoticesAsync() => _hasNotices || !Delivering.IsCompleted
        ? await access.Call(
            limit => access.Rows.CountNoticesAsync(Model, queue, limit), within: Options.StatusLimit)
        : 0;
}
