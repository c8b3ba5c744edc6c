namespace Waybill.Grains.Sourcing;

/// <summary>What a command leads to: an event to record, nothing, or a refusal.</summary>
public sealed class Decision<TEvent>
    where TEvent : class
{
    internal Decision(IReadOnlyList<TEvent> events, Refusal? refusal) => (Events, Refusal) = (events, refusal);

    /// <summary>What happens, in order; empty if refused, or if there is nothing left to do.</summary>
    public IReadOnlyList<TEvent> Events { get; }

    /// <summary>Why nothing happens; null unless refused.</summary>
    public Refusal? Refusal { get; }

    /// <summary>One event happens.</summary>
    public static implicit operator Decision<TEvent>(TEvent happens) => new([happens], null);

    /// <summary>A rule says no.</summary>
    public static implicit operator Decision<TEvent>(Refusal refusal) => new([], refusal);

    /// <summary>Nothing is left to do.</summary>
    public static implicit operator Decision<TEvent>(NothingToDo nothing) => new([], null);
}

/// <summary>A business rule's no, as a value.</summary>
/// <param name="Code">Stable: clients act on it.</param>
/// <param name="IsMissing">True if it says no because the aggregate does not exist.</param>
public sealed record Refusal(string Code, bool IsMissing = false);

/// <summary>What was asked for is as it should be already: the command is accepted, and nothing is recorded.</summary>
public readonly record struct NothingToDo;

/// <summary>The words in which a decider speaks.</summary>
public static class Decision
{
    /// <summary>It has been dealt with already.</summary>
    public static NothingToDo Nothing => default;

    /// <summary>All of these happen, in order.</summary>
    public static Decision<TEvent> Happen<TEvent>(params TEvent[] events)
        where TEvent : class => new(events, null);

    /// <summary>A rule says no.</summary>
    public static Refusal Refuse(string code) => new(code);

    /// <summary>There is no such aggregate to act on.</summary>
    public static Refusal Missing(string code) => new(code, IsMissing: true);
}
