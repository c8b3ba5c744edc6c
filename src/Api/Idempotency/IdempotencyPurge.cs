using Waybill.EventStore;
using Waybill.EventStore.Idempotency;

namespace Waybill.Api.Idempotency;

/// <summary>Deletes keys that are older than is promised, so that they do not pile up.</summary>
internal sealed class IdempotencyPurge(IIdempotencyStore store, TimeProvider time, ILogger<IdempotencyPurge> logger)
    : BackgroundService
{
    /// <summary>A day more than is promised: nobody's clock has to be right to the hour.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(8);

    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    // A few milliseconds' work, so that commands do not wait behind it.
    private const int BatchMax = 1_000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                while (await store.PurgeAsync(time.GetUtcNow() - KeptFor, BatchMax, stoppingToken) == BatchMax)
                {
                    // There are more.
                }
            }
            catch (StoreUnavailableException away)
            {
                logger.LogWarning(away, "Old idempotency keys could not be deleted; they will be in {Period}.", Period);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
