using Waybill.EventStore;

namespace Waybill.Grains.Sourcing;

/// <summary>
/// Commands decided one after another, each on the state that the one before leaves, and the events that this makes, to
/// be appended together or not at all. Until they are, nothing in here has happened.
/// </summary>
internal sealed class CommandBatch<TCommand, TEvent, TState, TView>
    where TCommand : class
    where TEvent : class
    where TState : class, IAggregate<TState, TCommand, TEvent>
    where TView : class
{
    private readonly List<Turn> _turns = [];
    private readonly List<NewEvent> _events = [];
    private readonly Folded<TState> _start;

    private CommandBatch(Folded<TState> start) => _start = start;

    /// <summary>The version of the stream on which the batch is decided.</summary>
    public long StartVersion => _start.Version;

    /// <summary>What happens, in order.</summary>
    public IReadOnlyList<NewEvent> Events => _events;

    /// <summary>The commands that were decided.</summary>
    public IEnumerable<Waiting<TCommand, TView>> Commands => _turns.Select(turn => turn.Command);

    /// <summary>
    /// Those that lead to no event: no append will tell whether the stream has recorded them earlier.
    /// </summary>
    public IEnumerable<Waiting<TCommand, TView>> CommandsWithoutEvents =>
        from turn in _turns where !turn.HasEvents select turn.Command;

    /// <summary>Decides commands, in order, until they lead to so many events that the rest must wait.</summary>
    /// <param name="start">The fold of what stands.</param>
    /// <param name="commands">The commands.</param>
    /// <param name="eventsMax">From how many events on no further command is decided.</param>
    /// <param name="now">The time at which they are decided.</param>
    /// <param name="view">How the outside sees a state.</param>
    public static CommandBatch<TCommand, TEvent, TState, TView> Decide(
        Folded<TState> start,
        IEnumerable<Waiting<TCommand, TView>> commands,
        int eventsMax,
        DateTimeOffset now,
        Func<TState, long, TView> view)
    {
        var batch = new CommandBatch<TCommand, TEvent, TState, TView>(start);
        var (state, version) = (start.State, start.Version);
        foreach (var command in commands)
        {
            var context = command.Context;
            if (context.ExpectedVersion is { } expected && expected != version)
            {
                batch.Reject(command, OutcomeStatus.VersionMismatch, "version-mismatch", version);
                continue;
            }
            var decision = TState.Decide(command.Command, state, now);
            if (decision.Refusal is { } refusal)
            {
                var status = refusal.IsMissing ? OutcomeStatus.NotFound : OutcomeStatus.Refused;
                batch.Reject(command, status, refusal.Code, version);
                continue;
            }
            state = decision.Events.Aggregate(state, TState.Evolve);
            version += decision.Events.Count;
            batch.Accept(command, decision.Events, view(state, version), version, now);
            if (batch.Events.Count >= eventsMax)
                break;
        }
        return batch;
    }

    /// <summary>Answers every command, now that the batch stands.</summary>
    /// <param name="end">The fold with the batch's events.</param>
    public void Answer(Folded<TState> end)
    {
        foreach (var (command, outcome, _) in _turns)
        {
            var position = outcome.Version == _start.Version
                ? _start.Position
                : end.Position - (end.Version - outcome.Version); // An append's events stand next to each other.
            command.Answer(outcome with { Position = position });
        }
    }

    private void Accept(
        Waiting<TCommand, TView> command,
        IReadOnlyList<TEvent> events,
        TView view,
        long version,
        DateTimeOffset now)
    {
        var context = command.Context;
        var metadata = new EventMetadata(
            context.CommandId,
            context.CorrelationId,
            context.CausationId,
            context.Actor,
            context.SagaId,
            context.TraceParent);
        foreach (var happens in events)
            _events.Add(new(Guid.CreateVersion7(now), happens, metadata));
        _turns.Add(new(command, new(OutcomeStatus.Accepted, null, view, version, 0), HasEvents: events.Count > 0));
    }

    private void Reject(Waiting<TCommand, TView> command, OutcomeStatus status, string code, long version) =>
        _turns.Add(new(command, new(status, code, null, version, 0), HasEvents: false));

    // The positions in the outcomes are known only once the events stand.
    private sealed record Turn(Waiting<TCommand, TView> Command, Outcome<TView> Outcome, bool HasEvents);
}
