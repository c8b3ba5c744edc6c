using System.Diagnostics;
using Waybill.EventStore;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Rides;

/// <summary>A cluster with riders and drivers, who live on one line: a degree of latitude is 111 km.</summary>
public sealed class RideCluster(short silos = 1, TimeProvider? time = null) : IAsyncLifetime
{
    /// <summary>What riders and drivers have in the beginning.</summary>
    public const long Money = 100_00;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static readonly GeoPoint Here = new(52.5, 13.4);
    public static readonly GeoPoint There = new(52.53, 13.4);

    public SagaCluster Sagas { get; } = new()
    {
        HasStreams = true,
        Silos = silos,
        Time = time!,
        // By a clock that a test moves in hours, each silo would look thousands of times; the test has it look.
        Options = time is null ? new SagaOptions { DuePeriod = TimeSpan.FromDays(10) } : new SagaOptions(),
        Adds = silo => silo
            .AddWaybillRides()
            .AddProjection<OnlineDrivers, OnlineDriverRow, IOnlineDriversGrain>(),
    };

    public FakeTimeProvider Clock => Sagas.Clock;

    public ValueTask InitializeAsync() => Sagas.InitializeAsync();

    public ValueTask DisposeAsync() => Sagas.DisposeAsync();

    public IDriverGrain Driver(string id) => Sagas.Cluster.Client.GetGrain<IDriverGrain>(id);

    public IRideGrain Ride(string id) => Sagas.Cluster.Client.GetGrain<IRideGrain>(id);

    /// <summary>Takes a driver on, who is free so many kilometres north of <see cref="Here"/>.</summary>
    public async Task Free(string driver, double kilometres, string? account = null)
    {
        if (account is null)
            await Sagas.Open(account = AccountOf(driver), 0);
        Accepted(await Driver(driver).Register(Command(), "Dora", "blue van", account));
        Accepted(await Driver(driver).GoOnline(Command(), North(kilometres)));
    }

    public static GeoPoint North(double kilometres) => Here with { Lat = Here.Lat + (kilometres / 111.195) };

    public static string AccountOf(string who) => $"acc-{who}";

    /// <summary>Asks for a ride, to be paid from an account with <see cref="Money"/> on it.</summary>
    public async Task Request(string ride, long money = Money)
    {
        await Sagas.Open(AccountOf(ride), money);
        Accepted(await Ride(ride).Request(Command(), "ann", AccountOf(ride), "EUR", Here, There));
    }

    public async Task<RideView> Until(string ride, RideStatus status)
    {
        RideView? view = null;
        await SagaCluster.Until(async () => (view = (await Ride(ride).Get()).View)?.Status == status);
        return view!;
    }

    public Task UntilMatched(string ride, string driver) => SagaCluster.Until(() => IsMatched(ride, driver));

    public async Task<bool> IsMatched(string ride, string driver) =>
        (await Ride(ride).Get()).View is { Status: RideStatus.Matched } view && view.DriverId == driver;

    public Task UntilFree(string driver) => SagaCluster.Until(() => IsFree(driver));

    public async Task<bool> IsFree(string driver) =>
        (await Driver(driver).Get()).View!.Status is DriverStatus.Free;

    /// <summary>Goes the whole way, from a match to the end.</summary>
    public async Task Go(string ride, long metres = 3_200, int seconds = 600)
    {
        Accepted(await Ride(ride).Arrive(Command()));
        Accepted(await Ride(ride).Start(Command()));
        // What is under way in the store would be given up, as it takes ten minutes by that clock.
        await SagaCluster.Until(async () => await Dispatch(ride) is { Stage: Waybill.Grains.Rides.Dispatch.Riding } now
            && now.Steps.All(step => step.Status is not CommandStatus.Sent));
        Clock.Advance(TimeSpan.FromSeconds(seconds));
        Accepted(await Ride(ride).Complete(Command(), metres));
    }

    /// <summary>
    /// Lets time pass until something has come of it. A timer that was set while the clock was moving may be late; so
    /// where nothing comes, a little more passes.
    /// </summary>
    public async Task Pass(TimeSpan time, Func<Task<bool>> holds)
    {
        Clock.Advance(time);
        await Look();
        var begun = Stopwatch.GetTimestamp();
        await SagaCluster.Until(async () =>
        {
            if (await holds())
                return true;
            if (Stopwatch.GetElapsedTime(begun) > Patience)
            {
                begun = Stopwatch.GetTimestamp();
                Clock.Advance(Sagas.Options.CheckPeriod);
                await Look();
            }
            return false;
        });
    }

    // A busy machine may be too slow for the store's limit; then it is looked again later, as a silo would.
    private async Task Look()
    {
        try
        {
            await Sagas.WakeDue();
        }
        catch (StoreUnavailableException)
        {
        }
    }

    public async Task<SagaExplanation> Dispatch(string ride) =>
        (await Sagas.Cluster.Client.GetSaga(new StreamName("dispatch", ride)).Explain()).View!;

    public Task UntilStage(string ride, string stage) => SagaCluster.Until(async () =>
        (await Sagas.Cluster.Client.GetSaga(new StreamName("dispatch", ride)).Explain()).View?.Stage == stage);

    public Task UntilDispatch(string ride, SagaStatus status) =>
        SagaCluster.Until(async () => (await Dispatch(ride)).Status == status);

    public async Task<AccountView> Account(string who) => (await Sagas.Account(AccountOf(who)).Get()).View!;

    public Task<List<RecordedEvent>> Recorded(string category, string id) => Sagas.Recorded(new(category, id));

    public static void Accepted<TView>(Outcome<TView> outcome)
        where TView : class => outcome.Status.ShouldBe(OutcomeStatus.Accepted, outcome.Code);
}
