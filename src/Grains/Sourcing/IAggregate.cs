using System.Text.Json.Serialization.Metadata;

namespace Waybill.Grains.Sourcing;

/// <summary>
/// An aggregate's rules, pure: no clock, no I/O, no ids made inside. The state is a value; nothing changes it in place.
/// </summary>
public interface IAggregate<TSelf, TCommand, TEvent>
    where TSelf : class, IAggregate<TSelf, TCommand, TEvent>
    where TEvent : class
{
    /// <summary>The category of its streams: lower-case letters only.</summary>
    static abstract string Category { get; }

    /// <summary>
    /// True if its streams stay so short that they are folded as fast without a snapshot, which then nobody looks for.
    /// </summary>
    static virtual bool IsShort => false;

    /// <summary>The JSON of the state, for snapshots; source-generated.</summary>
    static abstract JsonTypeInfo<TSelf> Json { get; }

    /// <summary>The state before the first event.</summary>
    static abstract TSelf Initial { get; }

    /// <summary>Says what a command leads to. It must hold for any state that <see cref="Evolve"/> can reach.</summary>
    /// <param name="command">What is asked for.</param>
    /// <param name="state">What has happened so far.</param>
    /// <param name="now">The time at which it is decided.</param>
    static abstract Decision<TEvent> Decide(TCommand command, TSelf state, DateTimeOffset now);

    /// <summary>Folds one event into the state. It cannot fail, for the event has already happened.</summary>
    static abstract TSelf Evolve(TSelf state, TEvent happened);
}
