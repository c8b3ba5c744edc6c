using Waybill.Grains.Orders;
using Waybill.Tests.Grains.Sourcing;
using static Waybill.Grains.Orders.StockCommand;
using static Waybill.Grains.Orders.StockEvent;

namespace Waybill.Tests.Grains.Orders;

public sealed class StockTests
{
    private static readonly Specification<Stock, StockCommand, StockEvent> Stock = new();

    private static readonly ItemListed Tea = new("Tea", 4_50, "EUR");

    private static Specification<Stock, StockCommand, StockEvent>.Scenario TenTeas =>
        Stock.Given(Tea, new Received(10));

    [Fact]
    public void An_item_is_listed_with_nothing_on_hand() => Stock
        .Given()
        .When(new Offer("Tea", 4_50, "EUR"))
        .Then(Tea);

    [Fact]
    public void An_offer_can_be_changed() => Stock
        .Given(Tea)
        .When(new Offer("Tea", 5_00, "EUR"))
        .Then(new ItemRevised("Tea", 5_00));

    [Fact]
    public void The_same_offer_again_changes_nothing() => Stock
        .Given(Tea)
        .When(new Offer("Tea", 4_50, "EUR"))
        .Then();

    [Fact]
    public void An_items_currency_is_for_ever() => Stock
        .Given(Tea)
        .When(new Offer("Tea", 4_50, "USD"))
        .ThenRefused("currency-mismatch");

    [Fact]
    public void An_item_has_a_name_and_a_price()
    {
        Stock.Given().When(new Offer("", 1, "EUR")).ThenRefused("name-missing");
        Stock.Given().When(new Offer("Tea", 0, "EUR")).ThenRefused("unit-price-not-positive");
    }

    public static TheoryData<StockCommand> CommandsOnAnItem =>
        [new Receive(1), new Reserve("o1", 1), new Release("o1"), new Ship("o1")];

    [Theory, MemberData(nameof(CommandsOnAnItem))]
    public void What_was_never_listed_is_missing(StockCommand command) => Stock
        .Given()
        .When(command)
        .ThenMissing("stock-not-found");

    [Theory]
    [InlineData(0, "quantity-not-positive")]
    [InlineData(-1, "quantity-not-positive")]
    [InlineData(long.MaxValue, "stock-too-large")]
    public void Only_so_many_can_be_received_as_can_be_counted(long quantity, string code) => TenTeas
        .When(new Receive(quantity))
        .ThenRefused(code);

    [Fact]
    public void What_is_available_can_be_promised_to_an_order() => TenTeas
        .When(new Reserve("o1", 10))
        .Then(new Reserved("o1", 10));

    [Fact]
    public void What_is_promised_is_not_promised_again() => Stock
        .Given(Tea, new Received(10), new Reserved("o1", 7))
        .When(new Reserve("o2", 4))
        .ThenRefused("insufficient-stock");

    [Fact]
    public void An_order_is_promised_its_part_once() => Stock
        .Given(Tea, new Received(10), new Reserved("o1", 7))
        .When(new Reserve("o1", 7))
        .Then();

    [Fact]
    public void An_order_is_not_promised_something_else_besides() => Stock
        .Given(Tea, new Received(10), new Reserved("o1", 7))
        .When(new Reserve("o1", 2))
        .ThenRefused("reservation-exists");

    [Fact]
    public void Nothing_cannot_be_promised() => TenTeas
        .When(new Reserve("o1", 0))
        .ThenRefused("quantity-not-positive");

    [Fact]
    public void What_was_promised_can_be_released_and_promised_again()
    {
        Stock.Given(Tea, new Received(10), new Reserved("o1", 7))
            .When(new Release("o1"))
            .Then(new Released("o1", 7));
        Stock.Given(Tea, new Received(10), new Reserved("o1", 7), new Released("o1", 7))
            .When(new Reserve("o2", 10))
            .Then(new Reserved("o2", 10));
    }

    [Fact]
    public void Releasing_nothing_is_nothing() => TenTeas
        .When(new Release("o1"))
        .Then();

    [Fact]
    public void What_was_promised_leaves_once()
    {
        Stock.Given(Tea, new Received(10), new Reserved("o1", 7))
            .When(new Ship("o1"))
            .Then(new Shipped("o1", 7));
        Stock.Given(Tea, new Received(10), new Reserved("o1", 7), new Shipped("o1", 7))
            .When(new Ship("o1"))
            .ThenRefused("not-reserved");
    }

    [Fact]
    public void It_shows_what_is_on_hand_reserved_and_available()
    {
        var stock = Stock.Fold(
            Tea,
            new ItemRevised("Green tea", 5_00),
            new Received(10),
            new Reserved("o1", 2),
            new Reserved("o2", 3),
            new Reserved("o3", 1),
            new Released("o2", 3),
            new Shipped("o1", 2));

        StockView.Of("tea", stock, 8).ShouldBe(
            new StockView("tea", "Green tea", 5_00, "EUR", OnHand: 8, Reserved: 1, Available: 7, 8));
        stock.Reservations.ShouldHaveSingleItem().ShouldBe(new("o3", 1));
    }
}
