using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Rides;

/// <summary>A driver. The grain's key is the driver's id.</summary>
/// <remarks><see cref="Driver"/> names the refusals.</remarks>
[Alias("waybill.driver")]
public interface IDriverGrain : IGrainWithStringKey
{
    /// <summary>Takes the driver on, or notes what has changed. The account must be open.</summary>
    [Alias("register")]
    Task<Outcome<DriverView>> Register(CommandContext context, string name, string vehicle, string accountId);

    /// <summary>Lets the driver wait for rides.</summary>
    [Alias("go-online")]
    Task<Outcome<DriverView>> GoOnline(CommandContext context, GeoPoint place);

    /// <summary>Lets the driver have no more rides; refused during one.</summary>
    [Alias("go-offline")]
    Task<Outcome<DriverView>> GoOffline(CommandContext context);

    /// <summary>
    /// Notes where the driver is. Nothing is recorded, and nothing waits for the store: that comes every few seconds.
    /// </summary>
    [Alias("move")]
    Task<Outcome<DriverView>> Move(CommandContext context, GeoPoint place);

    /// <summary>Gives a ride to the driver; refused unless the driver is free.</summary>
    [Alias("assign")]
    Task<Outcome<DriverView>> Assign(CommandContext context, string rideId, string currency);

    /// <summary>Takes a ride from the driver, who is free then; any other ride changes nothing.</summary>
    [Alias("release")]
    Task<Outcome<DriverView>> Release(CommandContext context, string rideId);

    /// <summary>The driver as things stand.</summary>
    /// <param name="after">A position that what is answered must not be older than.</param>
    [Alias("get")]
    Task<Outcome<DriverView>> Get(long after = 0);

    /// <summary>
    /// Has the driver stand in the cell where a free one belongs, and in no other; asked by a cell that has not heard
    /// of the driver for a while.
    /// </summary>
    /// <param name="heard">
    /// What the cell last heard. A driver's grain that has just come back knows nothing newer, and takes it over.
    /// </param>
    /// <returns>The key of the cell that the driver stands in; null if in none.</returns>
    [Alias("report")]
    Task<string?> Report(DriverFix? heard);
}

/// <summary>Where a free driver was last.</summary>
/// <param name="DriverId">The driver.</param>
/// <param name="Place">The place.</param>
/// <param name="Currency">What the driver is paid in.</param>
/// <param name="Session">How often the driver had gone online by then.</param>
/// <param name="At">When that was heard.</param>
[GenerateSerializer, Immutable, Alias("waybill.driver-fix")]
public sealed record DriverFix(string DriverId, GeoPoint Place, string Currency, int Session, DateTimeOffset At);
