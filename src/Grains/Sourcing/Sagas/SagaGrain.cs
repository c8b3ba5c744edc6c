using Microsoft.Extensions.Logging;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>
/// The shell around a saga. An input goes <see cref="Carry"/>: it is appended with all that follows from it, and what
/// the saga has sent and nobody has answered is sent, again and again, until it is.
/// </summary>
/// <remarks>
/// The crash between every two lines: before the append nothing has happened. With it the saga is entered in the due
/// table, which wakes it, here or elsewhere, and it sends what is unanswered under the ids that were recorded. It is
/// taken out only when it is known to have no open work, and nothing is on its way in.
/// <para>
/// Answers come as what the call returns, and as the event over the saga's stream; the second changes nothing.
/// </para>
/// </remarks>
[CollectionAgeLimit(Minutes = 2)] // Long enough for what comes late; sagas are many, and short.
public abstract class SagaGrain<TSaga, TView>(StoreAccess access, SagaAccess sagas)
    : EventSourcedGrain<SagaCommand, SagaEvent, Saga<TSaga>, TView>(access), ISagaGrain
    where TSaga : class, ISaga<TSaga>
    where TView : class
{
    // The commands that are being sent, and the deadline that is being waited for.
    private readonly HashSet<Guid> _sending = [];
    private SagaDeadline? _awaited;
    private DateTimeOffset _since; // When this activation took the saga over.
    private int _carrying;
    private bool _hasEnded;

    // When the due table wakes this saga, as far as is known here; null if it may not stand there.
    private DateTimeOffset? _due;

    private Saga<TSaga> Saga => Current.State;

    private bool HasEnded => _hasEnded || sagas.IsStopping;

    private DateTimeOffset Now => sagas.Time.GetUtcNow();

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        _since = Now;
        GoOn();
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _hasEnded = true;
        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Outcome<SagaExplanation>> Explain() => Explained(await Read());

    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Retry(CommandContext context) =>
        Act(context, own => new SagaCommand.Retry(Stream, own));

    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Compensate(CommandContext context) =>
        Act(context, own => new SagaCommand.Undo(Stream, own));

    /// <inheritdoc/>
    public Task<Outcome<SagaExplanation>> Settle(CommandContext context, Guid commandId, CommandOutcome outcome) =>
        Act(context, own => new SagaCommand.Settle(
            Stream,
            own,
            commandId,
            outcome,
            Saga.Commands.Any(sent => sent.Id == commandId && sagas.Messages.IsQuestion(sent.Message))));

    /// <inheritdoc/>
    public async Task Hear(Guid commandId)
    {
        if (!await Look() || !await HearOf(commandId))
            throw new TimeoutException($"{Stream} could not be told.");
    }

    /// <inheritdoc/>
    public async Task Wake(SagaClaim claim)
    {
        _due = claim.At;
        // Another activation may know more than this one does.
        if (!await Look(after: long.MaxValue))
            return; // When the lease ends it is woken again.
        if (Saga.Deadline is { } deadline && Lapse(deadline) <= Now)
            await TimeOut(deadline);
        GoOn();
        if (_due is not { } due)
            return;
        Settle(due, IsStill ? NextWake() : Now + sagas.Options.CheckPeriod);
    }

    /// <summary>Takes what is asked of it from outside.</summary>
    protected async Task<Outcome<TView>> Take(CommandContext context, SagaInput.Request input)
    {
        await Look();
        return await Carry(new SagaCommand.Take(Stream, Own(context), input));
    }

    // All that happens to a saga is one story, whatever request it came with.
    private CommandContext Own(CommandContext context) =>
        context with { CorrelationId = Saga.Origin?.CorrelationId ?? context.CorrelationId };

    private async Task<Outcome<SagaExplanation>> Act(
        CommandContext context, Func<CommandContext, SagaCommand> command)
    {
        var outcome = await Read();
        if (outcome.Status is OutcomeStatus.Accepted)
        {
            if (!await Learn())
                return Explained(new(OutcomeStatus.Unavailable, "store-unavailable", null, 0, 0));
            outcome = await Carry(command(Own(context)));
        }
        return Explained(outcome);
    }

    // A copy of a command may have come late and taken effect after the command was refused; and the news of that may
    // be on its way still. A person must not be asked to deal by hand with what was done, nor be believed who says that
    // it was not.
    private async Task<bool> Learn()
    {
        try
        {
            using var limit = Access.StartLimit(sagas.Time.GetTimestamp());
            foreach (var command in Saga.Commands.Where(sent => sent.Status is not CommandStatus.Done))
            {
                var recorded = await Access.Try((store, c) => store.ReadCommandAsync(command.Id, c), limit.Token);
                if (recorded.Count > 0 && !await HearOf(command.Id))
                    return false;
            }
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    private async Task<Outcome<TView>> Carry(SagaCommand command)
    {
        _carrying++;
        try
        {
            var outcome = await Execute(command.Context, command);
            // Another activation may have been faster, and have died before it sent what it recorded.
            if (outcome.Status is not OutcomeStatus.Unavailable)
                await Look();
            GoOn();
            return outcome;
        }
        finally
        {
            _carrying--;
            if (IsStill && _due is { } due && !IsOpen)
                Settle(due, null);
        }
    }

    // Only then is what is known here the last word: nothing is on its way in, and no outcome is open of what was
    // given up.
    private bool IsStill => _carrying == 0 && IsKnown;

    // What was refused at the door is not open either.
    private bool IsOpen =>
        Current.Version > 0 && (Saga.Unanswered.Any() || (Saga.Stuck is null && !Saga.IsOver));

    // One that will be woken soon enough anyway need not be entered again.
    private protected override async Task<AppendResult> Append(
        IEventStore store, IReadOnlyList<NewEvent> events, long expectedVersion, CancellationToken limit)
    {
        var latest = Now + sagas.Options.CheckPeriod;
        var isDue = _due > Now && _due <= latest;
        var result = await store.AppendAsync(Stream, expectedVersion, events, isDue ? null : latest, limit);
        if (result is not AppendResult.Appended)
            _due = null; // Somebody else writes as well, and may have taken the row out.
        else if (!isDue)
            _due = latest;
        return result;
    }

    // Sends what is unanswered and waits for the deadline, unless that is being done already.
    private void GoOn()
    {
        if (HasEnded)
            return;
        foreach (var command in Saga.Unanswered)
            if (_sending.Add(command.Id))
                _ = Send(command.Id);
        if (Saga.Deadline != _awaited && (_awaited = Saga.Deadline) is { } deadline)
            _ = Await(deadline);
    }

    private void Settle(DateTimeOffset due, DateTimeOffset? next)
    {
        _ = sagas.Due.SettleAsync(new DueSettlement(Stream, due, next));
        _due = next;
    }

    // A person was called for the one that is stuck, which leaves what is silent time; and whatever does not let a
    // deadline lapse must not do so all the time.
    private DateTimeOffset? NextWake() =>
        !IsOpen ? null
        : Saga.Unanswered.Any() ? Now + (Saga.Stuck is null ? sagas.Options.CheckPeriod : LongestWait)
        : Saga.Deadline?.At is { } at && at > Now ? at
        : Saga.Deadline is null ? null
        : Now + sagas.Options.CheckPeriod;

    private async Task Send(Guid commandId)
    {
        var pause = sagas.Options.Pause;
        while (Saga.Unanswered.FirstOrDefault(command => command.Id == commandId) is { } command
            && !HasEnded)
        {
            var answer = await Ask(command);
            if (answer.Status is not AnswerStatus.Unknown && await Tell(command, answer))
                break;
            await Pause(pause);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, sagas.Options.PauseMax.Ticks));
        }
        _sending.Remove(commandId);
        GoOn(); // It may have been asked for again meanwhile.
    }

    private async Task<Answer> Ask(CommandState command)
    {
        var (_, correlationId, actor) = Saga.Origin!;
        try
        {
            return await sagas.Messages.Send(GrainFactory, command.Message, new CommandContext(
                command.Id, correlationId, $"{command.Cause}", actor, SagaId: $"{Stream}"));
        }
        catch (Exception error) // Whatever is wrong with one step, the saga waits for its deadline, and says so.
        {
            sagas.Logger.LogWarning(error, "{Saga} got no answer to {Command}.", Stream, command.Name);
            return new(AnswerStatus.Unknown, null);
        }
    }

    // Whether the saga knows now that a command took effect. A question has only the answer that it was asked for.
    private async Task<bool> HearOf(Guid commandId) =>
        Saga.Commands.FirstOrDefault(command => command.Id == commandId) is not { } command
        || sagas.Messages.IsQuestion(command.Message)
        || await Tell(command, new Answer(AnswerStatus.Done, null));

    // Whether the saga knows the answer now.
    private async Task<bool> Tell(CommandState command, Answer answer)
    {
        var (isDone, attempt) = (answer.Status is AnswerStatus.Done, command.Attempt);
        if (Saga.Commands.FirstOrDefault(sent => sent.Id == command.Id) is { Status: CommandStatus.Done })
            return true;
        var id = isDone ? NameBasedId.Of(command.Id, "done") : NameBasedId.Of(command.Id, "refused", attempt);
        var outcome = await Survive(() => Carry(new SagaCommand.Hear(
            Stream, Context(id, $"{command.Id}"), command.Id, attempt, isDone ? null : answer.Code, answer.Result)));
        return outcome is { Status: not OutcomeStatus.Unavailable };
    }

    private async Task Await(SagaDeadline deadline)
    {
        while (Lapse(deadline) - Now is var left && left > TimeSpan.Zero && deadline == _awaited && !HasEnded)
            await Pause(left < LongestWait ? left : LongestWait);
        if (!HasEnded)
            await TimeOut(deadline);
    }

    // What is unanswered may have been asked for by nobody when its time was up, or have been done and the news of it
    // lost.
    private DateTimeOffset Lapse(SagaDeadline deadline) =>
        Saga.Unanswered.Any() && _since + sagas.Options.TakeOverGrace is var heard && heard > deadline.At
            ? heard
            : deadline.At;

    // Where this fails, the due table sees to it.
    private async Task TimeOut(SagaDeadline deadline)
    {
        if (Saga.Deadline?.Epoch == deadline.Epoch)
        {
            var context = Context(NameBasedId.Of(Stream, "timed-out", deadline.Epoch), deadline.Cause?.ToString());
            await Survive(() => Carry(new SagaCommand.TimeOut(Stream, context, deadline.Epoch)));
        }
    }

    private CommandContext Context(Guid id, string? causationId) =>
        new(id, Saga.Origin!.CorrelationId, causationId, Saga.Origin.Actor);

    private async Task<Outcome<TView>?> Survive(Func<Task<Outcome<TView>>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception error) // Nobody waits for this one; it is tried again.
        {
            sagas.Logger.LogError(error, "{Saga} could not go on.", Stream);
            return null;
        }
    }

    private Task Pause(TimeSpan pause) => Task.Delay(pause, sagas.Time);

    private Outcome<SagaExplanation> Explained(Outcome<TView> outcome) => new(
        outcome.Status,
        outcome.Code,
        outcome.View is null ? null : SagaExplanation.Of(Saga),
        outcome.Version,
        outcome.Position);

    // Whoever waits for a deadline that holds no more is gone after this.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
}
