using System.Collections.Immutable;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>
/// What an input leads to, as <see cref="ISaga{TSelf}.React"/> says it:
/// <c>saga.To(stage).Send(...).Within(limit)</c>.
/// </summary>
public sealed record Step
{
    private Step() { }

    /// <summary>The input is late or repeated, and changes nothing.</summary>
    public static Step Ignored { get; } = new();

    internal StepKind Kind { get; private init; }

    internal string? Stage { get; private init; }

    internal string? Reason { get; private init; }

    internal RawJson? Data { get; private init; }

    internal ImmutableArray<Sending> Sends { get; private init; } = [];

    internal TimeSpan? Limit { get; private init; }

    internal CommandState? Undone { get; private init; }

    internal CommandState? Repeated { get; private init; }

    /// <summary>A rule says no to what was asked; nothing is recorded.</summary>
    public static Step Refuse(string code) => new() { Kind = StepKind.Refuse, Reason = code };

    /// <summary>Sends a command once the step is recorded.</summary>
    /// <param name="name">
    /// Names it within the step. Of several of a kind, each has that kind, a colon, and what tells it apart.
    /// </param>
    /// <param name="message">What is asked of whom.</param>
    /// <param name="undo">What undoes it; null if nothing needs to.</param>
    /// <exception cref="ArgumentException">The step sends one of this name already: a bug.</exception>
    public Step Send(string name, Message message, Message? undo = null) =>
        // The name is part of the command's id: two of one name would be one command.
        Sends.Any(sending => sending.Name == name)
            ? throw new ArgumentException($"The step sends {name} twice.", nameof(name))
            : this with { Sends = Sends.Add(new(name, message, undo)) };

    /// <summary>How long the stage may last.</summary>
    public Step Within(TimeSpan limit) => this with { Limit = limit };

    /// <summary>Undoes something that was done, while the saga goes on.</summary>
    internal Step Undo(CommandState command) => this with { Undone = command };

    /// <summary>
    /// Sends a command that was refused once more, under its own id: should an earlier copy take effect after all, it
    /// is done once.
    /// </summary>
    internal Step Repeat(CommandState command) => this with { Repeated = command };

    internal static Step Move(string stage, RawJson? data) =>
        new() { Kind = StepKind.Move, Stage = stage, Data = data };

    internal static Step Of(StepKind kind, string? reason = null) => new() { Kind = kind, Reason = reason };
}

/// <summary>A command that a step sends.</summary>
internal sealed record Sending(string Name, Message Message, Message? Undo);

/// <summary>Which way a step leads.</summary>
internal enum StepKind
{
    Ignore,
    Refuse,
    Stay,
    Move,
    Complete,
    Compensate,
    Stop,
}
