using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using static Waybill.Grains.Sourcing.Decision;
using static Waybill.Grains.Sourcing.Sagas.SagaCommand;
using static Waybill.Grains.Sourcing.Sagas.SagaEvent;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>
/// A process as it stands: what <typeparamref name="TSaga"/> knows, and how each command stands that it sent. The way
/// forward is the saga's own; the way back is here, the same for all.
/// </summary>
/// <remarks>
/// What a saga relies on: a command takes effect once, however often it is sent. So one that is not answered is sent
/// until it is, also on the way back: what is not known cannot be undone. Commands are undone in the reverse order of
/// their sending, each when the one after it is settled. A success that comes after a refusal is undone at once.
/// </remarks>
/// <param name="Status">How it stands.</param>
/// <param name="Stage">Where it stands on its way forward; the last stage, if it is on its way back.</param>
/// <param name="Data">What it knows.</param>
/// <param name="Origin">Where it comes from; null before its first input.</param>
/// <param name="Epoch">The number of its last step.</param>
/// <param name="Deadline">When the stage has lasted too long; null if it may last.</param>
/// <param name="Commands">What it has sent, in order.</param>
/// <param name="Reason">Why it goes back or has ended as it did.</param>
/// <param name="Stuck">What a person must deal with; null if nothing.</param>
[SuppressMessage("Design", "CA1000", Justification = "The static members are those of an aggregate.")]
[GenerateSerializer, Immutable, Alias("waybill.saga`1")]
public sealed record Saga<TSaga>(
    SagaStatus Status,
    string Stage,
    TSaga Data,
    SagaOrigin? Origin,
    int Epoch,
    SagaDeadline? Deadline,
    ImmutableArray<CommandState> Commands,
    string? Reason,
    string? Stuck) : IAggregate<Saga<TSaga>, SagaCommand, SagaEvent>
    where TSaga : class, ISaga<TSaga>
{
    /// <inheritdoc/>
    public static string Category => TSaga.Category;

    /// <inheritdoc/>
    public static bool IsShort => true;

    /// <inheritdoc cref="ISaga{TSelf}.Json"/>
    public static JsonTypeInfo<Saga<TSaga>> Json => TSaga.Json;

    /// <inheritdoc/>
    public static Saga<TSaga> Initial { get; } =
        new(SagaStatus.None, "", TSaga.Initial, null, Epoch: 0, null, [], null, null);

    /// <summary>The commands that it sends until they are answered, also while a person is asked.</summary>
    internal IEnumerable<CommandState> Unanswered => Commands.Where(command => command.Status is CommandStatus.Sent);

    /// <summary>True if nothing is left to be done, unless a success comes late.</summary>
    internal bool IsOver => Stuck is null && !HasStatusOnTheWay && !Unanswered.Any();

    /// <summary>Whether all commands of one of these names, or of one of these kinds, took effect.</summary>
    public bool IsDone(params ReadOnlySpan<string> names)
    {
        foreach (var command in Commands)
            if (command.Status is not CommandStatus.Done && names.Contains(command.Name.Split(':')[0]))
                return false;
        return true;
    }

    private bool HasStatusOnTheWay => Status is SagaStatus.None or SagaStatus.Running or SagaStatus.Compensating;

    /// <summary>Goes on to a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="data">What the saga knows from now on; null if that is what it knows already.</param>
    public Step To(string stage, TSaga? data = null) =>
        Step.Move(stage, data is null ? null : new RawJson(JsonSerializer.Serialize(data, TSaga.DataJson)));

    /// <summary>Takes note, and stays in its stage.</summary>
    public Step Stay() => Step.Of(StepKind.Stay);

    /// <summary>Ends well.</summary>
    public Step Complete() => Step.Of(StepKind.Complete);

    /// <summary>
    /// Goes back: everything that was done is undone, the last first. What is sent with it is sent once, whatever there
    /// is to undo, and the way back ends only after it has been answered.
    /// </summary>
    public Step Compensate(string reason) => Step.Of(StepKind.Compensate, reason);

    /// <summary>Calls for a person, who has it tried again or undone.</summary>
    public Step Stop(string reason) => Step.Of(StepKind.Stop, reason);

    /// <inheritdoc/>
    public static Decision<SagaEvent> Decide(SagaCommand command, Saga<TSaga> saga, DateTimeOffset now) =>
        command switch
        {
            Take take => saga.Took(take, now),
            _ when saga.Status is SagaStatus.None => Missing($"{Category}-not-found"),
            Hear hear => saga.Heard(hear, now),
            TimeOut late when late.Epoch == saga.Deadline?.Epoch => saga.TimedOut(late, now),
            TimeOut => Nothing,
            Retry when saga.Stuck is null => Refuse("saga-not-stuck"),
            Retry retry => saga.Retried(retry, now),
            Undo ask when saga.Stuck is not null || saga.Status is SagaStatus.Running => saga.SentBack(ask, now),
            Undo => Refuse("saga-not-stuck"),
            Settle settle => saga.Settled(settle, now),
            _ => throw new UnreachableException($"No decision for {command.GetType().Name}."),
        };

    /// <inheritdoc/>
    public static Saga<TSaga> Evolve(Saga<TSaga> saga, SagaEvent happened) => happened switch
    {
        Stepped e => new(
            e.Status,
            e.Stage,
            e.Data is { } data ? JsonSerializer.Deserialize(data.Text, TSaga.DataJson)! : saga.Data,
            e.Origin ?? saga.Origin,
            saga.Epoch + 1,
            e.Deadline,
            [
                .. saga.Commands.Select(command => command.After(e.Changes)),
                .. (e.Sends ?? []).Select(sent => CommandState.Of(sent, saga.Epoch + 1, e.Cause)),
            ],
            e.Reason,
            e.Stuck),
        _ => throw new UnreachableException($"No fold for {happened.GetType().Name}."),
    };

    private Decision<SagaEvent> Took(Take take, DateTimeOffset now)
    {
        var step = TSaga.React(this, take.Input);
        return step.Kind switch
        {
            StepKind.Ignore when Status is SagaStatus.None => Missing($"{Category}-not-found"),
            StepKind.Ignore => Nothing,
            StepKind.Refuse => Refuse(step.Reason!),
            _ when Status is SagaStatus.None or SagaStatus.Running => Next(take, new(take.Input.Name), step, now),
            _ => Nothing,
        };
    }

    // A success counts whenever it comes, and calls for a person who had dealt with it by hand; a refusal counts only
    // of the attempt that is under way.
    private Decision<SagaEvent> Heard(Hear hear, DateTimeOffset now)
    {
        var command = Commands.FirstOrDefault(sent => sent.Id == hear.CommandId);
        var isNews = command is not null && (hear.Refusal is null
            ? command.Status is not CommandStatus.Done
            : command.Status is CommandStatus.Sent && command.Attempt == hear.Attempt);
        if (!isNews)
            return Nothing;
        var input = new RecordedInput(
            hear.Refusal is null ? "done" : "refused", command!.Name, hear.Refusal, hear.Result);
        return Answered(hear, input, command, now);
    }

    // A person's word stands for an answer that does not come. Where there is one, the answer has the last word.
    private Decision<SagaEvent> Settled(Settle settle, DateTimeOffset now)
    {
        var isDone = settle.Outcome is CommandOutcome.Done;
        return Commands.FirstOrDefault(sent => sent.Id == settle.CommandId) switch
        {
            null => Missing("command-not-found"),
            { Status: CommandStatus.Done } when isDone => Nothing,
            { Status: CommandStatus.Refused } when !isDone => Nothing,
            _ when IsOver => Refuse("saga-ended"),
            { Status: not CommandStatus.Sent } => Refuse("command-answered"),
            _ when isDone && settle.IsQuestion => Refuse("command-is-question"),
            var command => Answered(
                settle, new("settle", command.Name, isDone ? null : Settle.NotDone), command, now),
        };
    }

    private Stepped Answered(SagaCommand by, RecordedInput input, CommandState command, DateTimeOffset now)
    {
        var change = input.Code is null
            ? new CommandChange(command.Id, CommandStatus.Done)
            : new CommandChange(command.Id, CommandStatus.Refused, input.Code);
        var known = With(change);
        if (Contradiction(command) is { } contradiction)
            return known.Next(by, input, Stop($"{command.Name}: {contradiction}"), now, change);
        // What it was stuck on is known after all.
        var isSettled = Stuck?.StartsWith($"{command.Name}: ", StringComparison.Ordinal) is true;
        if (isSettled)
            known = known with { Stuck = known.RefusedUndo };
        if (known.Undoing(command, input.Code, isSettled) is { } undoing)
            return known.Next(
                by, input, isSettled ? undoing.Within(TSaga.CompensationLimit) : undoing, now, change);

        var step = TSaga.React(known, input.Code is { } code
            ? new SagaInput.Refused(command.Name, code)
            : new SagaInput.Done(command.Name, input.Result));
        // What becomes of a command is always recorded, or it would be sent for ever.
        return known.Next(by, input, step.Kind is StepKind.Ignore ? Stay() : step, now, change);
    }

    // What a success makes untrue that a person has said; null if nothing, or if it can be undone.
    private string? Contradiction(CommandState before) => before switch
    {
        { Status: CommandStatus.ByHand } => "done, and by hand as well",
        { Code: Settle.NotDone, Undo: null, Undoes: null } when Status is not SagaStatus.Running =>
            "done, and settled as not done",
        _ => null,
    };

    // What an answer leads to where the saga itself is not asked; null if it is.
    private Step? Undoing(CommandState before, string? refusal, bool isSettled)
    {
        if (Status is SagaStatus.Compensating)
            return Compensate(Reason!);
        if (before.Undoes is not null)
            return refusal is null ? Stay() : Stop($"{before.Name}: {refusal}");
        if (before.Status is CommandStatus.Refused && before.Undo is not null)
            return Stay().Undo(before);
        return Status is SagaStatus.Running && (before.Status is CommandStatus.Sent || isSettled) ? null : Stay();
    }

    private Decision<SagaEvent> TimedOut(TimeOut late, DateTimeOffset now)
    {
        var input = new RecordedInput("timed-out");
        if (Status is not SagaStatus.Running)
            return Next(late, input, Stop($"{Unanswered.Last().Name}: timed-out"), now);
        var step = TSaga.React(this, new SagaInput.TimedOut());
        // Who stays beyond the deadline stays without it, or it would lapse for ever.
        return (this with { Deadline = null }).Next(
            late, input, step.Kind is StepKind.Ignore ? Compensate("timed-out") : step, now);
    }

    private Decision<SagaEvent> Retried(Retry retry, DateTimeOffset now)
    {
        var changes = Unsettled().Select(command => new CommandChange(command.Id, CommandStatus.Sent)).ToArray();
        var again = With(changes) with { Stuck = null };
        return again.Next(retry, new("retry"), Stay().Within(TSaga.CompensationLimit), now, changes);
    }

    // What was refused cannot come after all; what is only silent may, and is sent again.
    private Decision<SagaEvent> SentBack(Undo ask, DateTimeOffset now)
    {
        CommandChange[] changes = Stuck is null
            ? []
            :
            [
                .. from command in Unsettled()
                   where Status is not SagaStatus.Running || command.Undoes is not null
                   let isRefused = command.Status is CommandStatus.Refused
                   select new CommandChange(command.Id, isRefused ? CommandStatus.ByHand : CommandStatus.Sent),
            ];
        var dealtWith = With(changes) with { Stuck = null };
        var step = Status switch
        {
            SagaStatus.Running => TSaga.React(this, new SagaInput.AskedBack()),
            SagaStatus.Compensating => Compensate(Reason!),
            _ => Stay(),
        };
        if (step.Kind is StepKind.Refuse)
            return Refuse(step.Reason!);
        if (step.Kind is StepKind.Ignore)
            step = Compensate("asked-to-compensate");
        step = step.Within(step.Limit ?? TSaga.CompensationLimit);
        return dealtWith.Next(ask, new("compensate"), step, now, changes);
    }

    // What a saga is stuck on: what has not been undone, or else, on its way forward, what its last stage has sent.
    private IEnumerable<CommandState> Unsettled()
    {
        var open = Commands.Where(command => command.Status is CommandStatus.Sent
            || (command.Status is CommandStatus.Refused && (command.Undoes is not null || IsOfLastStep(command))));
        return Status is not SagaStatus.Running || open.Any(command => command.Undoes is not null)
            ? open.Where(command => command.Undoes is not null || command.Status is CommandStatus.Sent)
            : open;

        bool IsOfLastStep(CommandState command) =>
            command.Step == Commands.Where(sent => sent.Undoes is null).Max(sent => sent.Step);
    }

    private Saga<TSaga> With(params ReadOnlySpan<CommandChange> changes)
    {
        var all = changes.ToArray();
        return this with { Commands = [.. Commands.Select(command => command.After(all))] };
    }

    private Stepped Next(
        SagaCommand command,
        RecordedInput input,
        Step step,
        DateTimeOffset now,
        params CommandChange[] changes)
    {
        var (status, stuck, undo) = step.Kind switch
        {
            StepKind.Move => (SagaStatus.Running, RefusedUndo, step.Undone),
            StepKind.Complete => (SagaStatus.Completed, RefusedUndo, null),
            // What it was stuck on, on its way forward, is dealt with by going back.
            StepKind.Compensate => (Status is SagaStatus.Running ? this with { Stuck = null } : this)
                .Back(isSending: step.Sends.Length > 0),
            StepKind.Stop => (Status, step.Reason, null),
            _ => (Status, Stuck, step.Undone),
        };
        var sends = step.Sends.Select(sending => Sent(command, sending, undoes: null)).ToList();
        if (undo is not null)
            sends.Add(Sent(command, new($"undo-{undo.Name}", undo.Undo!, null), undo.Id));
        if (step.Repeated is { } again)
            changes = [.. changes, new CommandChange(again.Id, CommandStatus.Sent)];
        return new(
            input,
            status,
            step.Stage ?? Stage,
            command.Context.CommandId,
            Origin is null
                ? new(command.Saga.Id, command.Context.CorrelationId, command.Context.Actor)
                : null,
            step.Data,
            changes.Length == 0 ? null : changes,
            sends.Count == 0 ? null : sends,
            stuck is null ? NextDeadline(step, status, sends.Count > 0, now, command.Context.CommandId) : null,
            step.Kind is StepKind.Compensate ? step.Reason : Reason,
            stuck);
    }

    private SagaDeadline? NextDeadline(Step step, SagaStatus status, bool sends, DateTimeOffset now, Guid cause)
    {
        var isOnTheWayBack = status is SagaStatus.Compensating && (sends || Status != status);
        var hasEnded = status is not (SagaStatus.Running or SagaStatus.Compensating);
        var isOpen = sends || status is SagaStatus.Running or SagaStatus.Compensating || Unanswered.Any();
        if (!isOpen)
            return null;
        var keeps = step.Kind is StepKind.Stay || (step.Kind is StepKind.Compensate && Status == status);
        // What is open at the end is undone late, or has not been answered: somebody must hear if it never is.
        var needsLimit = isOnTheWayBack || (hasEnded && (sends || !keeps || Deadline is null));
        if ((step.Limit ?? (needsLimit ? TSaga.CompensationLimit : null)) is { } limit)
            return new(Epoch + 1, now + limit, cause);
        return keeps ? Deadline : null;
    }

    // Where the way back leads, and what is to be undone next: the last that was done, once all after it is settled.
    private (SagaStatus Status, string? Stuck, CommandState? Undo) Back(bool isSending)
    {
        foreach (var command in Commands.Where(sent => sent.Undoes is null).Reverse())
        {
            if (command.Status is CommandStatus.Sent)
                return (SagaStatus.Compensating, Stuck, null);
            if (command.Status is not CommandStatus.Done || command.Undo is null)
                continue;
            var undo = Commands.LastOrDefault(sent => sent.Undoes == command.Id);
            switch (undo?.Status)
            {
                case null:
                    return (SagaStatus.Compensating, Stuck, command);
                case CommandStatus.Sent:
                    return (SagaStatus.Compensating, Stuck, null);
                case CommandStatus.Refused:
                    return (SagaStatus.Compensating, $"{undo.Name}: {undo.Code}", null);
            }
        }
        if (isSending)
            return (SagaStatus.Compensating, Stuck, null);
        var undid = Commands.Any(command => command.Undoes is not null || command.Status is CommandStatus.ByHand);
        return (undid ? SagaStatus.Compensated : SagaStatus.Failed, Stuck, null);
    }

    private string? RefusedUndo => Commands.LastOrDefault(
        command => command.Undoes is not null && command.Status is CommandStatus.Refused) is { } undo
            ? $"{undo.Name}: {undo.Code}"
            : null;

    private SentCommand Sent(SagaCommand command, Sending sending, Guid? undoes) => new(
        NameBasedId.Of(command.Saga, Epoch + 1, sending.Name), sending.Name, sending.Message, sending.Undo, undoes);
}

