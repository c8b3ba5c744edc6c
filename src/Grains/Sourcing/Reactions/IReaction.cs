using Waybill.EventStore;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>
/// How often a refused command is tried again before a person is called: after pauses that grow.
/// </summary>
/// <param name="First">The first pause.</param>
/// <param name="Factor">How much longer each pause is than the one before.</param>
/// <param name="Longest">The longest pause.</param>
/// <param name="Times">How often it is tried again.</param>
[GenerateSerializer, Immutable, Alias("waybill.retry-policy")]
public sealed record RetryPolicy(TimeSpan First, int Factor, TimeSpan Longest, int Times)
{
    /// <summary>How long to wait after so many attempts; null if a person is to be called.</summary>
    public TimeSpan? PauseAfter(int attempts) => attempts > Times
        ? null
        : TimeSpan.FromTicks((long)Math.Min(Longest.Ticks, First.Ticks * Math.Pow(Factor, attempts - 1)));
}

/// <summary>
/// Choreography: what happened somewhere leads to a command somewhere else, and nobody coordinates it. Pure.
/// </summary>
/// <remarks>
/// One that is new to a log begins at its beginning, and reacts to all that ever happened: where it must not, its
/// <see cref="Concerns"/> leaves out what is older than it.
/// </remarks>
public interface IReaction
{
    /// <summary>Its name, which is part of its commands' ids: lower-case letters and hyphens, kept for ever.</summary>
    static abstract string Name { get; }

    /// <summary>Whether an event is one to react to; its data is not read for it.</summary>
    static abstract bool Concerns(StoredEvent stored);

    /// <summary>The command that the event leads to; null if to none after all.</summary>
    static abstract Message? To(RecordedEvent recorded);

    /// <summary>How often a command that is refused is tried again; null if a person is called at once.</summary>
    static virtual RetryPolicy? Retry => null;

    /// <summary>
    /// Whom to tell that the command was refused, each time it is; null if nobody. It must not matter how often.
    /// </summary>
    static virtual Message? WhenRefused(RecordedEvent recorded, string code) => null;

    /// <summary>
    /// Whom to tell that nobody tries the command any more, since a person has given it up; null if nobody.
    /// </summary>
    static virtual Message? WhenGivenUp(RecordedEvent recorded) => null;
}
