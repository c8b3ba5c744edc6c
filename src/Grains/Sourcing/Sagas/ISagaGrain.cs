using Orleans.Runtime;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>
/// What every saga's grain can be asked. The kind of the grain is the saga's type, its key the saga's id, so that the
/// name of a saga's stream leads to its grain.
/// </summary>
[Alias("waybill.saga-grain")]
public interface ISagaGrain : IGrainWithStringKey
{
    /// <summary>Where it stands, how it got there, and what is to come.</summary>
    [Alias("explain")]
    Task<Outcome<SagaExplanation>> Explain();

    /// <summary>Has what it is stuck on tried again.</summary>
    [Alias("retry")]
    Task<Outcome<SagaExplanation>> Retry(CommandContext context);

    /// <summary>
    /// Has what it did undone. Where undoing something was refused, whoever asks has dealt with that by hand, and the
    /// rest is undone.
    /// </summary>
    [Alias("compensate")]
    Task<Outcome<SagaExplanation>> Compensate(CommandContext context);

    /// <summary>
    /// Takes a person's word for the answer to a command that is not answered. If the log knows its outcome, that
    /// counts instead.
    /// </summary>
    [Alias("settle")]
    Task<Outcome<SagaExplanation>> Settle(CommandContext context, Guid commandId, CommandOutcome outcome);

    /// <summary>
    /// Tells it that an event was recorded of a command that it may have sent. A <see cref="TimeoutException"/> says
    /// that it could not take note.
    /// </summary>
    [Alias("hear")]
    Task Hear(Guid commandId);

    /// <summary>Tells it that its time in the due table has come.</summary>
    /// <param name="claim">What was claimed there; the saga settles it.</param>
    [Alias("wake")]
    Task Wake(SagaClaim claim);
}

/// <summary>A saga's row of the due table, as it was claimed.</summary>
/// <param name="At">When the lease ends.</param>
[GenerateSerializer, Immutable, Alias("waybill.saga-claim")]
public sealed record SagaClaim(DateTimeOffset At);

/// <summary>Finds sagas' grains.</summary>
public static class SagaGrains
{
    /// <summary>The grain of the saga whose stream this is.</summary>
    public static ISagaGrain GetSaga(this IGrainFactory grains, StreamName saga) =>
        grains.GetGrain<ISagaGrain>(GrainId.Create(saga.Category, saga.Id));

    /// <summary>
    /// The stream that a saga's id names; null if it is no saga's id. A category has no hyphen, so that the first one
    /// ends it.
    /// </summary>
    internal static StreamName? TryParse(string sagaId) => sagaId.IndexOf('-') is var hyphen and > 0
        ? new(sagaId[..hyphen], sagaId[(hyphen + 1)..])
        : null;
}
