namespace Waybill.Grains.Sourcing;

/// <summary>A stream folded into a state.</summary>
/// <param name="State">What the events add up to.</param>
/// <param name="Version">How many events they are.</param>
/// <param name="Position">The log position of the last of them; 0 if there are none.</param>
[GenerateSerializer, Immutable, Alias("waybill.folded`1")]
public sealed record Folded<TState>(TState State, long Version, long Position);

/// <summary>Holds the fold that stands, for Orleans, which wants a state to make, copy and change in place.</summary>
[GenerateSerializer, Alias("waybill.journal`1")]
public sealed class Journal<TState>
    where TState : class
{
    /// <summary>The fold; null until the stream has been read.</summary>
    [Id(0)]
    public Folded<TState>? Folded { get; set; }
}
