using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;
using Waybill.EventStore;

namespace Waybill.Silo;

/// <summary>Healthy while the event store answers and its last append did not fail.</summary>
internal sealed class StoreCheck(IEventStore store) : IHealthCheck
{
    /// <summary>A store that takes longer to name its last position is of no use to a command either.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken)
    {
        try
        {
            await store.ReadHeadPositionAsync(cancellationToken);
            return store.IsFailing
                ? HealthCheckResult.Unhealthy("The event store could not carry out its last append.")
                : HealthCheckResult.Healthy();
        }
        catch (StoreUnavailableException away)
        {
            return HealthCheckResult.Unhealthy("The event store cannot be reached.", away);
        }
    }
}

/// <summary>Healthy while the silo takes calls: from when it has become active until it begins to stop.</summary>
internal sealed class SiloCheck : IHealthCheck, ILifecycleParticipant<ISiloLifecycle>
{
    private volatile bool _active;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(SiloCheck), ServiceLifecycleStage.Active, Set(true), Set(false));

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult(_active ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The silo is not active."));

    private Func<CancellationToken, Task> Set(bool active) => _ =>
    {
        _active = active;
        return Task.CompletedTask;
    };
}
