using Microsoft.Extensions.Logging;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Sourcing.Projections;

/// <summary>What projections work with.</summary>
/// <param name="log">The log.</param>
/// <param name="rows">The read models.</param>
/// <param name="types">Reads events.</param>
/// <param name="time">The clock.</param>
/// <param name="options">How they read, try and rebuild.</param>
/// <param name="logger">Told what fails.</param>
/// <param name="notifier">Takes notifications; without one none are made.</param>
public sealed class ProjectionAccess(
    IEventStore log,
    IReadModelStore rows,
    EventTypes types,
    TimeProvider time,
    ProjectionOptions options,
    ILogger<ProjectionAccess> logger,
    INotifier? notifier = null)
{
    internal IEventStore Log => log;

    internal IReadModelStore Rows => rows;

    internal EventTypes Types => types;

    internal TimeProvider Time => time;

    internal ProjectionOptions Options => options;

    internal ILogger Logger => logger;

    internal INotifier? Notifier => notifier;

    /// <summary>Calls something outside the process, and waits no longer than a limit it may ignore.</summary>
    /// <exception cref="StoreUnavailableException">The limit ended; what became of the call is unknown.</exception>
    internal async Task<T> Call<T>(Func<CancellationToken, Task<T>> call, TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? options.StoreLimit, time);
        try
        {
            return await call(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException silent) when (limit.IsCancellationRequested)
        {
            throw new StoreUnavailableException("There was no answer in time.", silent);
        }
    }

    /// <inheritdoc cref="Call{T}"/>
    internal Task Call(Func<CancellationToken, Task> call, TimeSpan? within = null) => Call(
        async limit =>
        {
            await call(limit);
            return true;
        },
        within);
}
