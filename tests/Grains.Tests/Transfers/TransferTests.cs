using Waybill.EventStore;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Grains.Sourcing.Sagas.CommandStatus;

namespace Waybill.Tests.Grains.Transfers;

/// <summary>The rules of a transfer, and with them the way back that all sagas share.</summary>
public sealed class TransferTests
{
    private static readonly Transfer FiveEuros = new("ann", "bob", 5_00, "EUR", "rent");

    private readonly SagaSpecification<Transfer> _transfer = new("t1");

    [Fact]
    public void It_debits_then_credits_and_is_completed()
    {
        Request(FiveEuros);
        _transfer.Unanswered().ShouldBe(["debit account.withdraw ann"]);
        _transfer.Saga.Deadline!.At.ShouldBe(SagaSpecification.Now + Transfer.StageLimit);

        _transfer.Done("debit");
        _transfer.Unanswered().ShouldBe(["credit account.deposit bob"]);

        _transfer.Done("credit");
        _transfer.Unanswered().ShouldBeEmpty();
        (_transfer.Saga.Status, _transfer.Saga.Deadline).ShouldBe((SagaStatus.Completed, null));
    }

    [Theory]
    [InlineData(0, "bob", "amount-not-positive")]
    [InlineData(1, "ann", "same-account")]
    public void What_makes_no_sense_is_refused(long amount, string to, string code) =>
        _transfer.Take(new Transfer.Requested(FiveEuros with { Amount = amount, To = to })).Refusal
            .ShouldBe(Decision.Refuse(code));

    [Fact]
    public void A_second_transfer_of_the_same_id_is_refused()
    {
        Request(FiveEuros);

        _transfer.Take(new Transfer.Requested(FiveEuros with { Amount = 7 })).Refusal
            .ShouldBe(Decision.Refuse("transfer-already-exists"));
    }

    [Fact]
    public void A_refused_debit_ends_it_with_nothing_done()
    {
        Request(FiveEuros);
        _transfer.Refused("debit", "insufficient-funds");

        (_transfer.Saga.Status, _transfer.Saga.Reason).ShouldBe((SagaStatus.Failed, "insufficient-funds"));
        _transfer.Unanswered().ShouldBeEmpty();
    }

    [Fact]
    public void A_refused_credit_is_refunded()
    {
        Request(FiveEuros);
        _transfer.Done("debit");
        _transfer.Refused("credit", "account-closed");
        _transfer.Unanswered().ShouldBe(["undo-debit account.deposit ann"]);
        _transfer.Saga.Status.ShouldBe(SagaStatus.Compensating);

        _transfer.Done("undo-debit");
        (_transfer.Saga.Status, _transfer.Saga.Reason).ShouldBe((SagaStatus.Compensated, "account-closed"));
    }

    [Fact]
    public void What_comes_a_second_time_changes_nothing()
    {
        Request(FiveEuros);
        _transfer.Done("debit");
        _transfer.Repeat("debit").Events.ShouldBeEmpty();
        _transfer.Done("credit");
        _transfer.Repeat("credit").Events.ShouldBeEmpty();
    }

    [Fact]
    public void A_deadline_of_a_stage_that_was_left_changes_nothing()
    {
        Request(FiveEuros);
        var stale = _transfer.Saga.Deadline!.Epoch;
        _transfer.Done("debit");

        _transfer.TimeOut(stale).Events.ShouldBeEmpty();
        _transfer.Saga.Stage.ShouldBe(Transfer.Crediting);
    }

    [Fact]
    public void A_silent_debit_is_asked_for_until_it_is_known_and_then_refunded()
    {
        Request(FiveEuros);
        _transfer.TimeOut();
        _transfer.Unanswered().ShouldBe(["debit account.withdraw ann"]);

        _transfer.Done("debit");
        _transfer.Unanswered().ShouldBe(["undo-debit account.deposit ann"]);
        _transfer.Done("undo-debit");
        (_transfer.Saga.Status, _transfer.Saga.Reason).ShouldBe((SagaStatus.Compensated, "timed-out"));
    }

