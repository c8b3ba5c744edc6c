using Waybill.EventStore;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>
/// Choreography: what happened somewhere leads to a command somewhere else, and nobody coordinates it. Pure.
/// </summary>
public interface IReaction
{
    /// <summary>Its name, which is part of its commands' ids: lower-case letters and hyphens, kept for ever.</summary>
    static abstract string Name { get; }

    /// <summary>Whether an event is one to react to; its data is not read for it.</summary>
    static abstract bool Concerns(StoredEvent stored);

    /// <summary>The command that the event leads to; null if to none after all.</summary>
    static abstract Message? To(RecordedEvent recorded);
}
