using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.Grains;
using Waybill.Grains.Rides;
using Waybill.Tests.Grains.Sourcing;
using static Waybill.Grains.Rides.RideCommand;
using static Waybill.Grains.Rides.RideEvent;

namespace Waybill.Tests.Grains.Rides;

public sealed class RideTests
{
    private static readonly Specification<Ride, RideCommand, RideEvent> Ride = new();

    // When the specification decides.
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly GeoPoint Here = new(52.52, 13.405);
    private static readonly GeoPoint There = new(52.5, 13.45);
    private static readonly Requested Requested = new("ann", "acc", "EUR", Here, There, 10_31);
    private static readonly Matched Matched = new("d1", "acc-d1");
    private static readonly DriverArrived Arrived = new();
    private static readonly Started Started = new(Now.AddSeconds(-630));
    private static readonly Completed Completed = new("acc", 3_200, 630, new Fare(2_50, 3_84, 3_15, 9_49));
    private static readonly PaymentFailed Failed = new("insufficient-funds");
    private static readonly Paid Paid = new(9_49, "acc-d1");
    private static readonly Cancelled Cancelled = new(CancelledBy.Rider, "changed my mind");

    private static readonly Dictionary<RideStatus, RideEvent[]> Lives = new()
    {
        [RideStatus.Requested] = [Requested],
        [RideStatus.Matched] = [Requested, Matched],
        [RideStatus.Arrived] = [Requested, Matched, Arrived],
        [RideStatus.Started] = [Requested, Matched, Arrived, Started],
        [RideStatus.Completed] = [Requested, Matched, Arrived, Started, Completed],
        [RideStatus.Unpaid] = [Requested, Matched, Arrived, Started, Completed, Failed],
        [RideStatus.Paid] = [Requested, Matched, Arrived, Started, Completed, Paid],
        [RideStatus.Cancelled] = [Requested, Cancelled],
    };

    [Fact]
    public void It_is_requested_with_what_it_should_cost() => Ride
        .Given()
        .When(new RideCommand.Request("ann", "acc", "EUR", Here, There))
        .Then(Requested with { Estimate = Tariff.Standard.Estimate(Here, There).Total });

    [Fact]
    public void It_is_requested_between_places_that_there_are()
    {
        foreach (var (from, to) in new[] { (new GeoPoint(91, 0), There), (Here, new GeoPoint(0, double.NaN)) })
            Ride.Given().When(new RideCommand.Request("ann", "acc", "EUR", from, to)).ThenRefused("location-invalid");
    }

    [Theory, MemberData(nameof(Statuses))]
    public void It_is_requested_once(RideStatus status) => Given(status)
        .When(new RideCommand.Request("ann", "acc", "EUR", Here, There))
        .ThenRefused("ride-already-exists");

    [Fact]
    public void It_goes_its_way()
    {
        Given(RideStatus.Requested).When(new Match("d1", "acc-d1")).Then(Matched);
        Given(RideStatus.Matched).When(new Arrive()).Then(Arrived);
        Given(RideStatus.Arrived).When(new Start()).Then(new Started(Now));
        Given(RideStatus.Started).When(new Complete(3_200)).Then(Completed);
        Given(RideStatus.Completed).When(new Pay(9_49)).Then(Paid);
    }

    [Fact]
    public void A_driver_may_be_passed_over_and_is_not_matched_again()
    {
        var passed = new DriverPassedOver("d1", "declined");
        Given(RideStatus.Matched).When(new PassOver("d1", "declined")).Then(passed);
        Ride.Given(Requested, Matched, passed).When(new Match("d1", "acc-d1")).ThenRefused("driver-passed-over");
        Ride.Given(Requested, Matched, passed).When(new PassOver("d1", "declined")).ThenRefused("driver-not-matched");
        Ride.Given(Requested, Matched, passed).When(new Match("d2", "acc-d2")).Then(new Matched("d2", "acc-d2"));
    }

    [Fact]
    public void Only_the_driver_who_has_it_can_decline()
    {
        Given(RideStatus.Matched).When(new PassOver("d2", "declined")).ThenRefused("driver-not-matched");
        Given(RideStatus.Requested).When(new PassOver("d1", "declined")).ThenRefused("driver-not-matched");
    }

    [Fact]
    public void A_match_that_stands_is_no_news_and_another_one_is_refused()
    {
        Given(RideStatus.Matched).When(new Match("d1", "acc-d1")).Then();
        Given(RideStatus.Matched).When(new Match("d2", "acc-d2")).ThenRefused("ride-matched");
    }

    [Theory]
    [InlineData(RideStatus.Requested)]
    [InlineData(RideStatus.Matched)]
    [InlineData(RideStatus.Arrived)]
    public void It_can_be_called_off_before_it_starts(RideStatus status) =>
        Given(status).When(new Cancel(CancelledBy.Rider, "changed my mind")).Then(Cancelled);

    [Fact]
    public void A_driver_who_does_not_have_it_cannot_call_it_off() => Given(RideStatus.Requested)
        .When(new Cancel(CancelledBy.Driver, "no")).ThenRefused("driver-not-matched");

    [Theory]
    [InlineData(-1)]
    [InlineData(Waybill.Grains.Rides.Ride.DistanceMax + 1)]
    public void A_way_has_a_length(long metres) =>
        Given(RideStatus.Started).When(new Complete(metres)).ThenRefused("distance-invalid");

