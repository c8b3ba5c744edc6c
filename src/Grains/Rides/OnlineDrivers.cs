using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Projections;
using static Waybill.Grains.Rides.DriverEvent;

namespace Waybill.Grains.Rides;

/// <summary>A driver who is online, and the cell in which that began.</summary>
public sealed record OnlineDriverRow(string DriverId, string Cell);

/// <summary>
/// Where drivers have gone online: what an index in memory is made of again after a silo has died.
/// </summary>
public sealed class OnlineDrivers : IProjection<OnlineDriverRow>
{
    /// <inheritdoc/>
    public static ReadModel<OnlineDriverRow> Model { get; } = new(
        "online_driver",
        1,
        [nameof(OnlineDriverRow.DriverId)],
        [[nameof(OnlineDriverRow.Cell), nameof(OnlineDriverRow.DriverId)]]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) =>
        stored.Stream.Category == Driver.Category ? (RowKey?)stored.Stream.Id : null;

    /// <inheritdoc/>
    public static OnlineDriverRow? Apply(OnlineDriverRow? row, RecordedEvent recorded) => recorded.Event switch
    {
        WentOnline e => new(recorded.Stream.Id, CellGrid.Of(new(e.Lat, e.Lon)).Key),
        WentOffline => null,
        _ => row,
    };
}

/// <summary>The host of <see cref="OnlineDrivers"/> for one queue.</summary>
[Alias("waybill.online-drivers")]
public interface IOnlineDriversGrain : IProjectionGrain;

/// <inheritdoc cref="IOnlineDriversGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class OnlineDriversGrain(ProjectionAccess access)
    : ProjectionGrain<OnlineDrivers, OnlineDriverRow>(access), IOnlineDriversGrain;
