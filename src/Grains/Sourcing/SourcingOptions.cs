namespace Waybill.Grains.Sourcing;

/// <summary>How long and how often event-sourced grains try.</summary>
public sealed record SourcingOptions
{
    /// <summary>
    /// How long a command, counted from its arrival, or an activation may try to reach the store. With the store away
    /// it is answered after this time, which the HTTP API promises to be less than 5 s. A command whose turn comes only
    /// in the last quarter of it is answered as unavailable without being tried.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The pause before the store is tried again; doubled each time, up to <see cref="Rest"/>.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long a grain that gave up leaves the store alone. Commands are answered at once meanwhile, as are those that
    /// waited behind the one that gave up.
    /// </summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How many commands are decided at a time, and from how many events on no more of them join in. So many share the
    /// wait for the disk that it hardly counts any more, and writing them holds up the silo's other appends by a few
    /// milliseconds only.
    /// </summary>
    public int BatchMax { get; init; } = 256;

    /// <summary>
    /// How many lookups of commands a grain has under way: fewer than a store has readers, which all grains share.
    /// </summary>
    public int LookupsMax { get; init; } = 8;

    /// <summary>
    /// After how many events a snapshot is saved. So many are replayed in a few milliseconds, about what an activation
    /// costs anyway; a snapshot more often would only write more.
    /// </summary>
    public int SnapshotEvery { get; init; } = 500;

    /// <summary>
    /// How many folds, <see cref="SnapshotEvery"/> apart, a grain remembers, to tell what a repeated command did
    /// without reading its whole stream: they cover the seconds in which repeats arrive on a busy one.
    /// </summary>
    public int LandmarksMax { get; init; } = 64;

    /// <summary>
    /// How many events are folded at most to tell what the repeated commands that wait together did: some tens of
    /// milliseconds, in which the others wait too. Whoever would need more is answered with what stands.
    /// </summary>
    public long RecallMax { get; init; } = 5_000;

    /// <summary>
    /// How often a command is decided, each time after losing to another writer. Orleans keeps one activation except
    /// for moments, so that even a second loss is rare.
    /// </summary>
    public int DecisionsMax { get; init; } = 10;
}