/// <summary>A command of a saga, and how it stands.</summary>
/// <param name="Id">The id under which it is sent, however often.</param>
/// <param name="Name">Its name within the saga.</param>
/// <param name="Message">What is asked of whom.</param>
/// <param name="Undo">What undoes it; null if nothing needs to.</param>
/// <param name="Undoes">The command that it undoes.</param>
/// <param name="Step">The number of the step that sent it.</param>
/// <param name="Cause">The id under which the input of that step came.</param>
/// <param name="Attempt">How often it was tried, as far as somebody decided so; from 1.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Code">Why it was refused.</param>
[GenerateSerializer, Immutable, Alias("waybill.saga-command-state")]
public sealed record CommandState(
    Guid Id,
    string Name,
    Message Message,
    Message? Undo,
    Guid? Undoes,
    int Step,
    Guid Cause,
    int Attempt,
    CommandStatus Status,
    string? Code)
{
    internal static CommandState Of(SentCommand sent, int step, Guid cause) => new(
        sent.Id, sent.Name, sent.Message, sent.Undo, sent.Undoes, step, cause, 1, CommandStatus.Sent, null);

    internal CommandState After(IReadOnlyList<CommandChange>? changes)
    {
        if (changes?.FirstOrDefault(change => change.Id == Id) is not { } news)
            return this;
        var attempt = news.Status is CommandStatus.Sent ? Attempt + 1 : Attempt;
        return this with { Status = news.Status, Code = news.Code, Attempt = attempt };
    }
}
