using Waybill.Grains.Sourcing;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>Tells an aggregate's rules as sentences: given what happened, when this is asked, then that.</summary>
public sealed class Specification<TState, TCommand, TEvent>
    where TState : class, IAggregate<TState, TCommand, TEvent>
    where TEvent : class
{
    public Scenario Given(params TEvent[] happened) => new(Fold(TState.Initial, happened));

    /// <summary>The state that events add up to.</summary>
    public TState Fold(params TEvent[] happened) => Fold(TState.Initial, happened);

    private static TState Fold(TState state, IEnumerable<TEvent> happened) => happened.Aggregate(state, TState.Evolve);

    public sealed class Scenario(TState state)
    {
        public Answer When(TCommand command) => new(state, command);
    }

    public sealed class Answer(TState state, TCommand command)
    {
        private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        /// <summary>Exactly these events happen, and the state can take them.</summary>
        public void Then(params TEvent[] expected)
        {
            var decision = Decide();
            decision.Refusal.ShouldBeNull();
            decision.Events.ShouldBe(expected);
            Fold(state, expected);
        }

        public void ThenRefused(string code) => Decide().Refusal.ShouldBe(Decision.Refuse(code));

        public void ThenMissing(string code) => Decide().Refusal.ShouldBe(Decision.Missing(code));

        // A decider is pure: asked twice it says the same. A command that loses a race relies on that.
        private Decision<TEvent> Decide()
        {
            var decision = TState.Decide(command, state, Now);
            var again = TState.Decide(command, state, Now);
            again.Events.ShouldBe(decision.Events);
            again.Refusal.ShouldBe(decision.Refusal);
            return decision;
        }
    }
}
