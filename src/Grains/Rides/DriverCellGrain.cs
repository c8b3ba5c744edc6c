using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Waybill.EventStore.ReadModels;

namespace Waybill.Grains.Rides;

/// <summary>
/// A cell of the index of free drivers, in memory alone. The grain's key is that of a <see cref="Cell"/>.
/// </summary>
[Alias("waybill.driver-cell")]
public interface IDriverCellGrain : IGrainWithStringKey
{
    /// <summary>A driver is here.</summary>
    [Alias("put")]
    Task Put(DriverFix fix);

    /// <summary>A driver is not here any more, or not free.</summary>
    [Alias("remove")]
    Task Remove(string driverId);

    /// <summary>The nearest drivers in this cell that the query is about.</summary>
    [Alias("search")]
    Task<IReadOnlyList<DriverFix>> Search(DriverQuery query);
}

/// <inheritdoc cref="IDriverCellGrain"/>
/// <remarks>
/// What stands in here is what drivers' grains have said, and may be wrong where one of them, or this cell, has died
/// since. So who has not been heard of for a while is asked before an answer names them, and forgotten if they are
/// elsewhere. A cell that has just come to life asks whoever went online here, as the log has it.
/// </remarks>
[Reentrant] // A driver who is asked answers by standing in the cell that asks.
[CollectionAgeLimit(Minutes = 5)]
public sealed class DriverCellGrain(IReadModelStore rows, TimeProvider time, ILogger<DriverCellGrain> logger)
    : Grain, IDriverCellGrain
{
    /// <summary>How long what was heard is believed: how long the ghost of a lost driver is seen at most.</summary>
    internal static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    // Whoever waits at a busy station is one of some hundreds; asking all at once would swamp the silo.
    private const int AskedAtOnce = 50;

    // A cell's worth many times over; who is left out is found at the next move.
    private const int FromTheLogMax = 10_000;

    // Who stands still says nothing, and is found here alone. It is renewed when anybody comes.
    private static readonly TimeSpan Kept = TimeSpan.FromHours(12);

    private readonly Dictionary<string, DriverFix> _drivers = [];
    private Task _asking = Task.CompletedTask;
    private bool _knowsTheLog;

    /// <inheritdoc/>
    public Task Put(DriverFix fix)
    {
        _drivers[fix.DriverId] = fix;
        DelayDeactivation(Kept);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Remove(string driverId)
    {
        _drivers.Remove(driverId);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DriverFix>> Search(DriverQuery query)
    {
        if (_asking.IsCompleted) // Those who search at the same time wait for the same answers.
            _asking = AskWhoeverIsInDoubt();
        await _asking;
        return [.. query.Nearest(_drivers.Values).Take(query.Max)];
    }

    private async Task AskWhoeverIsInDoubt()
    {
        await AskThoseFromTheLog();
        var trusted = time.GetUtcNow() - Lease;
        await Ask(_drivers.Values.Where(fix => fix.At <= trusted).Select(fix => (fix.DriverId, (DriverFix?)fix)));
    }

    private async Task AskThoseFromTheLog()
    {
        if (_knowsTheLog)
            return;
        _knowsTheLog = true;
        try
        {
            var online = await rows.QueryAsync(
                OnlineDrivers.Model,
                new ReadModelQuery("cell = $1", [this.GetPrimaryKeyString()], Limit: FromTheLogMax));
            await Ask(online.Rows.Select(row => (row.DriverId, (DriverFix?)null))
                .Where(driver => !_drivers.ContainsKey(driver.DriverId)));
        }
        catch (Exception error) // With the store away, who moves is found nevertheless.
        {
            _knowsTheLog = false;
            logger.LogWarning(error, "The cell {Cell} cannot read who is here.", this.GetPrimaryKeyString());
        }
    }

    private async Task Ask(IEnumerable<(string DriverId, DriverFix? Heard)> drivers)
    {
        foreach (var some in drivers.ToList().Chunk(AskedAtOnce))
            await Task.WhenAll(some.Select(driver => Ask(driver.DriverId, driver.Heard)));
    }

    private async Task Ask(string driverId, DriverFix? heard)
    {
        try
        {
            var cell = await GrainFactory.GetGrain<IDriverGrain>(driverId).Report(heard);
            if (cell != this.GetPrimaryKeyString() && _drivers.GetValueOrDefault(driverId) == heard)
                _drivers.Remove(driverId);
        }
        catch (Exception error) // Nobody is answered with a driver who cannot be reached; others can be.
        {
            _drivers.Remove(driverId);
            logger.LogWarning(error, "The driver {Driver} does not answer.", driverId);
        }
    }
}
