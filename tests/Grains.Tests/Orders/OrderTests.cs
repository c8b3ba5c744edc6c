using Waybill.Grains.Orders;
using Waybill.Tests.Grains.Sourcing;
using static Waybill.Grains.Orders.OrderCommand;
using static Waybill.Grains.Orders.OrderEvent;

namespace Waybill.Tests.Grains.Orders;

public sealed class OrderTests
{
    private static readonly Specification<Order, OrderCommand, OrderEvent> Order = new();

    private static readonly OrderItem[] TwoTeas = [new("tea", "Tea", Quantity: 2, UnitPrice: 4_50)];

    private static readonly Placed Placed = new("c1", "ann-1", "EUR", TwoTeas, Total: 9_00, "1 High Street");

    private static readonly OrderEvent[] Life =
        [Placed, new Reserved(), new Paid(), new Shipped("WB1"), new Delivered()];

    [Fact]
    public void It_costs_what_its_items_cost() => Order
        .Given()
        .When(Place(TwoTeas))
        .Then(Placed);

    public static TheoryData<OrderItem[], string> Nonsense => new()
    {
        { [], "items-missing" },
        { [.. Enumerable.Range(0, 101).Select(i => new OrderItem($"s{i}", "Tea", 1, 1))], "too-many-items" },
        { [TwoTeas[0], TwoTeas[0]], "sku-repeated" },
        { [TwoTeas[0] with { Quantity = 0 }], "quantity-not-positive" },
        { [TwoTeas[0] with { Quantity = long.MaxValue }], "total-too-large" },
        { [new("a", "A", 1, long.MaxValue), new("b", "B", 1, 1)], "total-too-large" },
    };

    [Theory, MemberData(nameof(Nonsense))]
    public void What_makes_no_sense_is_refused(OrderItem[] items, string code) => Order
        .Given()
        .When(Place(items))
        .ThenRefused(code);

    [Fact]
    public void An_order_is_placed_once() => Order
        .Given(Placed)
        .When(Place(TwoTeas))
        .ThenRefused("order-already-exists");

    public static TheoryData<OrderCommand> CommandsOnAnOrder =>
        [new Reserve(), new Ship("WB1"), new Deliver(), new Cancel("why")];

    [Theory, MemberData(nameof(CommandsOnAnOrder))]
    public void What_was_never_placed_is_missing(OrderCommand command) => Order
        .Given()
        .When(command)
        .ThenMissing("order-not-found");

    [Theory, MemberData(nameof(CommandsOnAnOrder))]
    public void Nothing_happens_to_a_cancelled_order(OrderCommand command) => Order
        .Given(Placed, new Cancelled("why"))
        .When(command)
        .ThenRefused("order-cancelled");

    [Fact]
    public void It_goes_from_placed_to_delivered()
    {
        Order.Given(Life[..1]).When(new Reserve()).Then(new Reserved());
        Order.Given(Life[..2]).When(new Ship("WB1")).Then(new Paid(), new Shipped("WB1"));
        Order.Given(Life[..4]).When(new Deliver()).Then(new Delivered());
    }

    [Fact]
    public void It_is_shipped_although_nobody_noted_that_it_is_reserved() => Order
        .Given(Placed)
        .When(new Ship("WB1"))
        .Then(new Reserved(), new Paid(), new Shipped("WB1"));

    [Theory, InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void A_note_that_comes_late_changes_nothing(int events) => Order
        .Given(Life[..events])
        .When(new Reserve())
        .Then();

    [Theory, InlineData(4), InlineData(5)]
    public void It_is_shipped_once(int events) => Order
        .Given(Life[..events])
        .When(new Ship("WB2"))
        .Then();

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void It_can_be_cancelled_until_it_is_shipped(int events) => Order
        .Given(Life[..events])
        .When(new Cancel("why"))
        .Then(new Cancelled("why"));

    [Theory]
    [InlineData(4, "order-shipped")]
    [InlineData(5, "order-delivered")]
    public void It_cannot_be_cancelled_any_more(int events, string code) => Order
        .Given(Life[..events])
        .When(new Cancel("why"))
        .ThenRefused(code);

    [Theory]
    [InlineData(1, "order-not-shipped")]
    [InlineData(3, "order-not-shipped")]
    [InlineData(5, "order-delivered")]
    public void Only_what_is_on_its_way_is_delivered(int events, string code) => Order
        .Given(Life[..events])
        .When(new Deliver())
        .ThenRefused(code);

    [Fact]
    public void It_shows_all_but_the_address()
    {
        OrderView.Of("o1", Order.Fold(Life), 5).ShouldBe(
            new OrderView("o1", "c1", OrderStatus.Delivered, TwoTeas, 9_00, "EUR", Reason: null, "WB1", 5));
        OrderView.Of("o1", Order.Fold(Placed, new Cancelled("why")), 2).ShouldBe(
            new OrderView("o1", "c1", OrderStatus.Cancelled, TwoTeas, 9_00, "EUR", "why", TrackingNumber: null, 2));
    }

    [Fact]
    public void A_tracking_number_is_made_of_the_orders_id()
    {
        TrackingNumber.Of("o1").ShouldBe(TrackingNumber.Of("o1"));
        TrackingNumber.Of("o1").ShouldNotBe(TrackingNumber.Of("o2"));
        TrackingNumber.Of("o1").ShouldMatch("^WB[0-9A-F]{16}$");
    }

    private static Place Place(OrderItem[] items) => new("c1", "ann-1", "EUR", items, "1 High Street");
}
