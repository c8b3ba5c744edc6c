using Orleans.Concurrency;

namespace Waybill.Grains.Rides;

/// <summary>Finds free drivers. Any key will do; 0 is used.</summary>
[Alias("waybill.driver-search")]
public interface IDriverSearchGrain : IGrainWithIntegerKey
{
    /// <summary>The nearest free drivers, the nearest first.</summary>
    [Alias("nearest")]
    Task<IReadOnlyList<DriverFix>> Nearest(DriverQuery query);
}

/// <inheritdoc cref="IDriverSearchGrain"/>
[StatelessWorker]
public sealed class DriverSearchGrain : Grain, IDriverSearchGrain
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<DriverFix>> Nearest(DriverQuery query) =>
        query.Search(cell => GrainFactory.GetGrain<IDriverCellGrain>(cell.Key).Search(query));
}
