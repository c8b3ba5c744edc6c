using System.Text.Json;
using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;

namespace Waybill.Tests.Grains.LifeCycles;

/// <summary>A step in a life: where it began, what happened, where it led.</summary>
internal readonly record struct Transition(string From, string Happened, string To)
{
    public override string ToString() => $"{From} --> {To}: {Happened}";
}

/// <summary>Finds all that can happen, by asking for everything in every state that is reached.</summary>
internal static class Exploration
{
    /// <summary>Where a life begins, as diagrams write it.</summary>
    public const string Beginning = "[*]";

    /// <summary>The transitions of an aggregate, from states that are at most so many commands away.</summary>
    /// <param name="types">Names its events.</param>
    /// <param name="status">Where an aggregate stands in its life; null before that.</param>
    /// <param name="depth">How many commands deep to look: so many that nothing new comes of one more.</param>
    /// <param name="commands">All that can be asked, with values small enough to come back to the same states.</param>
    public static HashSet<Transition> OfAggregate<TState, TCommand, TEvent>(
        EventTypes types, Func<TState, string?> status, int depth, IReadOnlyList<TCommand> commands)
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TEvent : class
    {
        var found = new HashSet<Transition>();
        Walk(TState.Initial, Key, depth, begin => commands.Select(command =>
        {
            var state = begin;
            foreach (var happened in TState.Decide(command, begin, SagaSpecification.Now).Events)
            {
                var next = TState.Evolve(state, happened);
                found.Add(new(Name(state), types.Of(happened).Name, Name(next)));
                state = next;
            }
            return state;
        }));
        return found;

        string Key(TState state) => JsonSerializer.Serialize(state, TState.Json);

        string Name(TState state) => status(state) ?? Beginning;
    }

    /// <summary>The transitions of a saga, whatever its commands are answered, and in whatever order.</summary>
    /// <param name="requests">What is asked of it.</param>
    /// <param name="answers">What a question can be answered with, by the name under which it is asked.</param>
    /// <param name="refusals">The codes that it treats differently from each other.</param>
    /// <param name="depth">
    /// How many inputs deep to look, for a saga that can go round in circles; its way back, which is that of all sagas,
    /// is left to the others then.
    /// </param>
    public static HashSet<Transition> OfSaga<TSaga>(
        IReadOnlyList<SagaInput.Request> requests,
        Func<Saga<TSaga>, string, IEnumerable<RawJson?>>? answers = null,
        IReadOnlyList<string>? refusals = null,
        int? depth = null)
        where TSaga : class, ISaga<TSaga>
    {
        var stream = new StreamName(TSaga.Category, "one");
        var found = new HashSet<Transition>();
        Walk(Saga<TSaga>.Initial, Key, depth ?? int.MaxValue, begin => Inputs(begin).Select(command =>
        {
            var saga = begin;
            foreach (var happened in Saga<TSaga>.Decide(command, begin, SagaSpecification.Now).Events)
            {
                var input = ((SagaEvent.Stepped)happened).Input;
                var next = Saga<TSaga>.Evolve(saga, happened);
                // Of several commands of a kind, one stands for all; and what a person says of one, for its answer.
                var name = input.Name is not "settle" ? input.Name : input.Code is null ? "done" : "refused";
                if (input.Command is { } asked)
                    name = $"{asked.Split(':')[0]} {name}";
                found.Add(new(Name(saga), name, Name(next)));
                saga = next;
            }
            return saga;
        }).Where(saga => saga != (object)begin)); // Most that comes late changes nothing.
        return found;

        IEnumerable<SagaCommand> Inputs(Saga<TSaga> saga)
        {
            if (depth is not null && (saga.Stuck is not null || saga.Status > SagaStatus.Running))
                yield break;
            var context = new CommandContext(NameBasedId.Of(stream, saga.Epoch + 1), "correlation", null, "ann");
            foreach (var request in requests)
                yield return new SagaCommand.Take(stream, context, request);
            foreach (var sent in saga.Commands)
            {
                var results = (answers?.Invoke(saga, sent.Name) ?? [null]).ToList();
                foreach (var result in results)
                    yield return new SagaCommand.Hear(stream, context, sent.Id, sent.Attempt, null, result);
                foreach (var outcome in sent.Status is CommandStatus.Sent ? Enum.GetValues<CommandOutcome>() : [])
                    yield return new SagaCommand.Settle(
                        stream, context, sent.Id, outcome, IsQuestion: !results.Contains(null));
                foreach (var code in (refusals ?? []).Append("no"))
                    yield return new SagaCommand.Hear(stream, context, sent.Id, sent.Attempt, code);
            }
            if (saga.Deadline is { } deadline)
                yield return new SagaCommand.TimeOut(stream, context, deadline.Epoch);
            yield return new SagaCommand.Retry(stream, context);
            yield return new SagaCommand.Undo(stream, context);
        }

        static string Name(Saga<TSaga> saga) => saga switch
        {
            { Status: SagaStatus.None } => Beginning,
            { Stuck: not null } => "stuck",
            { Status: SagaStatus.Running } => saga.Stage.Replace('-', '_'), // As diagrams can name it.
            _ => saga.Status.ToString().ToLowerInvariant(),
        };

        // Two sagas that stand alike go on alike, however many steps they took.
        static string Key(Saga<TSaga> saga) => string.Join('|',
        [
            $"{saga.Status} {saga.Stage} {saga.Stuck} {saga.Reason} {saga.Deadline is null}",
            JsonSerializer.Serialize(saga.Data, TSaga.DataJson),
            // Of what was asked several times the last counts.
            .. saga.Commands.GroupBy(command => command.Name).Select(sent => $"{sent.Key} {sent.Last().Status}"),
            $"{saga.Commands.Any(command => command is { Code: SagaCommand.Settle.NotDone, Undo: null })}",
        ]).Replace(SagaCommand.Settle.NotDone, "no", StringComparison.Ordinal); // A refusal like any other.
    }

    private static void Walk<TState>(
        TState beginning, Func<TState, string> key, int depth, Func<TState, IEnumerable<TState>> next)
    {
        var seen = new HashSet<string> { key(beginning) };
        List<TState> edge = [beginning];
        for (var step = 0; step < depth && edge.Count > 0; step++)
            edge = [.. edge.SelectMany(next).Where(state => seen.Add(key(state)))];
    }
}