    [Fact]
    public void A_credit_that_succeeds_after_its_deadline_is_taken_back_before_the_debit_is_refunded()
    {
        Request(FiveEuros);
        _transfer.Done("debit");
        _transfer.TimeOut();
        _transfer.Unanswered().ShouldBe(["credit account.deposit bob"]);

        _transfer.Done("credit");
        _transfer.Unanswered().ShouldBe(["undo-credit account.withdraw bob"]);
        _transfer.Done("undo-credit");
        _transfer.Unanswered().ShouldBe(["undo-debit account.deposit ann"]);
        _transfer.Done("undo-debit");
        _transfer.Saga.Status.ShouldBe(SagaStatus.Compensated);
    }

    [Fact]
    public void A_success_that_comes_after_a_refusal_is_undone_though_all_has_ended()
    {
        Request(FiveEuros);
        _transfer.Refused("debit", "insufficient-funds");
        _transfer.Done("debit");
        _transfer.Unanswered().ShouldBe(["undo-debit account.deposit ann"]);

        _transfer.Done("undo-debit");
        _transfer.Saga.Status.ShouldBe(SagaStatus.Failed);
        _transfer.Saga.IsOver.ShouldBeTrue();
    }

    [Fact]
    public void A_success_that_is_undone_only_after_a_person_was_called_leaves_nothing_for_that_person()
    {
        Request(FiveEuros);
        _transfer.Refused("debit", "insufficient-funds");
        _transfer.Done("debit");
        _transfer.TimeOut();
        _transfer.Saga.Stuck.ShouldBe("undo-debit: timed-out");

        _transfer.Done("undo-debit");
        (_transfer.Saga.Stuck, _transfer.Saga.IsOver).ShouldBe((null, true));
        _transfer.Retry().Refusal.ShouldBe(Decision.Refuse("saga-not-stuck"));
    }

    [Fact]
    public void A_refused_compensation_calls_for_a_person_who_has_it_tried_again()
    {
        GetStuckOnTheCredit();

        _transfer.Retry().Refusal.ShouldBeNull();
        _transfer.Unanswered().ShouldBe(["undo-credit account.withdraw bob"]);
        _transfer.Done("undo-credit");
        _transfer.Done("undo-debit");
        _transfer.Saga.Status.ShouldBe(SagaStatus.Compensated);
    }

    [Fact]
    public void A_refused_compensation_that_a_person_has_dealt_with_does_not_keep_the_rest_from_being_undone()
    {
        GetStuckOnTheCredit();

        _transfer.Undo().Refusal.ShouldBeNull();
        _transfer.Saga.Commands.Single(command => command.Name == "undo-credit").Status.ShouldBe(ByHand);
        _transfer.Done("undo-debit");
        _transfer.Saga.Status.ShouldBe(SagaStatus.Compensated);
    }

    [Fact]
    public void A_silent_compensation_calls_for_a_person_and_goes_on_when_it_is_answered_after_all()
    {
        Request(FiveEuros);
        _transfer.Done("debit");
        _transfer.Refused("credit", "account-closed");
        _transfer.TimeOut();
        _transfer.Saga.Stuck.ShouldBe("undo-debit: timed-out");
        _transfer.Unanswered().ShouldBe(["undo-debit account.deposit ann"]);

        _transfer.Done("undo-debit");
        (_transfer.Saga.Status, _transfer.Saga.Stuck).ShouldBe((SagaStatus.Compensated, null));
    }

