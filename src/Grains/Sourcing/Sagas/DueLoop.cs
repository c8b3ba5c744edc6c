using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>
/// One silo's look at the due table: it wakes the sagas whose time has come. All silos look; each row is claimed by one
/// of them for a while, and comes again if its saga has not settled it by then.
/// </summary>
/// <remarks>
/// It ends as soon as the process is to end: a silo that is made to stop at once could claim rows, but wake nobody.
/// </remarks>
public sealed class DueLoop(
    IDueStore store,
    IGrainFactory grains,
    SagaOptions options,
    TimeProvider time,
    ILogger<DueLoop> logger,
    IHostApplicationLifetime? lifetime = null)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _stopping =
        CancellationTokenSource.CreateLinkedTokenSource(lifetime?.ApplicationStopping ?? CancellationToken.None);
    private Task _run = Task.CompletedTask;

    /// <summary>Why the table cannot be read; null if it can.</summary>
    public string? Error { get; private set; }

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(DueLoop), ServiceLifecycleStage.Active, Start, Stop);

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private Task Start(CancellationToken cancellation)
    {
        _run = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task Stop(CancellationToken cancellation)
    {
        await _stopping.CancelAsync();
        await _run.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        var pause = options.DuePeriod;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                while (await WakeAsync(_stopping.Token) == options.ClaimMax)
                {
                    // There may be more.
                }
                pause = options.DuePeriod;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // This is how it ends.
            }
            catch (Exception error) // The loop must survive whatever the store does.
            {
                Error = error.Message;
                logger.LogWarning(error, "The due table cannot be read.");
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, options.DuePauseMax.Ticks));
            }
            await Task.Delay(pause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Wakes those whose time has come, and waits until they have heard, or until the claims on them end.
    /// </summary>
    /// <returns>How many were claimed.</returns>
    internal async Task<int> WakeAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var claims = await store.ClaimDueAsync(now, now + options.CheckPeriod, options.ClaimMax, cancellation);
        Error = null;
        // When the claims end, those who have not heard are anybody's, and must not keep the others waiting.
        await Task.WhenAll(claims.Select(WakeAsync)).WaitAsync(options.CheckPeriod, time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return claims.Count;
    }

    private async Task WakeAsync(DueClaim claim)
    {
        try
        {
            await grains.GetSaga(claim.Stream).Wake(new SagaClaim(claim.At));
        }
        catch (Exception error) // One saga must not keep the others asleep; this one's turn comes again.
        {
            logger.LogWarning(error, "{Saga} could not be woken.", claim.Stream);
        }
    }
}
