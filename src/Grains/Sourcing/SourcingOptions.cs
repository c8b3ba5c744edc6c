namespace Waybill.Grains.Sourcing;

/// <summary>How long and how often event-sourced grains try.</summary>
public sealed record SourcingOptions
{
    /// <summary>
    /// How long a command or an activation may try to reach the store. With the store away it is answered after this
    /// time, which the HTTP API promises to be less than 5 s.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The pause before the store is tried again; doubled each time, up to <see cref="Rest"/>.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long a grain that gave up leaves the store alone. Commands are answered at once meanwhile: those that queued
    /// behind the one that gave up have used up their time as well.
    /// </summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often a command is decided, each time after losing to another writer. Orleans keeps one activation except
    /// for moments, so that even a second loss is rare.
    /// </summary>
    public int DecisionsMax { get; init; } = 10;
}
