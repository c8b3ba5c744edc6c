using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>One reaction to one event. The grain's key is the name of the reaction and the event's id.</summary>
[Alias("waybill.reaction-grain")]
public interface IReactionGrain : ISagaGrain
{
    /// <summary>Starts it; started again it changes nothing.</summary>
    [Alias("start")]
    Task<Outcome<SagaExplanation>> Start(CommandContext context, Reaction reaction);
}

/// <inheritdoc/>
[GrainType("reaction")]
public sealed class ReactionGrain(StoreAccess access, SagaAccess sagas)
    : SagaGrain<Reaction, SagaExplanation>(access, sagas), IReactionGrain
{
    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Start(CommandContext context, Reaction reaction) =>
        Take(context, new Reaction.Happened(reaction));

    /// <inheritdoc/>
    protected override SagaExplanation View(Saga<Reaction> state, long version) => SagaExplanation.Of(state);
}
