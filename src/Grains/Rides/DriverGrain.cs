using Microsoft.Extensions.Logging;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Grains.Rides;

/// <summary>The driver as a grain: every rule stands in <see cref="Driver"/>.</summary>
/// <remarks>
/// Where the driver is lives in here, and while the driver is free also in the cell of that place; neither is recorded.
/// After this activation has died the driver is where the cell last heard of, or else where the driver went online,
/// until the next move.
/// </remarks>
public sealed class DriverGrain(StoreAccess access, TimeProvider time, ILogger<DriverGrain> logger)
    : EventSourcedGrain<DriverCommand, DriverEvent, Driver, DriverView>(access), IDriverGrain
{
    private (GeoPoint Place, int Session)? _moved;
    private string? _cell; // The one that has been told that the driver is there.
    private Task _publishing = Task.CompletedTask;
    private bool _isPublished;

    private string Id => this.GetPrimaryKeyString();

    private GeoPoint Place =>
        _moved is { } moved && moved.Session == Current.State.Session ? moved.Place : Current.State.Place;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        // Whoever does not know where the last activation had the driver stand guesses well here; the cell finds out
        // by itself otherwise.
        if (Current.State.Session > 0)
            _cell = CellGrid.Of(Place).Key;
    }

    /// <inheritdoc/>
    public async Task<Outcome<DriverView>> Register(
        CommandContext context, string name, string vehicle, string accountId)
    {
        // An account's currency never changes.
        var account = await GrainFactory.GetGrain<IAccountGrain>(accountId).Get();
        if (account.View is not { } view)
            return new(account.Status, account.Code, null, account.Version, account.Position);
        return view.Status is AccountStatus.Closed
            ? new(OutcomeStatus.Refused, "account-closed", null, account.Version, account.Position)
            : await Published(Execute(
                context, new DriverCommand.Register(Id, name, vehicle, accountId, view.Currency)));
    }

    /// <inheritdoc/>
    public async Task<Outcome<DriverView>> GoOnline(CommandContext context, GeoPoint place)
    {
        var online = await Execute(context, new DriverCommand.GoOnline(place));
        // A repeat is about a session that may be over, and where the driver was then.
        var isNews = online.Status is OutcomeStatus.Accepted && online.Version == Current.Version;
        return isNews ? await MoveTo(place) : online;
    }

    /// <inheritdoc/>
    public Task<Outcome<DriverView>> GoOffline(CommandContext context) =>
        Published(Execute(context, new DriverCommand.GoOffline()));

    /// <inheritdoc/>
    public async Task<Outcome<DriverView>> Move(CommandContext context, GeoPoint place)
    {
        var standing = await Read();
        if (standing.Status is not OutcomeStatus.Accepted)
            return standing;
        if (context.ExpectedVersion is { } expected && expected != standing.Version)
            return standing with { Status = OutcomeStatus.VersionMismatch, Code = "version-mismatch", View = null };
        return Driver.Decide(new DriverCommand.Move(place), Current.State, time.GetUtcNow()).Refusal is { } no
            ? standing with { Status = OutcomeStatus.Refused, Code = no.Code, View = null }
            : await MoveTo(place);
    }

    /// <inheritdoc/>
    public Task<Outcome<DriverView>> Assign(CommandContext context, string rideId, string currency) =>
        Published(Execute(context, new DriverCommand.Assign(rideId, currency)));

    /// <inheritdoc/>
    public Task<Outcome<DriverView>> Release(CommandContext context, string rideId) =>
        Published(Execute(context, new DriverCommand.Release(rideId)));

    /// <inheritdoc/>
    public Task<Outcome<DriverView>> Get(long after = 0) => Read(after);

    /// <inheritdoc/>
    public async Task<string?> Report(DriverFix? heard)
    {
        await Look();
        if (_moved is null && heard is not null)
            _moved = (heard.Place, heard.Session);
        await Publish();
        return _cell;
    }

    /// <inheritdoc/>
    protected override DriverView View(Driver driver, long version) => DriverView.Of(
        Id,
        driver,
        _moved is { } moved && moved.Session == driver.Session ? moved.Place : driver.Place,
        version);

    private Task<Outcome<DriverView>> MoveTo(GeoPoint place)
    {
        _moved = (place, Current.State.Session);
        return Published(Read());
    }

    private async Task<Outcome<DriverView>> Published(Task<Outcome<DriverView>> asked)
    {
        var outcome = await asked;
        await Publish();
        return outcome;
    }

    // One at a time, each with what holds then, so that nothing old overtakes what is newer.
    private Task Publish()
    {
        _isPublished = false;
        return _publishing.IsCompleted ? _publishing = PublishAll() : _publishing;
    }

    private async Task PublishAll()
    {
        while (!_isPublished)
        {
            _isPublished = true;
            try
            {
                await StandWhereItBelongs();
            }
            catch (Exception error) // A cell's silo has died, say. The next move, or the cell itself, makes it good.
            {
                logger.LogWarning(error, "The driver {Driver} is not where others look for one.", Id);
            }
        }
    }

    // First here and then no longer there: rather twice than not at all.
    private async Task StandWhereItBelongs()
    {
        var (before, driver) = (_cell, Current.State);
        _cell = driver.IsFree ? CellGrid.Of(Place).Key : null;
        if (_cell is not null)
            await GrainFactory.GetGrain<IDriverCellGrain>(_cell).Put(
                new DriverFix(Id, Place, driver.Currency, driver.Session, time.GetUtcNow()));
        if (before is not null && before != _cell)
            await GrainFactory.GetGrain<IDriverCellGrain>(before).Remove(Id);
    }
}
