using System.Text.Json.Serialization.Metadata;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>
/// A process over several aggregates, pure: no clock, no I/O, no ids made inside. The record itself is what the process
/// has to know; where it stands is kept by <see cref="Saga{TSaga}"/>.
/// </summary>
public interface ISaga<TSelf>
    where TSelf : class, ISaga<TSelf>
{
    /// <summary>The saga's type, which is the category of its streams: lower-case letters only.</summary>
    static abstract string Category { get; }

    /// <summary>What it knows before its first input.</summary>
    static abstract TSelf Initial { get; }

    /// <summary>Its JSON; stored for ever.</summary>
    static abstract JsonTypeInfo<TSelf> DataJson { get; }

    /// <summary>The JSON of the whole process, for snapshots; source-generated.</summary>
    static abstract JsonTypeInfo<Saga<TSelf>> Json { get; }

    /// <summary>The names of the commands that lead to its good end, in order: what is to come.</summary>
    static abstract IReadOnlyList<string> Plan { get; }

    /// <summary>
    /// How long one compensation may take, or what a person has tried again, before a person is called.
    /// </summary>
    static virtual TimeSpan CompensationLimit => TimeSpan.FromMinutes(1);

    /// <summary>
    /// Says what an input leads to, as a table of (stage, input). The way back is the same for all sagas: once
    /// it has begun, only what is asked from outside comes here, and only to be refused.
    /// </summary>
    static abstract Step React(Saga<TSelf> saga, SagaInput input);
}
