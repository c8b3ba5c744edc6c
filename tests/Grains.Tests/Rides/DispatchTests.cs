using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;

namespace Waybill.Tests.Grains.Rides;

/// <summary>The table of <see cref="Dispatch"/>, row by row.</summary>
public sealed class DispatchTests
{
    private static readonly Dispatch Ride = Dispatch.Initial with
    {
        RideId = "r1",
        AccountId = "acc",
        Currency = "EUR",
        Pickup = new GeoPoint(52.5, 13.4),
        Estimate = 10_00,
        Radius = 5_000,
        ArrivalLimit = TimeSpan.FromMinutes(10),
    };

    private readonly SagaSpecification<Dispatch> _dispatch = new("r1");

    public DispatchTests() => _dispatch.Take(new Dispatch.Requested(Ride)).Refusal.ShouldBeNull();

    [Fact]
    public void The_nearest_driver_is_matched_comes_and_is_released_in_the_end()
    {
        _dispatch.Unanswered().ShouldBe(["hold account.hold acc"]);
        _dispatch.Done("hold");
        _dispatch.Unanswered().ShouldBe(["search driver.search r1"]);
        Found("d1", "d2");
        _dispatch.Unanswered().ShouldBe(["assign driver.assign d1"]);
        _dispatch.Done("assign");
        _dispatch.Unanswered().ShouldBe(["match ride.match r1"]);
        _dispatch.Done("match");
        _dispatch.Saga.Deadline!.At.ShouldBe(_dispatch.Now + Ride.ArrivalLimit);

        _dispatch.Take(new Dispatch.Arrived());
        _dispatch.Saga.Deadline.ShouldBeNull();
        _dispatch.Take(new Dispatch.Completed());
        _dispatch.Unanswered().ShouldBe(["release driver.release d1"]);
        _dispatch.Done("release");
        _dispatch.Saga.Status.ShouldBe(SagaStatus.Completed);
    }

    [Fact]
    public void Who_has_no_money_rides_on_credit()
    {
        _dispatch.Refused("hold", "insufficient-funds");

        _dispatch.Unanswered().ShouldBe(["search driver.search r1"]);
    }

    [Fact]
    public void An_account_that_does_not_answer_keeps_nobody_waiting()
    {
        _dispatch.TimeOut();

        _dispatch.Unanswered().ShouldBe(["hold account.hold acc", "search driver.search r1"]);
        _dispatch.Done("hold");
        _dispatch.Saga.Stage.ShouldBe(Dispatch.Searching);
    }

    [Fact]
    public void Who_is_taken_meanwhile_is_not_waited_for_and_who_is_left_is_looked_for_anew()
    {
        _dispatch.Done("hold");
        Found("d1", "d2");
        _dispatch.Refused("assign", "driver-on-ride");
        _dispatch.Unanswered().ShouldBe(["assign driver.assign d2"]);
        _dispatch.Refused("assign", "driver-offline");

        _dispatch.Unanswered().ShouldBe(["search driver.search r1"]);
        _dispatch.Saga.Commands[^1].Message.Payload.Text.ShouldContain("\"except\":[\"d1\",\"d2\"]");
    }

    [Fact]
    public void With_nobody_left_the_ride_is_cancelled_and_the_money_released()
    {
        _dispatch.Done("hold");
        Found();
        _dispatch.Unanswered().ShouldBe(["cancel ride.cancel r1"]);
        _dispatch.Done("cancel");
        _dispatch.Unanswered().ShouldBe(["undo-hold account.release acc"]);
        _dispatch.Done("undo-hold");

        (_dispatch.Saga.Status, _dispatch.Saga.Reason).ShouldBe((SagaStatus.Compensated, "no-driver-found"));
    }

    [Fact]
    public void A_driver_who_declines_is_let_go_while_the_next_one_is_asked()
    {
        Match("d1", "d2");
        _dispatch.Take(new Dispatch.PassedOver("d1"));

        _dispatch.Unanswered().ShouldBe(
            ["assign driver.assign d2", "undo-assign driver.release d1"], ignoreOrder: true);
        _dispatch.Done("undo-assign");
        _dispatch.Done("assign");
        _dispatch.Unanswered().ShouldBe(["match ride.match r1"]);
    }

    [Fact]
    public void A_driver_may_decline_before_the_match_is_answered()
    {
        Assign("d1", "d2");
        _dispatch.Take(new Dispatch.PassedOver("d1"));
        var match = _dispatch.Saga.Commands.Single(command => command.Name == "match");
        _dispatch.Hear(match.Id, 1, null);

        _dispatch.Saga.Stage.ShouldBe(Dispatch.Assigning);
        _dispatch.Saga.Data.DriverId.ShouldBe("d2");
    }