    [Fact]
    public void What_was_dealt_with_by_hand_and_takes_effect_after_all_calls_for_a_person()
    {
        Request(FiveEuros);
        _transfer.Done("debit");
        _transfer.Refused("credit", "account-closed");
        _transfer.Refused("undo-debit", "account-closed");
        _transfer.Undo();
        _transfer.Saga.Status.ShouldBe(SagaStatus.Compensated);

        _transfer.Done("undo-debit");
        (_transfer.Saga.Status, _transfer.Saga.Stuck).ShouldBe(
            (SagaStatus.Compensated, "undo-debit: done, and by hand as well"));
        _transfer.Undo();
        (_transfer.Saga.Status, _transfer.Saga.Stuck).ShouldBe((SagaStatus.Compensated, null));
    }

    [Fact]
    public void A_success_after_the_end_that_is_never_undone_calls_for_a_person()
    {
        Request(FiveEuros);
        _transfer.Refused("debit", "insufficient-funds");
        _transfer.Done("debit");
        _transfer.Unanswered().ShouldBe(["undo-debit account.deposit ann"]);

        _transfer.TimeOut();
        (_transfer.Saga.Status, _transfer.Saga.Stuck).ShouldBe((SagaStatus.Failed, "undo-debit: timed-out"));
        _transfer.Done("undo-debit");
        _transfer.Saga.Stuck.ShouldBeNull();
        _transfer.Saga.IsOver.ShouldBeTrue();
    }

    [Fact]
    public void What_a_person_settles_as_not_done_on_its_way_forward_is_refused()
    {
        Request(FiveEuros);
        _transfer.Done("debit");
        _transfer.Settle("credit", CommandOutcome.NotDone).Events.ShouldHaveSingleItem();

        (_transfer.Saga.Status, _transfer.Saga.Reason).ShouldBe((SagaStatus.Compensating, "settled-as-not-done"));
        _transfer.Unanswered().ShouldBe(["undo-debit account.deposit ann"]);
        _transfer.Log[^1].Input.ShouldBe(new RecordedInput("settle", "credit", "settled-as-not-done"));
    }

    [Fact]
    public void What_a_person_settles_as_done_on_its_way_forward_is_done()
    {
        Request(FiveEuros);
        _transfer.Settle("debit", CommandOutcome.Done);
        _transfer.Unanswered().ShouldBe(["credit account.deposit bob"]);
        _transfer.Settle("credit", CommandOutcome.Done);

        (_transfer.Saga.Status, _transfer.Saga.IsOver).ShouldBe((SagaStatus.Completed, true));
        _transfer.Log[^1].Input.ShouldBe(new RecordedInput("settle", "credit"));
    }

    [Theory]
    [InlineData(CommandOutcome.Done, "undo-credit account.withdraw bob")]
    [InlineData(CommandOutcome.NotDone, "undo-debit account.deposit ann")]
    public void What_it_is_stuck_on_for_want_of_an_answer_is_settled_and_the_way_back_goes_on(
        CommandOutcome outcome, string next)
    {
        Request(FiveEuros);
        _transfer.Done("debit");
        _transfer.TimeOut();
        _transfer.TimeOut();
        _transfer.Saga.Stuck.ShouldBe("credit: timed-out");

        _transfer.Settle("credit", outcome);

        (_transfer.Saga.Status, _transfer.Saga.Stuck).ShouldBe((SagaStatus.Compensating, null));
        _transfer.Unanswered().ShouldBe([next]);
        _transfer.Saga.Deadline.ShouldNotBeNull();
    }

    [Fact]
    public void An_answer_that_comes_after_a_person_s_word_counts_if_it_is_a_success()
    {
        Request(FiveEuros);
        var debit = _transfer.Saga.Commands[0].Id;
        _transfer.Settle("debit", CommandOutcome.NotDone);
        (_transfer.Saga.Status, _transfer.Saga.Reason).ShouldBe((SagaStatus.Failed, "settled-as-not-done"));

        _transfer.Hear(debit, attempt: 1, "insufficient-funds").Events.ShouldBeEmpty();
        _transfer.Done("debit");

        _transfer.Unanswered().ShouldBe(["undo-debit account.deposit ann"]);
        _transfer.Settle("undo-debit", CommandOutcome.Done);
        _transfer.Saga.IsOver.ShouldBeTrue();
    }

