using Waybill.Grains.Orders;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;

namespace Waybill.Tests.Grains.Orders;

/// <summary>The rules of a fulfilment: what is asked of whom, and that the order decides where it ends.</summary>
public sealed class FulfilmentTests
{
    private readonly SagaSpecification<Fulfilment> _saga = new("o1");

    public FulfilmentTests() => _saga
        .Take(new Fulfilment.OrderPlaced(new("o1", "ann", "EUR", 9_00, [new("tea", 2), new("pot", 1)])))
        .Refusal.ShouldBeNull();

    [Fact]
    public void It_reserves_charges_and_ships()
    {
        _saga.Unanswered().ShouldBe(
            ["reserve:tea stock.reserve tea", "reserve:pot stock.reserve pot", "hold account.hold ann"]);
        ToCome().ShouldBe(["note-reserved", "capture", "pay", "ship", "dispatch"]);
        Reserved();
        _saga.Unanswered().ShouldBe(
        [
            "note-reserved order.reserve o1",
            "capture account.capture ann",
            "pay account.deposit merchant-EUR",
        ]);
        Charged();
        _saga.Unanswered().ShouldBe(["note-reserved order.reserve o1", "ship order.ship o1"]);
        _saga.Done("note-reserved");
        _saga.Done("ship");
        _saga.Unanswered().ShouldBe(["dispatch:tea stock.ship tea", "dispatch:pot stock.ship pot"]);
        ToCome().ShouldBeEmpty();
        _saga.Done("dispatch:pot");
        _saga.Saga.Status.ShouldBe(SagaStatus.Running);
        _saga.Done("dispatch:tea");
        (_saga.Saga.Status, _saga.Saga.Deadline).ShouldBe((SagaStatus.Completed, null));
        _saga.Saga.IsOver.ShouldBeTrue();
    }

    [Fact]
    public void It_is_started_once() => _saga
        .Take(new Fulfilment.OrderPlaced(new("o1", "bob", "EUR", 1, [new("tea", 1)]))).Events.ShouldBeEmpty();

    [Fact]
    public void Without_stock_the_order_is_cancelled_and_what_was_set_aside_is_released()
    {
        _saga.Done("reserve:tea");
        _saga.Refused("reserve:pot", "insufficient-stock");
        _saga.Unanswered().ShouldBe(["hold account.hold ann", "cancel order.cancel o1"]);
        _saga.Done("cancel");
        _saga.Done("hold");
        _saga.Unanswered().ShouldBe(["undo-hold account.release ann"]);
        _saga.Done("undo-hold");
        _saga.Unanswered().ShouldBe(["undo-reserve:tea stock.release tea"]);
        _saga.Done("undo-reserve:tea");
        (_saga.Saga.Status, _saga.Saga.Reason).ShouldBe((SagaStatus.Compensated, "insufficient-stock"));
    }

    [Fact]
    public void Where_nothing_was_done_it_ends_only_after_the_order_is_cancelled()
    {
        _saga.Refused("reserve:tea", "insufficient-stock");
        _saga.Refused("reserve:pot", "insufficient-stock");
        _saga.Refused("hold", "insufficient-funds");
        _saga.Saga.Status.ShouldBe(SagaStatus.Compensating);
        _saga.Unanswered().ShouldBe(["cancel order.cancel o1"]);
        _saga.Done("cancel");
        (_saga.Saga.Status, _saga.Saga.Reason).ShouldBe((SagaStatus.Failed, "insufficient-stock"));
        _saga.Saga.IsOver.ShouldBeTrue();
    }

    [Fact]
    public void A_person_has_only_that_tried_again_which_was_not_undone_and_nothing_that_was_refused()
    {
        Where_nothing_was_done_it_ends_only_after_the_order_is_cancelled();
        _saga.Done("reserve:tea");
        _saga.Refused("undo-reserve:tea", "out-of-order");
        _saga.Saga.Stuck.ShouldBe("undo-reserve:tea: out-of-order");

        _saga.Retry();
        _saga.Unanswered().ShouldBe(["undo-reserve:tea stock.release tea"]);
    }

