using System.Text.Json.Serialization;
using Waybill.EventStore;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Correlations;

/// <summary>
/// What one request set off, as a tree: a command leads to events, an event to commands, and how a command was answered
/// to further ones. Pure.
/// </summary>
/// <remarks>
/// An event says which command it is of, and what that command is a consequence of: a command, or an event. A saga's
/// event says in addition what it sends, so that what was refused has its place as well.
/// </remarks>
public static class CorrelationTree
{
    /// <summary>Builds the tree.</summary>
    /// <param name="events">The events of one correlation, in position order.</param>
    /// <param name="types">Reads the sagas' events; one that cannot be read is shown without what it sent.</param>
    /// <returns>
    /// Its nodes, each before what it led to: a list, because a long story is deeper than readers of JSON go.
    /// </returns>
    public static IReadOnlyList<CorrelationNode> Of(IEnumerable<StoredEvent> events, EventTypes types)
    {
        var commands = new Dictionary<Guid, Command>();
        var happened = new Dictionary<Guid, Event>();
        foreach (var stored in events)
        {
            var step = StepIn(stored, types);
            var command = CommandOf(stored.Metadata.CommandId);
            var @event = happened[stored.EventId] = new Event(stored, step);
            command.LedTo.Add(@event);
            command.Metadata ??= stored.Metadata;
            foreach (var sent in step?.Sends ?? [])
                (CommandOf(sent.Id).Sent, CommandOf(sent.Id).SentBy) = (sent, @event);
            foreach (var change in step?.Changes ?? [])
                CommandOf(change.Id).Change = change;
        }

        var roots = new List<Branch>();
        foreach (var command in commands.Values)
            (CauseOf(command)?.LedTo ?? roots).Add(command);
        return DepthFirst(roots);

        Command CommandOf(Guid id) => commands.TryGetValue(id, out var known) ? known : commands[id] = new(id);

        Branch? CauseOf(Command command) =>
            command.SentBy is { } step ? step
            : !Guid.TryParse(command.Metadata?.CausationId, out var cause) || cause == command.Id ? null
            : happened.TryGetValue(cause, out var @event) ? @event
            : commands.GetValueOrDefault(cause);
    }

    private static List<CorrelationNode> DepthFirst(IEnumerable<Branch> roots)
    {
        var nodes = new List<CorrelationNode>();
        var next = new Stack<(Branch Branch, Guid? Parent, int Depth)>(
            roots.Reverse().Select(root => (root, (Guid?)null, 0)));
        while (next.TryPop(out var at))
        {
            nodes.Add(at.Branch.Show(at.Parent, at.Depth));
            foreach (var consequence in Enumerable.Reverse(at.Branch.LedTo))
                next.Push((consequence, at.Branch.Id, at.Depth + 1));
        }
        return nodes;
    }

    private static SagaEvent.Stepped? StepIn(StoredEvent stored, EventTypes types)
    {
        if (!SagaEvent.IsOf(stored))
            return null;
        try
        {
            return types.Read(stored).Event as SagaEvent.Stepped;
        }
        catch (UnreadableEventException) // Whoever looks into that finds the event here.
        {
            return null;
        }
    }

    private abstract class Branch(Guid id)
    {
        public Guid Id => id;

        public List<Branch> LedTo { get; } = [];

        public abstract CorrelationNode Show(Guid? parent, int depth);
    }

    private sealed class Command(Guid id) : Branch(id)
    {
        public EventMetadata? Metadata { get; set; }

        public SentCommand? Sent { get; set; }

        public Event? SentBy { get; set; }

        public CommandChange? Change { get; set; }

        // One that has events took effect, whatever a saga has heard of it.
        public override CorrelationNode Show(Guid? parent, int depth) => new(
            "command",
            Id,
            parent,
            depth,
            CausationId: Metadata?.CausationId ?? SentBy?.Id.ToString(),
            Actor: Metadata?.Actor,
            Name: Sent?.Name,
            Type: Sent?.Message.Type,
            Target: Sent?.Message.Target,
            Status: Metadata is null ? Change?.Status ?? CommandStatus.Sent : CommandStatus.Done,
            Code: Metadata is null ? Change?.Code : null);
    }

    private sealed class Event(StoredEvent stored, SagaEvent.Stepped? step) : Branch(stored.EventId)
    {
        public override CorrelationNode Show(Guid? parent, int depth) => new(
            "event",
            Id,
            parent,
            depth,
            Type: stored.Type,
            Position: stored.Position,
            Stream: stored.Stream.ToString(),
            Version: stored.Version,
            Time: stored.Time.UtcDateTime,
            Step: step is null ? null : new(step.Input, step.Status, step.Stage, step.Reason, step.Stuck));
    }
}

/// <summary>A command or an event of one correlation.</summary>
/// <param name="Kind"><c>command</c> or <c>event</c>.</param>
/// <param name="Id">The command's or the event's id.</param>
/// <param name="Parent">The node that it is a consequence of; null if it came from outside.</param>
/// <param name="Depth">How many nodes stand above it.</param>
/// <param name="CausationId">Of a command: the command or event that led to it, as it was recorded.</param>
/// <param name="Actor">Of a command that has events: who asked for it.</param>
/// <param name="Name">Of a saga's command: its name within the saga.</param>
/// <param name="Type">The event's type; what is asked with a saga's command.</param>
/// <param name="Target">Of a saga's command: the key of the grain it goes to.</param>
/// <param name="Status">Of a command: how it stands, as far as the log tells.</param>
/// <param name="Code">Of a command: why it was refused.</param>
/// <param name="Position">Of an event: its position in the log.</param>
/// <param name="Stream">Of an event: its stream.</param>
/// <param name="Version">Of an event: its version in the stream.</param>
/// <param name="Time">Of an event: when it was recorded.</param>
/// <param name="Step">Of a saga's event: the step that it is.</param>
public sealed record CorrelationNode(
    string Kind,
    Guid Id,
    Guid? Parent,
    int Depth,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CausationId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Actor = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Type = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Target = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CommandStatus? Status = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Code = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Position = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Stream = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Version = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTime? Time = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CorrelatedStep? Step = null);

/// <summary>A step of a saga.</summary>
/// <param name="Input">What it took.</param>
/// <param name="Status">How it stood then.</param>
/// <param name="Stage">Where it stood then.</param>
/// <param name="Reason">Why it went back or ended as it did.</param>
/// <param name="Stuck">What a person had to deal with.</param>
public sealed record CorrelatedStep(
    RecordedInput Input,
    SagaStatus Status,
    string Stage,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Stuck);
