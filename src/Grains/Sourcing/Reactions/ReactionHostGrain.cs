using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans.Streams;
using Orleans.Streams.Core;
using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing.Reactions;

/// <summary>What starts a reaction in one queue of the log. The grain's key is the queue's number.</summary>
[Alias("waybill.reaction-host")]
public interface IReactionHostGrain : IGrainWithStringKey
{
    /// <summary>Reads on in the log, so that a delivery that was lost is not missed.</summary>
    [Alias("catch-up")]
    Task CatchUp();
}

/// <summary>
/// Reads one queue of the log and starts a <see cref="Reaction"/> for each event that concerns it; its position is kept
/// when all of them have been started. One small class for each reaction, subscribed to <c>log</c>.
/// </summary>
/// <remarks>
/// An event that comes again, or to two activations, starts the same reaction under the same id, which changes nothing;
/// and a position never goes back. So neither needs a fence. It never fails: what it cannot do now it does later.
/// </remarks>
public abstract class ReactionHostGrain<TReaction>(ReactionAccess access)
    : Grain, IReactionHostGrain, IStreamSubscriptionObserver, IAsyncObserver<LogChunk>
    where TReaction : IReaction
{
    private const int PageSize = 500;

    private long? _position;

    private LogQueue Queue => new(
        int.Parse(this.GetPrimaryKeyString(), CultureInfo.InvariantCulture), access.QueueCount);

    // Another number of queues is another division of the log, with positions of its own.
    private string Reader => $"reaction-{TReaction.Name}-{Queue.Number}-of-{Queue.Count}";

    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<LogChunk>().ResumeAsync(this);

    /// <inheritdoc/>
    public Task OnNextAsync(LogChunk item, StreamSequenceToken? token = null) => Survive(async () =>
    {
        if (item.ReadTo <= await Position())
            return;
        while (item.After > await Position())
            await ReadOn();
        await React(item.Events, item.ReadTo);
    });

    /// <inheritdoc/>
    public Task OnErrorAsync(Exception ex) => CatchUp();

    /// <inheritdoc/>
    public Task CatchUp() => Survive(async () =>
    {
        while (await ReadOn())
        {
            // There may be more.
        }
    });

    private async Task<long> Position() => _position ??= await access.Checkpoints.ReadCheckpointAsync(Reader);

    private async Task<bool> ReadOn()
    {
        var after = await Position();
        var page = await access.Store.ReadLogAsync(new LogFilter(Queue), after, PageSize);
        await React(page.Events, page.ReadTo);
        return page.ReadTo > after;
    }

    private async Task React(IReadOnlyList<StoredEvent> events, long readTo)
    {
        var after = await Position();
        var concerned = events.Where(stored => stored.Position > after && TReaction.Concerns(stored)).ToList();
        var started = await Task.WhenAll(concerned.Select(Start));
        if (started.Any(outcome => outcome.Status is OutcomeStatus.Unavailable))
            throw new StoreUnavailableException("Not every reaction could be started.");
        if (readTo > after)
            await access.Checkpoints.SaveCheckpointAsync(Reader, readTo);
        _position = readTo;
    }

    private Task<Outcome<SagaExplanation>> Start(StoredEvent stored)
    {
        var context = new CommandContext(
            NameBasedId.Of(stored.EventId, TReaction.Name),
            stored.Metadata.CorrelationId,
            $"{stored.EventId}",
            stored.Metadata.Actor);
        return GrainFactory.GetGrain<IReactionGrain>($"{TReaction.Name}-{stored.EventId:N}").Start(
            context,
            new Reaction(TReaction.Name, stored.Stream.Category, stored.Stream.Id, stored.Version));
    }

    private async Task Survive(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception error) // The stream must not be held up; the supervisor has it tried again.
        {
            access.Logger.LogWarning(error, "{Reader} could not go on after {Position}.", Reader, _position);
        }
    }
}
