using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>
/// Wakes every projection when the silo starts and every few seconds after, so that there are hosts for queues without
/// traffic too, and for those of a silo that has died.
/// </summary>
internal sealed class ProjectionSupervisor(
    ProjectionAccess access, IEnumerable<ProjectionRegistration> registrations, IGrainFactory grains)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _ends = new();
    private Task _loop = Task.CompletedTask;

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(ProjectionSupervisor), ServiceLifecycleStage.ApplicationServices, PrepareAsync);
        lifecycle.Subscribe(nameof(ProjectionSupervisor), ServiceLifecycleStage.Active, Start, StopAsync);
    }

    /// <inheritdoc/>
    public void Dispose() => _ends.Dispose();

    // A read model that was declared in another shape than it has in the store stops the start. With the store away the
    // silo starts all the same; the hosts make up for it.
    private async Task PrepareAsync(CancellationToken cancellation)
    {
        foreach (var registration in registrations)
            try
            {
                await access.Call(
                    limit => access.Rows.PrepareAsync(registration.Model, access.Options.QueueCount, limit));
            }
            catch (Exception away) when (away is not ReadModelChangedException)
            {
                access.Logger.LogWarning(away, "{Projection} is not prepared.", registration.Model.View);
            }
    }

    private Task Start(CancellationToken cancellation)
    {
        _loop = Task.WhenAll(registrations.Select(registration => Task.Run(() => WakeAsync(registration.Model.Name))));
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellation)
    {
        await _ends.CancelAsync();
        await _loop;
    }

    private async Task WakeAsync(string name)
    {
        while (!_ends.IsCancellationRequested)
        {
            try
            {
                await grains.GetGrain<IProjectionCoordinatorGrain>(name).Wake().WaitAsync(_ends.Token);
            }
            catch (OperationCanceledException) when (_ends.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) // The next time may do; nothing else would wake the projection.
            {
                access.Logger.LogWarning(failure, "{Projection} could not be woken.", name);
            }
            await Task.Delay(access.Options.WakePeriod, access.Time, _ends.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