    [Fact]
    public void A_compensation_that_a_person_settles_as_done_ends_the_way_back()
    {
        Request(FiveEuros);
        _transfer.Done("debit");
        _transfer.Refused("credit", "account-closed");
        _transfer.TimeOut();
        _transfer.Saga.Stuck.ShouldBe("undo-debit: timed-out");

        _transfer.Settle("undo-debit", CommandOutcome.Done);

        (_transfer.Saga.Status, _transfer.Saga.IsOver).ShouldBe((SagaStatus.Compensated, true));
        _transfer.Repeat("undo-debit").Events.ShouldBeEmpty();
    }

    [Fact]
    public void A_person_s_word_is_refused_where_there_is_an_answer_and_repeated_changes_nothing()
    {
        Request(FiveEuros);
        _transfer.Settle(Guid.Empty, CommandOutcome.Done).Refusal.ShouldBe(Decision.Missing("command-not-found"));
        _transfer.Done("debit");

        _transfer.Settle("debit", CommandOutcome.NotDone).Refusal.ShouldBe(Decision.Refuse("command-answered"));
        var repeated = _transfer.Settle("debit", CommandOutcome.Done);
        (repeated.Events.Count, repeated.Refusal).ShouldBe((0, null));
        _transfer.Done("credit");
        _transfer.Settle("credit", CommandOutcome.NotDone).Refusal.ShouldBe(Decision.Refuse("saga-ended"));
    }

    [Fact]
    public void A_step_cannot_send_two_commands_of_one_name() => Should.Throw<ArgumentException>(() =>
        _transfer.Saga.Stay().Send("debit", ToAnn).Send("debit", ToAnn));

    private static Message ToAnn => AccountMessages.Deposit.To("ann", new(1, null));

    [Fact]
    public void A_person_can_send_it_back_while_it_is_on_its_way()
    {
        Request(FiveEuros);
        _transfer.Undo();
        (_transfer.Saga.Status, _transfer.Saga.Reason).ShouldBe((SagaStatus.Compensating, "asked-to-compensate"));
        _transfer.Done("debit");
        _transfer.Done("undo-debit");

        _transfer.Undo().Refusal.ShouldBe(Decision.Refuse("saga-not-stuck"));
        _transfer.Retry().Refusal.ShouldBe(Decision.Refuse("saga-not-stuck"));
    }

    [Fact]
    public void The_ids_of_its_commands_are_made_of_the_transfer_the_step_and_the_name()
    {
        Request(FiveEuros);
        var other = new SagaSpecification<Transfer>("t1");
        other.Take(new Transfer.Requested(FiveEuros));

        _transfer.Saga.Commands[0].Id.ShouldBe(other.Saga.Commands[0].Id);
        _transfer.Saga.Commands[0].Id.ShouldBe(NameBasedId.Of(new StreamName("transfer", "t1"), 1, "debit"));
    }

    [Fact]
    public void Nothing_can_be_asked_of_a_transfer_that_was_never_requested()
    {
        _transfer.Retry().Refusal.ShouldBe(Decision.Missing("transfer-not-found"));
        _transfer.TimeOut(0).Refusal.ShouldBe(Decision.Missing("transfer-not-found"));
    }

    private void Request(Transfer transfer) =>
        _transfer.Take(new Transfer.Requested(transfer)).Refusal.ShouldBeNull();

    private void GetStuckOnTheCredit()
    {
        Request(FiveEuros);
        _transfer.Done("debit");
        _transfer.TimeOut();
        _transfer.Done("credit");
        _transfer.Refused("undo-credit", "insufficient-funds");
        _transfer.Saga.Stuck.ShouldBe("undo-credit: insufficient-funds");
        _transfer.Saga.Deadline.ShouldBeNull();
    }
}
