using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Orleans.Runtime;
using Waybill.EventStore.Streams;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>Registers projections with a silo.</summary>
public static class ProjectionServices
{
    /// <summary>
    /// Adds a projection and its grain. It needs the event store beside this, and delivers what it notifies of to an
    /// <see cref="INotifier"/> if there is one.
    /// </summary>
    public static ISiloBuilder AddProjection<TProjection, TRow, TGrain>(this ISiloBuilder silo)
        where TProjection : IProjection<TRow>
        where TRow : class
        where TGrain : IProjectionGrain
    {
        // Where the log is streamed, in as many queues as that is.
        silo.Services.TryAddSingleton(services => new ProjectionOptions
        {
            QueueCount = (services.GetService<EventStreamOptions>() ?? new()).QueueCount,
        });
        silo.Services.TryAddSingleton<ProjectionAccess>();
        if (silo.Services.All(service => service.ServiceType != typeof(ProjectionSupervisor)))
        {
            silo.Services.AddSingleton<ProjectionSupervisor>();
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
                services => services.GetRequiredService<ProjectionSupervisor>());
        }
        silo.Services.AddSingleton<ProjectionRegistration, ProjectionRegistration<TProjection, TRow, TGrain>>();
        return silo;
    }
}
