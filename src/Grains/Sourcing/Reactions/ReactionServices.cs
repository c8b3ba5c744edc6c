using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime;
using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>Registers reactions with a silo.</summary>
public static class ReactionServices
{
    /// <summary>Adds a reaction and its grain. It needs the event store and sagas beside this.</summary>
    public static ISiloBuilder AddReaction<TReaction, TGrain>(this ISiloBuilder silo)
        where TReaction : IReaction
        where TGrain : IReactionHostGrain
    {
        silo.Services.TryAddSingleton<ReactionAccess>();
        if (silo.Services.All(service => service.ServiceType != typeof(ReactionSupervisor)))
        {
            silo.Services.AddSingleton<MessageType, ReactionMessage>();
            silo.Services.AddSingleton<ReactionSupervisor>();
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
                services => services.GetRequiredService<ReactionSupervisor>());
        }
        silo.Services.AddSingleton(new ReactionRule(
            TReaction.Name, TReaction.To, (grains, queue) => grains.GetGrain<TGrain>(queue)));
        return silo;
    }
}

/// <summary>What the host of a reaction stands on.</summary>
public sealed class ReactionAccess(
    IEventStore store, ICheckpointStore checkpoints, ILogger<ReactionAccess> logger, EventStreamOptions? streams = null)
{
    internal IEventStore Store => store;

    internal ICheckpointStore Checkpoints => checkpoints;

    internal ILogger Logger => logger;

    /// <summary>As many as the log is streamed in.</summary>
    internal int QueueCount { get; } = (streams ?? new()).QueueCount;
}

/// <summary>
/// Has every host read on from time to time: one that nothing is delivered to, because its silo died or a delivery was
/// lost, would not know.
/// </summary>
internal sealed class ReactionSupervisor(
    IGrainFactory grains,
    IEnumerable<ReactionRule> rules,
    ReactionAccess access,
    TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // What a lost delivery costs; a look at a queue without news is one query.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopping = new();
    private Task _run = Task.CompletedTask;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(ReactionSupervisor),
        ServiceLifecycleStage.Active,
        _ =>
        {
            _run = Task.Run(RunAsync, CancellationToken.None);
            return Task.CompletedTask;
        },
        async cancellation =>
        {
            await _stopping.CancelAsync();
            await _run.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await Task.WhenAll(
                from rule in rules
                from queue in Enumerable.Range(0, access.QueueCount)
                select CatchUp(rule.Host(grains, queue.ToString(CultureInfo.InvariantCulture))));
            await Task.Delay(Period, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CatchUp(IReactionHostGrain host)
    {
        try
        {
            await host.CatchUp();
        }
        catch (Exception error) // Its silo may be dying; its next round comes.
        {
            access.Logger.LogWarning(error, "A reaction's host could not be reached.");
        }
    }
}
