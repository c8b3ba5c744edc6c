using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.Grains;
using Waybill.Grains.Rides;
using Waybill.Tests.Grains.Sourcing;
using static Waybill.Grains.Rides.DriverCommand;
using static Waybill.Grains.Rides.DriverEvent;

namespace Waybill.Tests.Grains.Rides;

public sealed class DriverTests
{
    private static readonly Specification<Driver, DriverCommand, DriverEvent> Driver = new();

    private static readonly GeoPoint Place = new(52.5, 13.4);
    private static readonly Registered Registered = new("d1", "Dora", "blue van", "acc", "EUR");
    private static readonly WentOnline Online = new(52.5, 13.4);
    private static readonly Assigned Busy = new("r1");

    [Fact]
    public void A_driver_is_taken_on() => Driver
        .Given()
        .When(new Register("d1", "Dora", "blue van", "acc", "EUR"))
        .Then(Registered);

    [Fact]
    public void What_has_changed_is_noted() => Driver
        .Given(Registered)
        .When(new Register("d1", "Dora", "red van", "acc-2", "USD"))
        .Then(new Revised("d1", "Dora", "red van", "acc-2", "USD"));

    [Fact]
    public void What_has_not_changed_is_not() => Driver
        .Given(Registered)
        .When(new Register("d1", "Dora", "blue van", "acc", "EUR"))
        .Then();

    [Fact]
    public void Whoever_waits_for_rides_begins_somewhere() => Driver
        .Given(Registered)
        .When(new GoOnline(Place))
        .Then(Online);

    [Fact]
    public void Online_once_more_is_no_news() => Driver
        .Given(Registered, Online)
        .When(new GoOnline(new GeoPoint(1, 2)))
        .Then();

    [Fact]
    public void A_place_that_is_not_there_is_refused()
    {
        foreach (var nowhere in new[] { new GeoPoint(91, 0), new GeoPoint(double.NaN, 0), new GeoPoint(0, -181) })
        {
            Driver.Given(Registered).When(new GoOnline(nowhere)).ThenRefused("location-invalid");
            Driver.Given(Registered, Online).When(new Move(nowhere)).ThenRefused("location-invalid");
        }
    }

    [Fact]
    public void Who_is_free_can_stop_waiting() => Driver
        .Given(Registered, Online)
        .When(new GoOffline())
        .Then(new WentOffline());

    [Fact]
    public void Who_is_offline_can_stay_so() => Driver.Given(Registered).When(new GoOffline()).Then();

    [Fact]
    public void Nobody_leaves_a_ride() => Driver
        .Given(Registered, Online, Busy)
        .When(new GoOffline())
        .ThenRefused("driver-on-ride");

    [Fact]
    public void On_a_ride_nobody_changes_what_it_is_paid_in() => Driver
        .Given(Registered, Online, Busy)
        .When(new Register("d1", "Dora", "red van", "acc-2", "USD"))
        .ThenRefused("driver-on-ride");

    [Fact]
    public void A_move_is_nothing_to_record() => Driver.Given(Registered, Online).When(new Move(Place)).Then();

    [Fact]
    public void Who_is_offline_moves_unseen() => Driver
        .Given(Registered, Online, new WentOffline())
        .When(new Move(Place))
        .ThenRefused("driver-offline");

    [Fact]
    public void Who_is_free_is_given_a_ride() => Driver
        .Given(Registered, Online)
        .When(new Assign("r1", "EUR"))
        .Then(Busy);

    [Fact]
    public void A_ride_is_given_once() => Driver.Given(Registered, Online, Busy).When(new Assign("r1", "EUR")).Then();

    [Fact]
    public void Who_has_a_ride_is_given_no_other() => Driver
        .Given(Registered, Online, Busy)
        .When(new Assign("r2", "EUR"))
        .ThenRefused("driver-on-ride");

    [Fact]
    public void Who_is_offline_is_given_none() => Driver
        .Given(Registered)
        .When(new Assign("r1", "EUR"))
        .ThenRefused("driver-offline");

    [Fact]
    public void Nobody_is_paid_in_another_currency() => Driver
        .Given(Registered, Online)
        .When(new Assign("r1", "USD"))
        .ThenRefused("currency-mismatch");

    [Fact]
    public void Whose_ride_is_over_is_free() => Driver
        .Given(Registered, Online, Busy)
        .When(new Release("r1"))
        .Then(new Released("r1"));

    [Fact]
    public void A_ride_that_somebody_does_not_have_is_not_taken_from_them()
    {
        Driver.Given(Registered, Online, Busy).When(new Release("r2")).Then();
        Driver.Given(Registered, Online, Busy, new Released("r1")).When(new Release("r1")).Then();
    }

    [Theory, MemberData(nameof(CommandsOnADriver))]
    public void Who_was_never_taken_on_is_missing(DriverCommand command) => Driver
        .Given()
        .When(command)
        .ThenMissing("driver-not-found");

    [Fact]
    public void Every_event_type_can_be_stored_and_is_folded()
    {
        DriverEvent[] every =
        [
            Registered,
            new Revised("d1", "Dora", "red van", "acc-2", "USD"),
            Online,
            Busy,
            new Released("r1"),
            new WentOffline(),
        ];
        var stored = new ServiceCollection().AddWaybillEvents().BuildServiceProvider()
            .GetRequiredService<EventTypes>().All.Select(type => type.Json.Type);

        every.Select(e => e.GetType()).ShouldBe(typeof(DriverEvent).GetNestedTypes(), ignoreOrder: true);
        typeof(DriverEvent).GetNestedTypes().ShouldBeSubsetOf(stored);
        Driver.Fold(every).ShouldBe(new Driver(
            IsRegistered: true, IsOnline: false, "Dora", "red van", "acc-2", "USD", Place, Session: 1, RideId: null));
    }

    public static TheoryData<DriverCommand> CommandsOnADriver =>
    [
        new GoOnline(Place), new GoOffline(), new Move(Place), new Assign("r1", "EUR"), new Release("r1"),
    ];
}
