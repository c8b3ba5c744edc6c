using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Orleans.EventSourcing;
using Orleans.EventSourcing.CustomStorage;
using Orleans.Providers;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing;

/// <summary>
/// The shell around an aggregate: it decides a command on the folded stream, appends the events conditionally, and
/// decides again if another writer was faster. A command id that the stream has recorded is answered with what it did.
/// </summary>
/// <remarks>
/// Orleans retries storage calls that throw, for ever, and retries refused appends as long as they fit the version it
/// knows. So neither storage call here ever throws: each bounds itself, keeps what went wrong for the command to
/// answer, and reports <see cref="Unknown"/> as the version, which no pending event fits; Orleans then drops the
/// events, and the next command reads on from the fold that stands. Calls must not interleave: the fields below speak
/// of the one command in progress.
/// </remarks>
[LogConsistencyProvider(ProviderName = WaybillGrains.EventStoreProvider)]
public abstract class EventSourcedGrain<TCommand, TEvent, TState, TView>(StoreAccess access)
    : JournaledGrain<Journal<TState>, NewEvent>, ICustomStorageInterface<Journal<TState>, NewEvent>
    where TEvent : class
    where TState : class, IAggregate<TState, TCommand, TEvent>
    where TView : class
{
    /// <summary>The version that tells Orleans to drop what is pending: it must be read again.</summary>
    private const int Unknown = -1;

    private static readonly Folded<TState> Empty = new(TState.Initial, Version: 0, Position: 0);

    private CancellationToken _limit;
    private AppendResult? _appended;
    private Exception? _failure;
    private bool _dropPending;
    private long? _gaveUpAt;

    private StreamName Stream => new(TState.Category, this.GetPrimaryKeyString());

    private Folded<TState> Current => State.Folded ?? Empty;

    private bool IsKnown => Version == Current.Version;

    private bool IsResting => _gaveUpAt is { } then && access.Time.GetElapsedTime(then) < access.Options.Rest;

    /// <summary>Reads the stream. With the store away the grain is activated all the same, to say so.</summary>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        using var limit = Begin();
        await base.OnActivateAsync(cancellationToken);
        if (_failure is StoreUnavailableException away)
            GiveUp(away);
    }

    /// <summary>How the outside sees the aggregate at a version.</summary>
    protected abstract TView View(TState state, long version);

    /// <summary>Carries out a command within <see cref="SourcingOptions.Limit"/>.</summary>
    protected async Task<Outcome<TView>> Execute(CommandContext context, TCommand command)
    {
        using var limit = Begin();
        try
        {
            for (var decisions = 0; decisions < access.Options.DecisionsMax; decisions++)
            {
                await Know();
                if (await Attempt(context, command) is { } outcome)
                    return outcome;
            }
            return Unavailable("too-many-conflicts");
        }
        catch (StoreUnavailableException unavailable)
        {
            return GiveUp(unavailable);
        }
    }

    /// <summary>The aggregate as it stands; not found if its stream has no events.</summary>
    protected async Task<Outcome<TView>> Read()
    {
        using var limit = Begin();
        try
        {
            await Know();
            return Current.Version > 0
                ? Accepted(Current)
                : Rejected(OutcomeStatus.NotFound, $"{TState.Category}-not-found");
        }
        catch (StoreUnavailableException unavailable)
        {
            return GiveUp(unavailable);
        }
    }

    /// <summary>Called by Orleans; never throws.</summary>
    public async Task<KeyValuePair<int, Journal<TState>>> ReadStateFromStorage()
    {
        // Orleans begins to read before it activates the grain, so perhaps before anything has set a limit.
        using var limit = _limit.CanBeCanceled ? null : Begin();
        var journal = State;
        var read = !_dropPending && await Survive(async () => journal.Folded = await Fold(Current));
        _dropPending = false;
        return new(read ? checked((int)Current.Version) : Unknown, journal);
    }

    /// <summary>Called by Orleans; never throws. The events carry their ids: trying again cannot write twice.</summary>
    public async Task<bool> ApplyUpdatesToStorage(IReadOnlyList<NewEvent> updates, int expectedVersion)
    {
        await Survive(async () => _appended = await access.Try(
            (store, limit) => store.AppendAsync(Stream, expectedVersion, updates, limit), _limit));
        _dropPending = _appended is not AppendResult.Appended;
        return !_dropPending;
    }

    /// <summary>Called by Orleans for each event just appended.</summary>
    protected override void TransitionState(Journal<TState> state, NewEvent @event)
    {
        var folded = state.Folded ?? Empty;
        var last = (AppendResult.Appended)_appended!;
        var version = folded.Version + 1;
        var position = last.Position - (last.Version - version);
        state.Folded = new(TState.Evolve(folded.State, (TEvent)@event.Event), version, position);
    }

    // Null means that the stream has moved on and the command must be decided again.
    private async Task<Outcome<TView>?> Attempt(CommandContext context, TCommand command)
    {
        var folded = Current;
        Outcome<TView> answer;
        if (context.ExpectedVersion is { } expected && expected != folded.Version)
        {
            answer = Rejected(OutcomeStatus.VersionMismatch, "version-mismatch");
        }
        else
        {
            var decision = TState.Decide(command, folded.State, access.Time.GetUtcNow());
            if (decision.Refusal is not { } refusal)
                return await Append(context, decision.Events);
            answer = Rejected(refusal.IsMissing ? OutcomeStatus.NotFound : OutcomeStatus.Refused, refusal.Code);
        }

        // No append has held this answer against the store: the command may be a repeat, and the fold out of date.
        if (await access.Try((store, limit) => store.FindCommandAsync(Stream, context.CommandId, limit), _limit)
            is { } recorded)
            return await AsRecorded(recorded);
        await Refresh();
        return Current.Version == folded.Version ? answer : null;
    }

    private async Task<Outcome<TView>?> Append(CommandContext context, IReadOnlyList<TEvent> events)
    {
        var now = access.Time.GetUtcNow();
        var metadata = new EventMetadata(
            context.CommandId,
            context.CorrelationId,
            context.CausationId,
            context.Actor,
            context.SagaId,
            context.TraceParent);
        _appended = null;
        _failure = null;
        // An array, because a query would make new ids each time it is enumerated.
        var fixedEvents = events.Select(e => new NewEvent(Guid.CreateVersion7(now), e, metadata)).ToArray();
        if (await RaiseConditionalEvents(fixedEvents))
        {
            // Orleans swallows what a fold throws; reading the stream again brings it to light.
            await Know();
            return Accepted(Current);
        }
        if (_failure is not null)
            Throw(_failure);
        return _appended is AppendResult.AlreadyRecorded { Command: var command } ? await AsRecorded(command) : null;
    }

    private async Task<Outcome<TView>> AsRecorded(RecordedCommand command) =>
        Accepted(await Fold(Empty, toVersion: command.Version));

    private Task<Folded<TState>> Fold(Folded<TState> from, long toVersion = long.MaxValue) => access.Try(
        async (store, limit) =>
        {
            var folded = from;
            await foreach (var stored in store.ReadStreamAsync(
                Stream, from.Version + 1, toVersion, cancellation: limit))
            {
                var happened = (TEvent)access.Types.Read(stored).Event;
                folded = new(TState.Evolve(folded.State, happened), stored.Version, stored.Position);
            }
            return folded;
        },
        _limit);

    private CancellationTokenSource Begin()
    {
        var limit = access.StartLimit();
        _limit = limit.Token;
        return limit;
    }

    private async Task Know()
    {
        if (IsResting)
            throw new StoreUnavailableException("The event store was away a moment ago.");
        if (!IsKnown)
            await Refresh();
    }

    private async Task Refresh()
    {
        await RefreshNow();
        if (!IsKnown)
            Throw(_failure!);
    }

    private async Task<bool> Survive(Func<Task> call)
    {
        _failure = null;
        try
        {
            await call();
            return true;
        }
        catch (Exception failure) // Orleans would call again, for ever and without a pause.
        {
            _failure = failure;
            return false;
        }
    }

    // Only exceptions of the base library arrive as themselves at a caller in another silo.
    private static void Throw(Exception failure)
    {
        if (failure is UnreadableEventException)
            throw new InvalidDataException(failure.Message);
        ExceptionDispatchInfo.Throw(failure);
    }

    private Outcome<TView> GiveUp(StoreUnavailableException reason)
    {
        if (!IsResting)
        {
            _gaveUpAt = access.Time.GetTimestamp();
            access.Logger.LogWarning(reason, "{Stream} gave up on the event store.", Stream);
        }
        return Unavailable("store-unavailable");
    }

    private Outcome<TView> Accepted(Folded<TState> folded) =>
        new(OutcomeStatus.Accepted, null, View(folded.State, folded.Version), folded.Version, folded.Position);

    private Outcome<TView> Rejected(OutcomeStatus status, string code) =>
        new(status, code, null, Current.Version, Current.Position);

    private static Outcome<TView> Unavailable(string code) => new(OutcomeStatus.Unavailable, code, null, 0, 0);
}