    [Fact]
    public void A_cancelled_order_is_not_cancelled_again_and_what_is_under_way_is_undone_once_it_is_known()
    {
        Reserved();
        _saga.Done("capture");
        _saga.Take(new Fulfilment.OrderCancelled("changed my mind")).Events.ShouldHaveSingleItem();
        _saga.Unanswered().ShouldBe(["note-reserved order.reserve o1", "pay account.deposit merchant-EUR"]);
        _saga.Refused("note-reserved", "order-cancelled");
        _saga.Done("pay");
        _saga.Unanswered().ShouldBe(["undo-pay account.withdraw merchant-EUR"]);
        _saga.Done("undo-pay");
        _saga.Unanswered().ShouldBe(["undo-capture account.deposit ann"]);
        _saga.Done("undo-capture");
        _saga.Done("undo-hold");
        _saga.Done("undo-reserve:pot");
        _saga.Done("undo-reserve:tea");
        (_saga.Saga.Status, _saga.Saga.Reason).ShouldBe((SagaStatus.Compensated, "changed my mind"));
    }

    [Fact]
    public void An_order_that_will_not_ship_because_it_was_cancelled_is_refunded()
    {
        ReservedAndCharged();
        _saga.Refused("ship", "order-cancelled");
        (_saga.Saga.Status, _saga.Saga.Reason).ShouldBe((SagaStatus.Compensating, "order-cancelled"));
        _saga.Unanswered().ShouldBe(["undo-pay account.withdraw merchant-EUR"]);
    }

    [Fact]
    public void An_order_that_is_shipped_though_a_person_said_that_it_is_not_calls_for_one_until_one_comes()
    {
        ReservedAndCharged();
        _saga.Settle("ship", CommandOutcome.NotDone);
        (_saga.Saga.Status, _saga.Saga.Reason).ShouldBe((SagaStatus.Compensating, "settled-as-not-done"));
        _saga.Done("ship");
        const string Shipped = "ship: done, and settled as not done";
        _saga.Saga.Stuck.ShouldBe(Shipped);

        _saga.Refused("cancel", "order-shipped");
        foreach (var undo in (string[])["pay", "capture", "hold", "reserve:pot", "reserve:tea"])
        {
            _saga.Saga.Stuck.ShouldBe(Shipped);
            _saga.Done($"undo-{undo}");
        }
        (_saga.Saga.Status, _saga.Saga.Stuck).ShouldBe((SagaStatus.Compensated, Shipped));
        _saga.Undo();
        _saga.Saga.IsOver.ShouldBeTrue();
    }

    [Fact]
    public void News_of_a_cancellation_that_has_been_heard_of_changes_nothing()
    {
        ReservedAndCharged();
        _saga.Refused("ship", "order-cancelled");

        _saga.Take(new Fulfilment.OrderCancelled("changed my mind")).Events.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(Fulfilment.Reserving, true)]
    [InlineData(Fulfilment.Reserving, false)]
    [InlineData(Fulfilment.Charging, true)]
    [InlineData(Fulfilment.Charging, false)]
    public void Before_it_has_been_asked_to_ship_it_goes_back_at_once(string stage, bool isDeadline)
    {
        if (stage == Fulfilment.Charging)
            Reserved();
        SendBack(isDeadline);

        _saga.Saga.Status.ShouldBe(SagaStatus.Compensating);
        _saga.Unanswered().ShouldContain("cancel order.cancel o1");
        CancelReason("cancel").ShouldContain(isDeadline ? "timed-out" : "asked-to-compensate");
    }

    [Theory, InlineData(true), InlineData(false)]
    public void While_it_is_asked_to_ship_it_goes_back_only_if_the_order_is_cancelled(bool isDeadline)
    {
        ReservedAndCharged();
        SendBack(isDeadline);
        (_saga.Saga.Status, _saga.Saga.Stage).ShouldBe((SagaStatus.Running, Fulfilment.Recalling));
        _saga.Unanswered().ShouldBe(["ship order.ship o1", "recall order.cancel o1"]);

        _saga.Done("recall");
        _saga.Saga.Status.ShouldBe(SagaStatus.Compensating);
        _saga.Unanswered().ShouldBe(["ship order.ship o1"]);
        _saga.Refused("ship", "order-cancelled");
        _saga.Unanswered().ShouldBe(["undo-pay account.withdraw merchant-EUR"]);
        _saga.Saga.Reason.ShouldBe(isDeadline ? "timed-out" : "asked-to-compensate");
    }

