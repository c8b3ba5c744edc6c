using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime;
using Waybill.EventStore;
using Waybill.EventStore.Streams;

namespace Waybill.Grains.Sourcing;

/// <summary>Registers readers of the log with a silo.</summary>
public static class LogReaderServices
{
    /// <summary>Adds a reader of the log. It needs the event store beside this.</summary>
    public static ISiloBuilder AddLogReader<TGrain>(this ISiloBuilder silo)
        where TGrain : ILogReaderGrain
    {
        silo.Services.TryAddSingleton<LogReaderAccess>();
        silo.Services.TryAddSingleton<LogReaderHealth>();
        if (silo.Services.All(service => service.ServiceType != typeof(LogReaderSupervisor)))
        {
            silo.Services.AddSingleton<LogReaderSupervisor>();
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
                services => services.GetRequiredService<LogReaderSupervisor>());
        }
        silo.Services.AddSingleton(new LogReader(
            typeof(TGrain).Name, (grains, queue) => grains.GetGrain<TGrain>(queue)));
        return silo;
    }
}

/// <summary>What a reader of the log stands on.</summary>
public sealed class LogReaderAccess(
    IEventStore store,
    ICheckpointStore checkpoints,
    TimeProvider time,
    ILogger<LogReaderAccess> logger,
    EventStreamOptions? streams = null)
{
    internal IEventStore Store => store;

    internal ICheckpointStore Checkpoints => checkpoints;

    internal TimeProvider Time => time;

    internal ILogger Logger => logger;

    /// <summary>As many as the log is streamed in.</summary>
    internal int QueueCount { get; } = (streams ?? new()).QueueCount;
}

/// <summary>How the readers of the log go, as this silo last heard.</summary>
public sealed class LogReaderHealth
{
    /// <summary>The names of those that something keeps from going on.</summary>
    public IReadOnlyList<string> Behind { get; internal set; } = [];
}

/// <summary>A reader as it was registered.</summary>
internal sealed record LogReader(string Name, Func<IGrainFactory, string, ILogReaderGrain> Of);

/// <summary>
/// Has every reader read on from time to time: one that nothing is delivered to, because its silo died or a delivery
/// was lost, would not know.
/// </summary>
internal sealed class LogReaderSupervisor(
    IGrainFactory grains,
    IEnumerable<LogReader> readers,
    LogReaderAccess access,
    LogReaderHealth health,
    TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // What a lost delivery costs; a look at a queue without news is one query.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopping = new();
    private Task _run = Task.CompletedTask;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(LogReaderSupervisor),
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
            var statuses = await Task.WhenAll(
                from reader in readers
                from queue in Enumerable.Range(0, access.QueueCount)
                select CatchUp(reader, queue.ToString(CultureInfo.InvariantCulture)));
            health.Behind =
                [.. statuses.Where(status => status.Error is not null).Select(status => status.Reader).Distinct()];
            await Task.Delay(Period, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<LogReaderStatus> CatchUp(LogReader reader, string queue)
    {
        try
        {
            return await reader.Of(grains, queue).CatchUp();
        }
        catch (Exception error) // Its silo may be dying; its next round comes.
        {
            access.Logger.LogWarning(error, "{Reader} {Queue} does not answer.", reader.Name, queue);
            return new(reader.Name, error.Message);
        }
    }
}
