using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Tests.Grains.Sagas;

/// <summary>A saga can ask, and decide on the answer, which is kept with all that follows from it.</summary>
public sealed class QuestionTests
{
    private readonly SagaSpecification<Poll> _poll = new("p1");

    public QuestionTests() => _poll.Take(new Poll.Begun());

    [Fact]
    public void What_is_answered_is_decided_on_and_recorded()
    {
        _poll.Answered("ask", """{"Names":["ann","bob"]}""");

        _poll.Unanswered().ShouldBe(["tell poll.ask ann"]);
        _poll.Log[^1].Input.ShouldBe(new RecordedInput(
            "done", "ask", Result: new RawJson("""{"Names":["ann","bob"]}""")));
    }

    [Fact]
    public void Another_answer_leads_elsewhere()
    {
        _poll.Answered("ask", """{"Names":[]}""");

        (_poll.Saga.Status, _poll.Saga.Reason).ShouldBe((SagaStatus.Failed, "nobody"));
    }

    [Fact]
    public void An_answer_that_comes_second_changes_nothing()
    {
        var ask = _poll.Saga.Commands[0].Id;
        _poll.Answered("ask", """{"Names":["ann"]}""");

        _poll.Hear(ask, 1, null, new RawJson("""{"Names":["bob"]}""")).Events.ShouldBeEmpty();
        _poll.Saga.Data.Names.ShouldBe(["ann"]);
    }

    [Fact]
    public void A_person_can_say_of_a_question_that_it_is_not_answered_but_not_what_the_answer_is()
    {
        var ask = _poll.Saga.Commands[0].Id;

        _poll.Settle(ask, CommandOutcome.Done, isQuestion: true).Refusal
            .ShouldBe(Decision.Refuse("command-is-question"));
        _poll.Settle(ask, CommandOutcome.NotDone, isQuestion: true).Events.ShouldHaveSingleItem();
        _poll.Saga.Commands[0].Status.ShouldBe(CommandStatus.Refused);
    }

    [Fact]
    public void A_fold_is_made_of_what_was_recorded_and_asks_nobody_again()
    {
        _poll.Answered("ask", """{"Names":["ann"]}""");
        // As if the saga had been written anew since: what it would say today does not matter.
        var altered = _poll.Log.Select(step => step with { Input = new RecordedInput("something-else") });

        var folded = altered.Aggregate(Saga<Poll>.Initial, Saga<Poll>.Evolve);

        folded.Data.Names.ShouldBe(["ann"]);
        folded.Commands.Select(command => (command.Name, command.Status)).ShouldBe(
            [("ask", CommandStatus.Done), ("tell", CommandStatus.Sent)]);
    }

    [Fact]
    public async Task The_answer_to_a_question_goes_into_its_message_s_answer()
    {
        var types = new MessageTypes([Poll.Ask]);
        var message = Poll.Ask.To("crowd", new Poll(["eve"]));

        types.IsQuestion(message).ShouldBeTrue();
        var answer = await types.Send(null!, message, SagaCluster.Command());
        answer.ShouldBe(new Answer(AnswerStatus.Done, null, new RawJson("""{"Names":["eve"]}""")));
    }
}
