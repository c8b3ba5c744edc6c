using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>A timer of one activation. Disposing it stops it; a tick under way is told through its token.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Starts the timer anew.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A time is negative and not <see cref="Timeout.InfiniteTimeSpan"/>.
    /// </exception>
    void Change(TimeSpan dueTime, TimeSpan period);
}

/// <summary>How a grain timer behaves.</summary>
public readonly struct GrainTimerCreationOptions
{
    /// <summary>All at their defaults.</summary>
    public GrainTimerCreationOptions()
    {
    }

    /// <summary>A timer with these times.</summary>
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) => (DueTime, Period) = (dueTime, period);

    /// <summary>From now to the first tick; infinite for none.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>From the end of a tick to the next; infinite for a single tick.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Ticks may interleave with calls and other ticks. By default they wait their turn.</summary>
    public bool Interleave { get; init; }

    /// <summary>A tick counts as a use of the activation, so that a ticking grain is not collected.</summary>
    public bool KeepAlive { get; init; }
}