    [Fact]
    public void A_driver_who_does_not_come_in_time_is_passed_over()
    {
        Match("d1", "d2");
        _dispatch.TimeOut();
        _dispatch.Unanswered().ShouldBe(["pass-over ride.pass-over r1"]);
        _dispatch.Done("pass-over");

        _dispatch.Unanswered().ShouldBe(
            ["assign driver.assign d2", "undo-assign driver.release d1"], ignoreOrder: true);
        _dispatch.Take(new Dispatch.PassedOver("d1")); // The log has it as well.
        _dispatch.Saga.Data.DriverId.ShouldBe("d2");
    }

    [Fact]
    public void A_driver_who_comes_at_the_last_moment_stays()
    {
        Match("d1");
        _dispatch.TimeOut();
        _dispatch.Take(new Dispatch.Arrived());
        _dispatch.Refused("pass-over", "ride-arrived");

        _dispatch.Saga.Stage.ShouldBe(Dispatch.Riding);
        _dispatch.Saga.Deadline.ShouldBeNull();
    }

    [Fact]
    public void What_happened_instead_may_be_heard_later()
    {
        Match("d1", "d2");
        _dispatch.TimeOut();
        _dispatch.Refused("pass-over", "driver-not-matched");
        _dispatch.Unanswered().ShouldBeEmpty();
        _dispatch.Take(new Dispatch.PassedOver("d1"));

        _dispatch.Saga.Data.DriverId.ShouldBe("d2");
    }

    [Fact]
    public void A_cancellation_lets_the_driver_go_and_releases_the_money()
    {
        Match("d1");
        _dispatch.Take(new Dispatch.Cancelled("changed my mind"));
        _dispatch.Unanswered().ShouldBe(["undo-assign driver.release d1"]);
        _dispatch.Done("undo-assign");
        _dispatch.Done("undo-hold");

        (_dispatch.Saga.Status, _dispatch.Saga.Reason).ShouldBe((SagaStatus.Compensated, "changed my mind"));
    }

    [Fact]
    public void A_driver_who_is_found_after_a_cancellation_is_let_go()
    {
        _dispatch.Done("hold");
        Found("d1");
        _dispatch.Take(new Dispatch.Cancelled("changed my mind"));
        _dispatch.Unanswered().ShouldBe(["assign driver.assign d1"]);
        _dispatch.Done("assign");

        _dispatch.Unanswered().ShouldBe(["undo-assign driver.release d1"]);
    }

    [Fact]
    public void A_match_that_the_ride_refuses_is_given_up()
    {
        Assign("d1");
        _dispatch.Refused("match", "ride-cancelled");
        _dispatch.Refused("cancel", "ride-cancelled");
        _dispatch.Done("undo-assign");
        _dispatch.Done("undo-hold");

        _dispatch.Saga.Status.ShouldBe(SagaStatus.Compensated);
    }

    [Fact]
    public void A_ride_that_cannot_be_given_up_any_more_goes_on()
    {
        Assign("d1");
        _dispatch.TimeOut();
        _dispatch.Refused("cancel", "ride-started");
        _dispatch.Take(new Dispatch.Completed());

        _dispatch.Unanswered().ShouldContain("release driver.release d1");
    }

    [Theory]
    [InlineData(Dispatch.Searching)]
    [InlineData(Dispatch.Assigning)]
    public void What_does_not_answer_in_time_is_given_up(string stage)
    {
        _dispatch.Done("hold");
        if (stage == Dispatch.Assigning)
            Found("d1");
        _dispatch.Saga.Stage.ShouldBe(stage);
        _dispatch.TimeOut();
        _dispatch.Done("cancel");

        (_dispatch.Saga.Status, _dispatch.Saga.Reason).ShouldBe((SagaStatus.Compensating, "timed-out"));
    }

    [Fact]
    public void What_happens_to_a_ride_before_it_is_known_changes_nothing()
    {
        var other = new SagaSpecification<Dispatch>("r2");

        other.Take(new Dispatch.Cancelled("no")).Events.ShouldBeEmpty();
        other.Saga.Status.ShouldBe(SagaStatus.None);
    }

    private void Found(params string[] drivers) => _dispatch.Answered(
        "search", $$"""{"driverIds":[{{string.Join(',', drivers.Select(driver => $"\"{driver}\""))}}]}""");

    private void Assign(params string[] drivers)
    {
        _dispatch.Done("hold");
        Found(drivers);
        _dispatch.Done("assign");
    }

    private void Match(params string[] drivers)
    {
        Assign(drivers);
        _dispatch.Done("match");
    }
}
