using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Rides;

/// <summary>The ride as a grain: every rule stands in <see cref="Ride"/>.</summary>
public sealed class RideGrain(StoreAccess access)
    : EventSourcedGrain<RideCommand, RideEvent, Ride, RideView>(access), IRideGrain
{
    /// <inheritdoc/>
    public async Task<Outcome<RideView>> Request(
        CommandContext context, string riderId, string accountId, string currency, GeoPoint pickup, GeoPoint dropoff)
    {
        var isNew = Current.Version == 0;
        return isNew && await Check(accountId, currency) is { } no
            ? no
            : await Execute(context, new RideCommand.Request(riderId, accountId, currency, pickup, dropoff));
    }

    /// <inheritdoc/>
    public Task<Outcome<RideView>> Match(CommandContext context, string driverId, string driverAccountId) =>
        Execute(context, new RideCommand.Match(driverId, driverAccountId));

    /// <inheritdoc/>
    public Task<Outcome<RideView>> PassOver(CommandContext context, string driverId, string reason) =>
        Execute(context, new RideCommand.PassOver(driverId, reason));

    /// <inheritdoc/>
    public Task<Outcome<RideView>> Arrive(CommandContext context) => Execute(context, new RideCommand.Arrive());

    /// <inheritdoc/>
    public Task<Outcome<RideView>> Start(CommandContext context) => Execute(context, new RideCommand.Start());

    /// <inheritdoc/>
    public Task<Outcome<RideView>> Complete(CommandContext context, long distanceMetres) =>
        Execute(context, new RideCommand.Complete(distanceMetres));

    /// <inheritdoc/>
    public Task<Outcome<RideView>> Cancel(CommandContext context, CancelledBy by, string reason) =>
        Execute(context, new RideCommand.Cancel(by, reason));

    /// <inheritdoc/>
    public Task<Outcome<RideView>> FailPayment(CommandContext context, string reason) =>
        Execute(context, new RideCommand.FailPayment(reason));

    /// <inheritdoc/>
    public Task<Outcome<RideView>> Pay(CommandContext context, long amount) =>
        Execute(context, new RideCommand.Pay(amount));

    /// <inheritdoc/>
    public Task<Outcome<RideView>> Rate(CommandContext context, RideParty by, int stars) =>
        Execute(context, new RideCommand.Rate(by, stars));

    /// <inheritdoc/>
    public Task<Outcome<RideView>> Get(long after = 0) => Read(after);

    /// <inheritdoc/>
    protected override RideView View(Ride ride, long version) =>
        RideView.Of(this.GetPrimaryKeyString(), ride, version);

    // An account's currency never changes. One that is closed later leaves the ride unpaid, and nobody knows that now.
    private async Task<Outcome<RideView>?> Check(string accountId, string currency)
    {
        var account = await GrainFactory.GetGrain<IAccountGrain>(accountId).Get();
        return account.View switch
        {
            null => new(account.Status, account.Code, null, account.Version, account.Position),
            { Status: AccountStatus.Closed } => Refused("account-closed"),
            { Currency: var own } when own != currency => Refused("currency-mismatch"),
            _ => null,
        };
    }

    private static Outcome<RideView> Refused(string code) => new(OutcomeStatus.Refused, code, null, 0, 0);
}
