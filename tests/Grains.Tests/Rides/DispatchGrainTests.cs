using Orleans.Runtime;
using Waybill.EventStore;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Rides.RideCluster;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Rides;

/// <summary>Rides find their drivers by themselves, and drivers their next rides.</summary>
public sealed class DispatchGrainTests : IAsyncLifetime
{
    private readonly RideCluster _cluster = new();

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task The_nearest_free_driver_gets_the_ride_and_is_free_again_after_it()
    {
        await _cluster.Free("far", 4);
        await _cluster.Free("near", 1);
        await _cluster.Request("r1");
        await _cluster.UntilMatched("r1", "near");
        (await _cluster.Account("r1")).Available.ShouldBe(
            Money - Tariff.Standard.Estimate(Here, There).Total);
        (await _cluster.Driver("near").GoOffline(Command())).Code.ShouldBe("driver-on-ride");

        await _cluster.Go("r1");

        var paid = await _cluster.Until("r1", RideStatus.Paid);
        paid.Fare.ShouldBe(new Fare(2_50, 3_84, 3_00, 9_34));
        (paid.DistanceMetres, paid.DurationSeconds).ShouldBe((3_200, 600));
        await _cluster.UntilFree("near");
        await _cluster.UntilDispatch("r1", SagaStatus.Completed);
        await Until(async () => (await _cluster.Account("near")).Balance == 9_34);
        var rider = await _cluster.Account("r1");
        (rider.Balance, rider.Available).ShouldBe((Money - 9_34, Money - 9_34));
        (await _cluster.Driver("far").Get()).View!.Version.ShouldBe(2);
    }

    [Fact]
    public async Task Who_has_moved_and_then_stands_still_is_found_however_long_nobody_searched()
    {
        await _cluster.Free("d", 20);
        Accepted(await _cluster.Driver("d").Move(Command(), North(1)));
        var management = _cluster.Sagas.Cluster.Client.GetGrain<IManagementGrain>(0);
        await management.ForceActivationCollection(TimeSpan.Zero);

        await _cluster.Request("r1");

        await _cluster.UntilMatched("r1", "d");
    }

    [Fact]
    public async Task A_driver_who_declines_is_passed_over_for_the_next_one_and_free_for_other_rides()
    {
        await _cluster.Free("a", 1);
        await _cluster.Free("b", 2);
        await _cluster.Request("r1");
        await _cluster.UntilMatched("r1", "a");
        (await _cluster.Ride("r1").PassOver(Command(), "b", "declined")).Code.ShouldBe("driver-not-matched");

        Accepted(await _cluster.Ride("r1").PassOver(Command(), "a", "declined"));
        await _cluster.UntilMatched("r1", "b");

        await _cluster.UntilFree("a");
        await _cluster.Request("r2");
        await _cluster.UntilMatched("r2", "a");
    }

    [Fact]
    public async Task A_driver_who_does_not_come_in_time_is_passed_over_for_the_next_one()
    {
        await _cluster.Free("a", 1);
        await _cluster.Free("b", 2);
        await _cluster.Request("r1");
        await _cluster.UntilStage("r1", Dispatch.Matched);

        await _cluster.Pass(new DispatchOptions().ArrivalLimit, () => _cluster.IsMatched("r1", "b"));

        await _cluster.UntilFree("a");
        (await _cluster.Recorded("ride", "r1")).Select(recorded => recorded.Event)
            .ShouldContain(new RideEvent.DriverPassedOver("a", "no-reaction"));
    }

    [Fact]
    public async Task A_driver_who_has_come_may_wait_as_long_as_it_takes()
    {
        await _cluster.Free("a", 1);
        await _cluster.Request("r1");
        await _cluster.UntilMatched("r1", "a");
        Accepted(await _cluster.Ride("r1").Arrive(Command()));
        await _cluster.UntilStage("r1", Dispatch.Riding);

        _cluster.Clock.Advance(TimeSpan.FromHours(1));
        await _cluster.Sagas.WakeDue();

        (await _cluster.Ride("r1").Get()).View!.Status.ShouldBe(RideStatus.Arrived);
    }

    [Fact]
    public async Task With_nobody_near_the_ride_is_cancelled_and_the_money_released()
    {
        await _cluster.Free("far", 11);
        await _cluster.Request("r1");

        var cancelled = await _cluster.Until("r1", RideStatus.Cancelled);

        cancelled.Reason.ShouldBe("no-driver-found");
        await _cluster.UntilDispatch("r1", SagaStatus.Compensated);
        (await _cluster.Account("r1")).Available.ShouldBe(Money);
    }

    [Fact]
    public async Task With_nobody_left_the_ride_is_cancelled()
    {
        await _cluster.Free("a", 1);
        await _cluster.Request("r1");
        await _cluster.UntilMatched("r1", "a");

        Accepted(await _cluster.Ride("r1").PassOver(Command(), "a", "declined"));

        (await _cluster.Until("r1", RideStatus.Cancelled)).Reason.ShouldBe("no-driver-found");
        await _cluster.UntilFree("a");
    }

    [Fact]
    public async Task Who_is_paid_in_another_currency_is_not_looked_for()
    {
        Accepted(await _cluster.Sagas.Account("usd").Open(Command(), "dora", "USD"));
        await _cluster.Free("a", 1, account: "usd");
        await _cluster.Request("r1");

        await _cluster.Until("r1", RideStatus.Cancelled);
    }

