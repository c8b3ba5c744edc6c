using Waybill.EventStore;
using Waybill.Grains.Notifications;
using Waybill.Grains.Orders;
using Waybill.Grains.Rides;

namespace Waybill.Tests.Grains.Notifications;

/// <summary>What customers are told, folded from what happened.</summary>
public sealed class CustomerNoticesTests
{
    private const string Rest = "\"correlationId\":\"correlation\"}}";

    private static readonly RideEvent.Requested Requested = new("r-1", "ann", "EUR", default, default, 9_00);

    private static readonly OrderEvent.Placed Placed = new("c-1", "ann", "EUR", [], 9_00, "1 High Street");

    [Fact]
    public void An_order_is_told_of_when_it_is_paid_and_when_it_is_shipped() => Told(
        ("order.placed", Placed),
        ("order.paid", new OrderEvent.Paid()),
        ("order.shipped", new OrderEvent.Shipped("W1"))).ShouldBe(
    [
        "{\"type\":\"order.confirmed\",\"timestamp\":\"2026-01-01T00:00:02+00:00\",\"data\":{\"customerId\":\"c-1\","
            + "\"orderId\":\"o1\",\"amount\":900,\"currency\":\"EUR\"," + Rest,
        "{\"type\":\"order.shipped\",\"timestamp\":\"2026-01-01T00:00:03+00:00\",\"data\":{\"customerId\":\"c-1\","
            + "\"orderId\":\"o1\",\"trackingNumber\":\"W1\"," + Rest,
    ]);

    [Fact]
    public void An_order_that_is_cancelled_is_told_of_with_the_reason() => Told(
        ("order.placed", Placed),
        ("order.cancelled", new OrderEvent.Cancelled("insufficient-funds"))).ShouldBe(
    [
        "{\"type\":\"order.cancelled\",\"timestamp\":\"2026-01-01T00:00:02+00:00\",\"data\":{\"customerId\":\"c-1\","
            + "\"orderId\":\"o1\",\"reason\":\"insufficient-funds\"," + Rest,
    ]);

    [Fact]
    public void A_ride_is_told_of_when_it_is_matched_and_when_it_is_paid() => Told(
        ("ride.requested", Requested),
        ("ride.matched", new RideEvent.Matched("bob", "bobs")),
        ("ride.matched", new RideEvent.Matched("eve", "eves")),
        ("ride.paid", new RideEvent.Paid(7_50, "eves"))).ShouldBe(
    [
        "{\"type\":\"ride.matched\",\"timestamp\":\"2026-01-01T00:00:02+00:00\",\"data\":{\"customerId\":\"r-1\","
            + "\"rideId\":\"o1\",\"driverId\":\"bob\"," + Rest,
        "{\"type\":\"ride.matched\",\"timestamp\":\"2026-01-01T00:00:03+00:00\",\"data\":{\"customerId\":\"r-1\","
            + "\"rideId\":\"o1\",\"driverId\":\"eve\"," + Rest,
        "{\"type\":\"ride.receipt\",\"timestamp\":\"2026-01-01T00:00:04+00:00\",\"data\":{\"customerId\":\"r-1\","
            + "\"rideId\":\"o1\",\"amount\":750,\"currency\":\"EUR\"," + Rest,
    ]);

    [Fact]
    public void A_ride_that_does_not_take_place_is_told_of_with_the_reason() => Told(
        ("ride.requested", Requested),
        ("ride.cancelled", new RideEvent.Cancelled(CancelledBy.System, "no-driver"))).ShouldBe(
    [
        "{\"type\":\"ride.cancelled\",\"timestamp\":\"2026-01-01T00:00:02+00:00\",\"data\":{\"customerId\":\"r-1\","
            + "\"rideId\":\"o1\",\"reason\":\"no-driver\"," + Rest,
    ]);

    [Theory]
    [InlineData("order.placed", true)]
    [InlineData("order.paid", true)]
    [InlineData("order.shipped", true)]
    [InlineData("order.cancelled", true)]
    [InlineData("ride.requested", true)]
    [InlineData("ride.matched", true)]
    [InlineData("ride.paid", true)]
    [InlineData("ride.cancelled", true)]
    [InlineData("ride.completed", false)]
    [InlineData("order.delivered", false)]
    [InlineData("account.opened", false)]
    public void Only_what_customers_are_told_of_concerns_it(string type, bool concerns) =>
        CustomerNotices.KeyOf(Stored(type, 1)).HasValue.ShouldBe(concerns);

    // A row is there only while there is something to tell, and where an order goes to is told to nobody.
    private static List<string> Told(params (string Type, object Event)[] events)
    {
        var told = new List<string>();
        CustomerNoticeRow? row = null;
        foreach (var (index, (type, happened)) in events.Index())
        {
            var recorded = new RecordedEvent(Stored(type, index + 1), happened);
            var after = CustomerNotices.Apply(row, recorded);
            if (CustomerNotices.Notify(row, after, recorded) is { } notice)
                told.Add(notice);
            row = after;
        }
        row.ShouldBeNull();
        return told;
    }

    private static StoredEvent Stored(string type, long version) => new(
        Guid.Empty,
        new("order", "o1"),
        version,
        version,
        type,
        1,
        new DateTimeOffset(2026, 1, 1, 0, 0, (int)version, TimeSpan.Zero),
        [],
        new EventMetadata(Guid.Empty, "correlation", null, "ann"));
}
