using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Rides;

/// <summary>A ride. The grain's key is the ride's id.</summary>
/// <remarks><see cref="Ride"/> names the refusals.</remarks>
[Alias("waybill.ride")]
public interface IRideGrain : IGrainWithStringKey
{
    /// <summary>
    /// Asks for the ride, to be paid from an open account in that currency. A driver is looked for from then on.
    /// </summary>
    [Alias("request")]
    Task<Outcome<RideView>> Request(
        CommandContext context, string riderId, string accountId, string currency, GeoPoint pickup, GeoPoint dropoff);

    /// <summary>Gives it a driver.</summary>
    [Alias("match")]
    Task<Outcome<RideView>> Match(CommandContext context, string driverId, string driverAccountId);

    /// <summary>Takes it from a driver, who is not asked again.</summary>
    [Alias("pass-over")]
    Task<Outcome<RideView>> PassOver(CommandContext context, string driverId, string reason);

    /// <summary>The driver is there.</summary>
    [Alias("arrive")]
    Task<Outcome<RideView>> Arrive(CommandContext context);

    /// <summary>Sets out; the time that is paid for begins.</summary>
    [Alias("start")]
    Task<Outcome<RideView>> Start(CommandContext context);

    /// <summary>Ends it. From then on it is paid by itself.</summary>
    [Alias("complete")]
    Task<Outcome<RideView>> Complete(CommandContext context, long distanceMetres);

    /// <summary>Calls it off, before it has started.</summary>
    [Alias("cancel")]
    Task<Outcome<RideView>> Cancel(CommandContext context, CancelledBy by, string reason);

    /// <summary>Notes why the rider could not be charged.</summary>
    [Alias("fail-payment")]
    Task<Outcome<RideView>> FailPayment(CommandContext context, string reason);

    /// <summary>Notes that the rider was charged.</summary>
    [Alias("pay")]
    Task<Outcome<RideView>> Pay(CommandContext context, long amount);

    /// <summary>Says how it was; each party once.</summary>
    [Alias("rate")]
    Task<Outcome<RideView>> Rate(CommandContext context, RideParty by, int stars);

    /// <summary>The ride as it stands.</summary>
    /// <param name="after">A position that what is answered must not be older than.</param>
    [Alias("get")]
    Task<Outcome<RideView>> Get(long after = 0);
}