    [Theory]
    [InlineData(CancelledBy.Rider)]
    [InlineData(CancelledBy.Driver)]
    [InlineData(CancelledBy.System)]
    public async Task A_ride_that_is_called_off_lets_its_driver_go(CancelledBy by)
    {
        await _cluster.Free("a", 1);
        await _cluster.Request("r1");
        await _cluster.UntilMatched("r1", "a");

        Accepted(await _cluster.Ride("r1").Cancel(Command(), by, "rain"));

        await _cluster.UntilFree("a");
        await _cluster.UntilDispatch("r1", SagaStatus.Compensated);
        (await _cluster.Account("r1")).Available.ShouldBe(Money);
        (await _cluster.Ride("r1").Arrive(Command())).Code.ShouldBe("ride-cancelled");
    }

    [Fact]
    public async Task A_cancellation_while_a_driver_is_looked_for_has_one_outcome()
    {
        await _cluster.Free("a", 1);
        var assigned = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        _cluster.Sagas.Wire.Send = async (message, send) =>
        {
            var answer = await send();
            if (message.Type != RideMessages.Assign.Name)
                return answer;
            assigned.TrySetResult();
            await cancelled.Task;
            return answer;
        };
        await _cluster.Request("r1");
        await assigned.Task.WaitAsync(FakeTimeProvider.BarrierLimit, TestContext.Current.CancellationToken);

        Accepted(await _cluster.Ride("r1").Cancel(Command(), CancelledBy.Rider, "rain"));
        cancelled.SetResult();

        await _cluster.UntilFree("a");
        await _cluster.UntilDispatch("r1", SagaStatus.Compensated);
        // The log may have told of the assignment before the call was answered: then there was a match for a moment.
        var happened = (await _cluster.Recorded("ride", "r1")).Select(recorded => recorded.Type).ToList();
        happened.Where(type => type != "ride.matched").ShouldBe(["ride.requested", "ride.cancelled"]);
        happened[^1].ShouldBe("ride.cancelled");
    }

    [Fact]
    public async Task What_cannot_be_paid_for_at_all_is_refused_at_the_door()
    {
        await _cluster.Sagas.Open("acc", 0);
        await _cluster.Sagas.Open("closed", 0);
        Accepted(await _cluster.Sagas.Account("closed").Close(Command()));

        (await Request("nobody", "EUR")).Code.ShouldBe("account-not-found");
        (await Request("acc", "USD")).Code.ShouldBe("currency-mismatch");
        (await Request("closed", "EUR")).Code.ShouldBe("account-closed");
        (await _cluster.Ride("r1").Get()).Status.ShouldBe(OutcomeStatus.NotFound);

        Task<Outcome<RideView>> Request(string account, string currency) =>
            _cluster.Ride("r1").Request(Command(), "ann", account, currency, Here, There);
    }

    [Fact]
    public async Task Two_rides_never_get_one_driver_though_hundreds_are_requested_at_once()
    {
        const int rides = 200, drivers = 20;
        await _cluster.Sagas.Open("riders", Money * 100);
        for (var driver = 0; driver < drivers; driver++)
            await _cluster.Free($"d{driver}", driver / 10.0);

        await Task.WhenAll(Enumerable.Range(0, rides).Select(async ride => Accepted(
            await _cluster.Ride($"r{ride}").Request(Command(), "ann", "riders", "EUR", Here, There))));

        var ended = new List<RideView>();
        for (var ride = 0; ride < rides; ride++)
            await Until(async () =>
            {
                var view = (await _cluster.Ride($"r{ride}").Get()).View!;
                if (view.Status is RideStatus.Requested)
                    return false;
                ended.Add(view);
                return true;
            });
        var matched = ended.Where(ride => ride.Status is RideStatus.Matched).ToList();
        matched.Count.ShouldBe(drivers);
        matched.Select(ride => ride.DriverId).ShouldBeUnique();
        ended.Except(matched).ShouldAllBe(ride => ride.Reason == "no-driver-found");
    }

    [Fact]
    public async Task A_ride_that_was_requested_when_the_process_died_is_dispatched_by_the_next()
    {
        await _cluster.Free("a", 1);
        await _cluster.Sagas.Open(AccountOf("r1"), Money);
        // The first write is the request; the next one, the dispatch's, never comes.
        _cluster.Sagas.Store.CrashAt(2, after: false);
        Accepted(await _cluster.Ride("r1").Request(Command(), "ann", AccountOf("r1"), "EUR", Here, There));
        await _cluster.Sagas.Store.Crashed;
        await _cluster.Sagas.Restart();

        await _cluster.UntilMatched("r1", "a");
    }

    [Fact]
    public async Task A_ride_goes_its_way_though_every_silo_dies_at_every_turn()
    {
        await _cluster.Free("a", 1);
        await _cluster.Free("b", 2);
        await _cluster.Request("r1");
        await _cluster.UntilMatched("r1", "a");
        await _cluster.Sagas.Restart();
        Accepted(await _cluster.Ride("r1").PassOver(Command(), "a", "declined"));
        await _cluster.Sagas.Restart();
        await Wake(() => _cluster.IsMatched("r1", "b"));
        await Wake(() => _cluster.IsFree("a"));
        await _cluster.Sagas.Restart();
        await _cluster.Go("r1");
        await _cluster.Sagas.Restart();

        await Wake(async () => (await _cluster.Ride("r1").Get()).View!.Status is RideStatus.Paid);
        await Wake(async () => (await _cluster.Account("b")).Balance == 9_34);
        await Wake(() => _cluster.IsFree("b"));
        (await _cluster.Account("r1")).Available.ShouldBe(Money - 9_34);
    }

    // What was under way when the silos died is woken when its lease ends.
    private Task Wake(Func<Task<bool>> holds) => _cluster.Pass(_cluster.Sagas.Options.CheckPeriod, holds);
}
