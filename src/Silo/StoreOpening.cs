using Waybill.EventStore;

namespace Waybill.Silo;

/// <summary>
/// Opens the event store at start, so that a locked, damaged or too new one stops the start and not a request.
/// </summary>
internal sealed class StoreOpening(IEventStore store) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => store.ReadHeadPositionAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
