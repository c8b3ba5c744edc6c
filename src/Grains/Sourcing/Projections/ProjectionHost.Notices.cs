using Microsoft.Extensions.Logging;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Projections;

// Notifications are kept in the transaction of the rows they are about, and forgotten once they are delivered: so each
// is delivered at least once, and never before its row can be read.
internal sealed partial class ProjectionHost<TProjection, TRow>
{
    private const int NoticesMax = 100;

    private bool _hasNotices = true; // A host that went before may have left some.
    private string? _noticeError;

    private bool Notifies(StoredEvent stored) => access.Notifier is not null;

    private async Task DeliverAsync()
    {
        if (access.Notifier is not { } notifier)
            return;
        while (_hasNotices)
        {
            var notices = await access.Call(limit => access.Rows.ReadNoticesAsync(Model, queue, NoticesMax, limit));
            List<Guid> delivered = [];
            HashSet<StreamName> failed = [];
            _noticeError = null;
            foreach (var notice in notices)
            {
                if (failed.Contains(notice.Stream))
                    continue;
                try
                {
                    await access.Call(limit => notifier.NotifyAsync(Model.Name, notice, limit));
                    delivered.Add(notice.EventId);
                }
                catch (Exception failure) // Of the notifier, which is not the projection's to know.
                {
                    // Later ones of the stream wait, so that nobody hears of them out of order.
                    failed.Add(notice.Stream);
                    _noticeError = failure.Message;
                    access.Logger.LogWarning(
                        failure, "A notification of {Projection} about {Stream} failed.", Model.View, notice.Stream);
                }
            }
            if (delivered.Count > 0)
                await access.Call(limit => access.Rows.RemoveNoticesAsync(Model, delivered, limit));
            if (failed.Count > 0)
                return; // The next tick tries again.
            _hasNotices = notices.Count == NoticesMax;
        }
    }
}