    [Theory, InlineData(true), InlineData(false)]
    public void An_order_that_was_shipped_before_it_was_recalled_is_dispatched(bool isRefusedFirst)
    {
        ReservedAndCharged();
        SendBack(isDeadline: true);
        if (isRefusedFirst)
            _saga.Refused("recall", "order-shipped");
        _saga.Done("ship");
        if (!isRefusedFirst)
            _saga.Refused("recall", "order-shipped");
        _saga.Unanswered().ShouldBe(["dispatch:tea stock.ship tea", "dispatch:pot stock.ship pot"]);
        _saga.Done("dispatch:tea");
        _saga.Done("dispatch:pot");
        _saga.Saga.Status.ShouldBe(SagaStatus.Completed);
    }

    [Fact]
    public void An_order_that_says_nothing_calls_for_a_person_who_can_only_have_it_asked_again()
    {
        ReservedAndCharged();
        SendBack(isDeadline: true);
        _saga.TimeOut();
        (_saga.Saga.Status, _saga.Saga.Stuck).ShouldBe((SagaStatus.Running, "timed-out"));
        _saga.Unanswered().ShouldBe(["ship order.ship o1", "recall order.cancel o1"]);

        _saga.Undo().Refusal.ShouldBeNull();
        _saga.Done("recall");
        _saga.Saga.Status.ShouldBe(SagaStatus.Compensating);
    }

    [Fact]
    public void What_is_shipped_cannot_be_sent_back_and_calls_for_a_person_if_the_stock_does_not_leave()
    {
        ReservedAndCharged();
        _saga.Done("ship");
        _saga.Undo().Refusal.ShouldBe(Decision.Refuse("order-shipped"));
        _saga.Refused("dispatch:pot", "not-reserved");
        _saga.Done("dispatch:tea");
        (_saga.Saga.Status, _saga.Saga.Stuck).ShouldBe((SagaStatus.Running, "dispatch:pot: not-reserved"));
        _saga.Undo().Refusal.ShouldBe(Decision.Refuse("order-shipped"));

        _saga.Retry().Refusal.ShouldBeNull();
        _saga.Unanswered().ShouldBe(["dispatch:pot stock.ship pot"]);
        _saga.TimeOut();
        _saga.Saga.Stuck.ShouldBe("timed-out");
        _saga.Retry();
        _saga.Done("dispatch:pot");
        (_saga.Saga.Status, _saga.Saga.Stuck).ShouldBe((SagaStatus.Completed, null));
    }

    [Fact]
    public void What_it_was_stuck_on_and_comes_after_all_brings_it_to_its_end()
    {
        ReservedAndCharged();
        _saga.Done("ship");
        _saga.Refused("dispatch:pot", "not-reserved");
        _saga.Done("dispatch:tea");
        _saga.Done("dispatch:pot");
        (_saga.Saga.Status, _saga.Saga.Stuck).ShouldBe((SagaStatus.Completed, null));
    }

    private void Reserved()
    {
        foreach (var name in (string[])["hold", "reserve:pot", "reserve:tea"])
            _saga.Done(name);
    }

    private void Charged()
    {
        _saga.Done("pay");
        _saga.Done("capture");
    }

    private void ReservedAndCharged()
    {
        Reserved();
        Charged();
        _saga.Done("note-reserved");
    }

    private void SendBack(bool isDeadline) =>
        (isDeadline ? _saga.TimeOut() : _saga.Undo()).Events.ShouldHaveSingleItem();

    private string CancelReason(string name) =>
        _saga.Saga.Commands.Single(command => command.Name == name).Message.Payload.Text;

    private IReadOnlyList<string> ToCome() => SagaExplanation.Of(_saga.Saga).ToCome;
}