    [Fact]
    public void The_longest_ride_after_a_year_can_be_counted()
    {
        var fare = Tariff.Standard.Of(Waybill.Grains.Rides.Ride.DistanceMax, 365L * 86_400);
        fare.Total.ShouldBe(fare.Base + fare.Distance + fare.Time);
    }

    [Fact]
    public void A_clock_that_was_put_back_costs_nobody_anything() => Ride
        .Given(Requested, Matched, Arrived, new Started(Now.AddHours(1)))
        .When(new Complete(0))
        .Then(new Completed("acc", 0, 0, new Fare(2_50, 0, 0, 2_50)));

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(1_000, 60, 1_20, 30)]
    [InlineData(4, 1, 0, 1)] // 0.48 and 0.5 minor units.
    [InlineData(5, 2, 1, 1)] // 0.6 and 1.
    public void Each_part_of_a_fare_is_rounded_by_itself(long metres, long seconds, long distance, long time) =>
        Tariff.Standard.Of(metres, seconds).ShouldBe(new Fare(2_50, distance, time, 2_50 + distance + time));

    [Fact]
    public void A_payment_that_fails_is_noted_once_for_each_reason()
    {
        Given(RideStatus.Completed).When(new FailPayment("insufficient-funds")).Then(Failed);
        Given(RideStatus.Unpaid).When(new FailPayment("insufficient-funds")).Then();
        Given(RideStatus.Unpaid).When(new FailPayment("account-closed")).Then(new PaymentFailed("account-closed"));
        Given(RideStatus.Paid).When(new FailPayment("insufficient-funds")).Then();
    }

    [Fact]
    public void It_can_be_paid_late_and_only_once()
    {
        Given(RideStatus.Unpaid).When(new Pay(9_49)).Then(Paid);
        Given(RideStatus.Paid).When(new Pay(9_49)).Then();
    }

    [Theory]
    [InlineData(RideStatus.Completed)]
    [InlineData(RideStatus.Unpaid)]
    [InlineData(RideStatus.Paid)]
    public void Each_party_rates_it_once(RideStatus status)
    {
        var rated = new Rated(RideParty.Rider, 5);
        Given(status).When(new Rate(RideParty.Rider, 5)).Then(rated);
        Ride.Given([.. Lives[status], rated]).When(new Rate(RideParty.Rider, 4)).ThenRefused("already-rated");
        Ride.Given([.. Lives[status], rated]).When(new Rate(RideParty.Driver, 1))
            .Then(new Rated(RideParty.Driver, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(int.MinValue)]
    public void There_are_one_to_five_stars(int stars) =>
        Given(RideStatus.Paid).When(new Rate(RideParty.Rider, stars)).ThenRefused("stars-invalid");

    [Theory, MemberData(nameof(WrongTransitions))]
    public void What_does_not_follow_is_refused_with_where_it_stands(RideStatus status, RideCommand command) =>
        Given(status).When(command).ThenRefused($"ride-{status.ToString().ToLowerInvariant()}");

    [Theory, MemberData(nameof(Commands))]
    public void What_was_never_requested_is_missing(RideCommand command) =>
        Ride.Given().When(command).ThenMissing("ride-not-found");

    [Fact]
    public void Every_event_type_can_be_stored_and_is_folded()
    {
        RideEvent[] every =
        [
            Requested, Matched, new DriverPassedOver("d1", "declined"), new Matched("d2", "acc-d2"), Arrived, Started,
            Completed, Failed, Paid, new Rated(RideParty.Rider, 5), Cancelled,
        ];
        var stored = new ServiceCollection().AddWaybillEvents().BuildServiceProvider()
            .GetRequiredService<EventTypes>().All.Select(type => type.Json.Type);

        every.Select(e => e.GetType()).Distinct().ShouldBe(typeof(RideEvent).GetNestedTypes(), ignoreOrder: true);
        typeof(RideEvent).GetNestedTypes().ShouldBeSubsetOf(stored);
        var folded = Ride.Fold(every[..^1]);
        (folded.Status, folded.DriverId, folded.Fare, folded.Reason).ShouldBe(
            (RideStatus.Paid, "d2", Completed.Fare, null));
        folded.PassedOver.ShouldBe(["d1"]);
        folded.Ratings.ShouldBe([new Rating(RideParty.Rider, 5)]);
        Ride.Fold(every).Status.ShouldBe(RideStatus.Cancelled);
    }

    public static TheoryData<RideStatus> Statuses => [.. Lives.Keys];

    public static TheoryData<RideCommand> Commands =>
    [
        new Match("d9", "acc"), new PassOver("d1", "declined"), new Arrive(), new Start(), new Complete(1),
        new Cancel(CancelledBy.System, "no"), new FailPayment("no"), new Pay(1), new Rate(RideParty.Driver, 3),
    ];

    // Every command in every status, but for those that have a row of their own.
    public static TheoryData<RideStatus, RideCommand> WrongTransitions =>
    [
        .. from status in Lives.Keys
           from row in Commands
           let command = row.Data
           where (status, command) is not (
               (RideStatus.Requested, Match or PassOver or Cancel)
               or (RideStatus.Matched, PassOver or Arrive or Cancel)
               or (RideStatus.Arrived, Start or Cancel)
               or (RideStatus.Started, Complete)
               or (RideStatus.Completed or RideStatus.Unpaid or RideStatus.Paid, FailPayment or Pay or Rate))
           select (status, command),
    ];

    private static Specification<Ride, RideCommand, RideEvent>.Scenario Given(RideStatus status) =>
        Ride.Given(Lives[status]);
}
