using Waybill.EventStore;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>
/// Reads one queue of the log and starts a <see cref="Reaction"/> for each event that concerns it. One small class for
/// each reaction, subscribed to <c>log</c>. An event that comes again starts the same reaction under the same id, which
/// changes nothing.
/// </summary>
public abstract class ReactionHostGrain<TReaction>(LogReaderAccess access) : LogReaderGrain(access)
    where TReaction : IReaction
{
    /// <inheritdoc/>
    protected override string ReaderName => $"reaction-{TReaction.Name}";

    /// <inheritdoc/>
    protected override bool Concerns(StoredEvent stored) => TReaction.Concerns(stored);

    /// <inheritdoc/>
    protected override async Task Handle(StoredEvent stored)
    {
        var context = new CommandContext(
            NameBasedId.Of(stored.EventId, TReaction.Name),
            stored.Metadata.CorrelationId,
            $"{stored.EventId}",
            stored.Metadata.Actor);
        var started = await GrainFactory.GetGrain<IReactionGrain>($"{TReaction.Name}-{stored.EventId:N}").Start(
            context,
            new Reaction(
                TReaction.Name, stored.Stream.Category, stored.Stream.Id, stored.Version, TReaction.Retry));
        if (started.Status is OutcomeStatus.Unavailable)
            throw new StoreUnavailableException($"The reaction to {stored.Stream} {stored.Version} was not started.");
    }
}
