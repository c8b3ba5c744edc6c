using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.EventSourcing;
using Orleans.EventSourcing.CustomStorage;
using Orleans.Providers;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing;

/// <summary>
/// The shell around an aggregate. A command goes <see cref="Execute"/>, <see cref="Work"/>, <see cref="CarryOut"/>: it
/// waits while an append is under way; then all that wait are decided, one after another, on the folded stream and
/// appended together, conditionally; if another writer was faster they are decided again. A command id that the stream
/// has recorded is answered with what it did.
/// </summary>
/// <remarks>
/// Calls interleave, so that commands can gather and questions need not wait. But there is one writer at a time,
/// <see cref="Work"/>: it alone reads, decides and appends, and the fields below speak of the batch it is about.
/// Everybody else sees <see cref="Current"/>, which holds nothing but what is in the stream.
/// <para>
/// Orleans retries storage calls that throw, for ever, and retries refused appends as long as they fit the version it
/// knows. So neither storage call here ever throws: each bounds itself, keeps what went wrong for the commands to
/// answer, and reports <see cref="Unknown"/> as the version, which no pending event fits; Orleans then drops the
/// events, and the next batch reads on from the fold that stands.
/// </para>
/// <para>
/// A refusal is true of the stream at the version it names, and after an append that this activation gave up it is
/// given only once that one is done. An append that an earlier activation gave up, perhaps in a silo that died, cannot
/// be waited for: for as long as a store tries, a second or two, the command that was answered as unavailable then may
/// be refused here and recorded after that. Whoever sends it again, or reads the stream, finds what it did.
/// </para>
/// </remarks>
[Reentrant]
[LogConsistencyProvider(ProviderName = WaybillGrains.EventStoreProvider)]
public abstract class EventSourcedGrain<TCommand, TEvent, TState, TView>(StoreAccess access)
    : JournaledGrain<Journal<TState>, NewEvent>, ICustomStorageInterface<Journal<TState>, NewEvent>
    where TCommand : class
    where TEvent : class
    where TState : class, IAggregate<TState, TCommand, TEvent>
    where TView : class
{
    /// <summary>The version that tells Orleans to drop what is pending: it must be read again.</summary>
    private const int Unknown = -1;

    private static readonly Folded<TState> Empty = StreamFolds<TState, TCommand, TEvent>.Empty;

    private readonly StreamFolds<TState, TCommand, TEvent> _folds = new(access);
    private readonly CommandQueue<TCommand, TView> _queue = new();
    private Task _work = Task.CompletedTask;

    private CancellationToken _limit;
    private AppendResult? _appended;
    private NewEvent? _unanswered;
    private Exception? _failure;
    private bool _dropPending;
    private long? _gaveUpAt;

    // Folds from which a shorter way leads to what the state was then. The first stays, for it fits every version.
    private readonly List<Folded<TState>> _landmarks = [Empty];
    private Task _saving = Task.CompletedTask;

    /// <summary>The stream of this aggregate.</summary>
    protected StreamName Stream => new(TState.Category, this.GetPrimaryKeyString());

    /// <summary>The fold that stands; out of date where another writer was faster.</summary>
    protected Folded<TState> Current => State.Folded ?? Empty;

    /// <summary>The store.</summary>
    private protected StoreAccess Access => access;

    /// <summary>True if <see cref="Current"/> is all that this activation may have written.</summary>
    private protected bool IsKnown => Version == Current.Version;

    private bool IsResting => _gaveUpAt is { } then && access.Time.GetElapsedTime(then) < access.Options.Rest;

    /// <summary>Reads the stream. With the store away the grain is activated all the same, to say so.</summary>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        using var limit = Begin(access.Time.GetTimestamp());
        await base.OnActivateAsync(cancellationToken);
        if (_failure is StoreUnavailableException away)
            GiveUp(away);
    }

    /// <summary>How the outside sees the aggregate at a version.</summary>
    protected abstract TView View(TState state, long version);

    /// <summary>Carries out a command within <see cref="SourcingOptions.Limit"/>.</summary>
    protected Task<Outcome<TView>> Execute(CommandContext context, TCommand command)
    {
        var answered = _queue.Ask(context, command, access.Time.GetTimestamp());
        Wake();
        return answered;
    }

    /// <summary>
    /// The aggregate as it stands, without what is being appended; not found if its stream has no events.
    /// </summary>
    /// <param name="after">
    /// A position up to which all that stands in the stream must be in the answer, also what another process has
    /// written.
    /// </param>
    protected Task<Outcome<TView>> Read(long after = 0)
    {
        if (IsKnown && Current.Position >= after)
            return Task.FromResult(Standing());
        var answered = _queue.Ask(access.Time.GetTimestamp(), after);
        Wake();
        return answered;
    }

    /// <summary>Reads as <see cref="Read"/> does, for whoever looks at <see cref="Current"/> itself.</summary>
    /// <returns>Whether the stream could be read.</returns>
    private protected async ValueTask<bool> Look(long after = 0) =>
        (IsKnown && Current.Position >= after) || (await Read(after)).Status is not OutcomeStatus.Unavailable;

    private void Wake()
    {
        if (_work.IsCompleted)
            _work = Work();
    }

    private async Task Work()
    {
        Activity.Current = null; // What follows is done for many callers, so it belongs to no one's trace.
        while (_queue.Take(access.Options.BatchMax) is { Count: > 0 } commands)
            await Answer(commands);
    }

    // The first has waited longest. Once its time is up nobody's is wasted further: the store is away for all of them.
    private async Task Answer(List<Waiting<TCommand, TView>> commands)
    {
        DismissWithoutAsking(commands);
        if (commands.Count == 0)
            return;
        using var limit = Begin(since: commands[0].Since);
        try
        {
            await CarryOut(commands);
        }
        catch (StoreUnavailableException away)
        {
            GiveUp(away);
            commands.ForEach(command => command.Answer(Unavailable("store-unavailable")));
        }
        catch (UnreadableEventException unreadable) // None of them can be decided, so none is tried alone.
        {
            commands.ForEach(command => command.Fail(Named(unreadable)));
        }
        catch (Exception) when (commands.Count > 1)
        {
            // What one of them breaks must not fail the others.
            foreach (var command in commands)
                await Answer([command]);
        }
        catch (Exception broken) // The callers are told; whoever comes next must not be.
        {
            commands.ForEach(command => command.Fail(broken));
        }
    }

    // What the store is not asked for says nothing about it: whoever spent their time waiting behind others are
    // answered alone, and neither the time of those behind them nor the grain's rest begins with theirs.
    private void DismissWithoutAsking(List<Waiting<TCommand, TView>> commands)
    {
        var isResting = IsResting;
        var dismissed = commands.FindAll(command => isResting || access.IsLate(command.Since));
        if (dismissed.Count == 0)
            return;
        foreach (var command in dismissed)
            command.Answer(Unavailable(isResting ? "store-unavailable" : "waited-too-long"));
        commands.RemoveAll(command => command.IsAnswered);
        if (!isResting)
            access.Logger.LogWarning("{Stream} had no time left for {Count} commands.", Stream, dismissed.Count);
    }

    // Those that have been answered leave the list.
    private async Task CarryOut(List<Waiting<TCommand, TView>> commands)
    {
        for (var decisions = 0; commands.Count > 0; commands.RemoveAll(command => command.IsAnswered))
        {
            if (!IsKnown || commands.Exists(command => command.After > Current.Position))
                await Refresh();
            foreach (var question in commands.Where(command => command.IsQuestion))
                question.Answer(Standing());
            var batch = CommandBatch<TCommand, TEvent, TState, TView>.Decide(
                Current,
                commands.Where(command => !command.IsQuestion),
                access.Options.BatchMax,
                access.Time.GetUtcNow(),
                View);
            await AnswerRecorded(batch.CommandsWithoutEvents);
            if (await Stands(batch))
                batch.Answer(Current);
            else if (++decisions == access.Options.DecisionsMax)
                commands.ForEach(command => command.Answer(Unavailable("too-many-conflicts")));
        }
    }

    // Whether what the batch was decided on was still all there is when its events were appended, or just now. Only
    // then are its refusals true as well.
    private async Task<bool> Stands(CommandBatch<TCommand, TEvent, TState, TView> batch)
    {
        if (batch.Events.Count == 0)
        {
            await Refresh();
            return Current.Version == batch.StartVersion;
        }
        _appended = null;
        _failure = null;
        if (await RaiseConditionalEvents(batch.Events))
            return true;
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
        // After an outage one repeat seldom comes alone.
        if (_appended is AppendResult.AlreadyRecorded)
            await AnswerRecorded(batch.Commands);
        return false;
    }

    // With what they did, and with the state they left as long as that is not far to go: nobody's time is spent on
    // somebody's repeat from long ago, whose caller is shown what stands.
    private async Task AnswerRecorded(IEnumerable<Waiting<TCommand, TView>> commands)
    {
        var recorded = new List<(RecordedCommand Found, Waiting<TCommand, TView> Command)>();
        foreach (var some in commands.Chunk(access.Options.LookupsMax))
        {
            var found = await Task.WhenAll(some.Select(command => access.Try(
                (store, limit) => store.FindCommandAsync(Stream, command.Context.CommandId, limit), _limit)));
            recorded.AddRange(found.Zip(some).Where(pair => pair.First is not null)!);
        }
        var (left, last) = (access.Options.RecallMax, Empty);
        foreach (var (found, command) in recorded.OrderBy(pair => pair.Found.Version))
        {
            var near = _landmarks.Append(Current).Append(last).Where(folded => folded.Version <= found.Version)
                .MaxBy(folded => folded.Version)!;
            // What is beyond the fold that stands is read in any case before anything else is decided.
            if (found.Version - near.Version > left && found.Version <= Current.Version)
            {
                command.Answer(Accepted(Current) with { Version = found.Version, Position = found.Position });
                continue;
            }
            left -= found.Version - near.Version;
            try
            {
                last = await Fold(near, toVersion: found.Version);
                command.Answer(Accepted(last));
            }
            catch (UnreadableEventException unreadable) // The others need not read so far back.
            {
                command.Fail(Named(unreadable));
            }
        }
    }

    /// <summary>Called by Orleans; never throws.</summary>
    public async Task<KeyValuePair<int, Journal<TState>>> ReadStateFromStorage()
    {
        // Orleans begins to read before it activates the grain, so perhaps before anything has set a limit.
        using var limit = _limit.CanBeCanceled ? null : Begin(access.Time.GetTimestamp());
        var journal = State;
        var read = !_dropPending && await Survive(async () =>
        {
            await Settle();
            // Kept at once: whatever is wrong with the events after it, it is not read again.
            journal.Folded ??= await ReadSnapshot();
            journal.Folded = await Fold(journal.Folded ?? Empty);
        });
        _dropPending = false;
        return new(read ? checked((int)Current.Version) : Unknown, journal);
    }

    /// <summary>Called by Orleans; never throws. The events carry their ids: trying again cannot write twice.</summary>
    public async Task<bool> ApplyUpdatesToStorage(IReadOnlyList<NewEvent> updates, int expectedVersion)
    {
        await Survive(async () => _appended = await access.Try(
            (store, limit) => Append(store, updates, expectedVersion, limit), _limit));
        if (_failure is StoreUnavailableException)
            _unanswered = updates[0];
        _dropPending = _appended is not AppendResult.Appended;
        return !_dropPending;
    }

    /// <summary>Appends events to <see cref="Stream"/>, and whatever is to stand or fall with them.</summary>
    private protected virtual Task<AppendResult> Append(
        IEventStore store, IReadOnlyList<NewEvent> events, long expectedVersion, CancellationToken limit) =>
        store.AppendAsync(Stream, expectedVersion, events, limit);

    /// <summary>Called by Orleans for each event just appended.</summary>
    protected override void TransitionState(Journal<TState> state, NewEvent @event)
    {
        var folded = state.Folded ?? Empty;
        var last = (AppendResult.Appended)_appended!;
        var version = folded.Version + 1;
        var position = last.Position - (last.Version - version);
        state.Folded = new(TState.Evolve(folded.State, (TEvent)@event.Event), version, position);
    }

    /// <summary>Called by Orleans when events have been read or appended.</summary>
    protected override void OnStateChanged()
    {
        if (!IsKnown || Current.Version - _landmarks[^1].Version < access.Options.SnapshotEvery)
            return;
        _landmarks.Add(Current);
        if (_landmarks.Count > access.Options.LandmarksMax)
            _landmarks.RemoveAt(1);
        // One that fails, or is not done by now, is not missed: another is due at the next landmark.
        if (_folds.Snapshots.AreKept && _saving.IsCompleted)
            _saving = SaveSnapshot(Current);
    }

    // An append that was given up may be under way still. One that no version of the stream fits changes nothing, but
    // is answered only after it: what is read then is all that has happened.
    private async Task Settle()
    {
        if (_unanswered is not { } @event)
            return;
        await access.Try((store, limit) => store.AppendAsync(Stream, int.MaxValue, [@event], limit), _limit);
        _unanswered = null;
    }

    private async Task<Folded<TState>?> ReadSnapshot()
    {
        if (await _folds.Snapshots.Read(Stream, _limit) is not { } kept
            || !await access.Try((_, limit) => _folds.Fits(Stream, kept, toTime: null, limit), _limit))
            return null;
        _landmarks.Add(kept);
        return kept;
    }

    private async Task SaveSnapshot(Folded<TState> folded)
    {
        using var limit = access.StartLimit(access.Time.GetTimestamp());
        await _folds.Snapshots.Save(Stream, folded, limit.Token);
    }

    private Task<Folded<TState>> Fold(Folded<TState> from, long toVersion = long.MaxValue) =>
        access.Try((_, limit) => _folds.Fold(Stream, from, toVersion, toTime: null, limit), _limit);

    private CancellationTokenSource Begin(long since)
    {
        var limit = access.StartLimit(since);
        _limit = limit.Token;
        return limit;
    }

    private async Task Refresh()
    {
        await RefreshNow();
        if (!IsKnown)
            ExceptionDispatchInfo.Throw(_failure!);
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
    private static InvalidDataException Named(UnreadableEventException unreadable) => new(unreadable.Message);

    private void GiveUp(StoreUnavailableException reason)
    {
        if (IsResting)
            return;
        _gaveUpAt = access.Time.GetTimestamp();
        access.Logger.LogWarning(reason, "{Stream} gave up on the event store.", Stream);
    }

    private Outcome<TView> Standing() => Current.Version > 0
        ? Accepted(Current)
        : new(OutcomeStatus.NotFound, $"{TState.Category}-not-found", null, Current.Version, Current.Position);

    private Outcome<TView> Accepted(Folded<TState> folded) =>
        new(OutcomeStatus.Accepted, null, View(folded.State, folded.Version), folded.Version, folded.Position);

    private static Outcome<TView> Unavailable(string code) => new(OutcomeStatus.Unavailable, code, null, 0, 0);
}
