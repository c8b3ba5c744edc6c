using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;

namespace Orleans.Streams;

// What a persistent provider implements. The order of calls, and what may fail: README.md beside this file.

/// <summary>Which way a provider's events go.</summary>
public enum StreamProviderDirection
{
    None = 0,
    ReadOnly = 1,
    WriteOnly = 2,
    ReadWrite = 3,
}

/// <summary>Where a provider's subscriptions come from.</summary>
public enum StreamPubSubType
{
    /// <summary>From attributes, and from grains and clients that subscribe.</summary>
    ExplicitGrainBasedAndImplicit = 0,

    /// <summary>From attributes.</summary>
    ImplicitOnly = 2,
}

/// <summary>Makes the parts of a provider, once on each silo and client.</summary>
public interface IQueueAdapterFactory
{
    /// <summary>Makes the adapter.</summary>
    [Obsolete("Use the overload which accepts a CancellationToken.")]
    Task<IQueueAdapter> CreateAdapter();

    /// <summary>Makes the adapter; a failure fails the start of the silo or client.</summary>
#pragma warning disable CS0618 // What providers implement is the older form, unless they implement this one.
    Task<IQueueAdapter> CreateAdapter(CancellationToken cancellationToken) => CreateAdapter();
#pragma warning restore CS0618

    /// <summary>Makes what makes the caches of queues.</summary>
    IQueueAdapterCache GetQueueAdapterCache();

    /// <summary>Makes what says which queues there are and which one a stream is in.</summary>
    IStreamQueueMapper GetStreamQueueMapper();

    /// <summary>Makes what is told of the events of a queue that were given up.</summary>
    Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId);
}

/// <summary>Puts events into queues and makes receivers that take them out.</summary>
public interface IQueueAdapter
{
    /// <summary>The provider's name.</summary>
    string Name { get; }

    /// <summary>Whether the cache can be asked for places in the past.</summary>
    bool IsRewindable { get; }

    /// <summary>Whether it can be written to.</summary>
    StreamProviderDirection Direction { get; }

    /// <summary>Puts events into the stream's queue as one batch.</summary>
    Task QueueMessageBatchAsync<T>(
        StreamId streamId,
        IEnumerable<T> events,
        StreamSequenceToken? token,
        Dictionary<string, object>? requestContext);

    /// <summary>Makes the receiver of a queue, on the one silo that owns the queue.</summary>
    IQueueAdapterReceiver CreateReceiver(QueueId queueId);
}

/// <summary>Takes the events out of one queue. Its calls come one at a time.</summary>
public interface IQueueAdapterReceiver
{
    /// <summary>Called before the first read. A failure is logged, and reading begins all the same.</summary>
    Task Initialize(TimeSpan timeout);

    /// <summary>Reads at most <paramref name="maxCount"/> batches; none if there are none.</summary>
    [Obsolete("Use the overload which accepts a CancellationToken.")]
    Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount);

    /// <summary>The same. It may wait for batches; the token ends that when the queue is to be handed over.</summary>
#pragma warning disable CS0618 // What providers implement is the older form, unless they implement this one.
    Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount, CancellationToken cancellationToken) =>
        GetQueueMessagesAsync(maxCount);
#pragma warning restore CS0618

    /// <summary>Told what every subscription has, in the order it was read; without what was given up.</summary>
    [Obsolete("Use the overload which accepts a CancellationToken.")]
    Task MessagesDeliveredAsync(IList<IBatchContainer> messages);

    /// <inheritdoc cref="MessagesDeliveredAsync(IList{IBatchContainer})"/>
#pragma warning disable CS0618 // What providers implement is the older form, unless they implement this one.
    Task MessagesDeliveredAsync(IList<IBatchContainer> messages, CancellationToken cancellationToken) =>
        MessagesDeliveredAsync(messages);
#pragma warning restore CS0618

    /// <summary>Called after the last read; the queue has its next owner only when this has ended.</summary>
    Task Shutdown(TimeSpan timeout);
}

/// <summary>Makes the caches.</summary>
public interface IQueueAdapterCache
{
    /// <summary>Makes the cache of a queue.</summary>
    IQueueCache CreateQueueCache(QueueId queueId);
}

/// <summary>Says how much may be read.</summary>
public interface IQueueFlowController
{
    /// <summary>How many batches the next read may return; -1 for any number.</summary>
    int GetMaxAddCount();
}

/// <summary>Keeps what has been read of a queue until every subscription has it.</summary>
public interface IQueueCache : IQueueFlowController
{
    /// <summary>Adds what was read, in the queue's order.</summary>
    void AddToCache(IList<IBatchContainer> messages);

    /// <summary>Lets go of what every subscription has. False if there was nothing.</summary>
    bool TryPurgeFromCache([MaybeNullWhen(false)] out IList<IBatchContainer> purgedItems);

    /// <summary>A cursor through one stream, from a place on; without one, from the next batch that is added.</summary>
    IQueueCacheCursor GetCacheCursor(StreamId streamId, StreamSequenceToken? token);

    /// <summary>Whether nothing more should be read for now.</summary>
    bool IsUnderPressure();

    /// <summary>Told at hand-over how far the slowest subscription has come; null if there is none.</summary>
    void UpdateDeliveryProgress(StreamSequenceToken? earliestSubscriptionToken, DateTime utcNow)
    {
    }
}

/// <summary>One subscription's place in a cache: what it stands on, and what comes after, stays in the cache.</summary>
public interface IQueueCacheCursor : IDisposable
{
    /// <summary>The batch it stands on.</summary>
    IBatchContainer? GetCurrent(out Exception? exception);

    /// <summary>Goes to the stream's next batch; false if there is none yet.</summary>
    bool MoveNext();

    /// <summary>Told that a batch of its stream was added: if it had come to the end, it goes on from there.</summary>
    void Refresh(StreamSequenceToken token);

    /// <summary>Told that the batch it stands on was given up.</summary>
    void RecordDeliveryFailure();
}

/// <summary>Some events of one stream, as they stand in a queue. It crosses to the consumer's silo.</summary>
public interface IBatchContainer
{
    /// <summary>The stream.</summary>
    StreamId StreamId { get; }

    /// <summary>The place in the queue, later than that of every batch before it.</summary>
    StreamSequenceToken SequenceToken { get; }

    /// <summary>The events of this type, each with its place.</summary>
    IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>();

    /// <summary>Makes the request context what it was when they were published; false if it was empty.</summary>
    bool ImportRequestContext();
}

/// <summary>Several batches that are delivered together.</summary>
public interface IBatchContainerBatch : IBatchContainer
{
    /// <summary>The batches.</summary>
    List<IBatchContainer> BatchContainers { get; }
}

/// <summary>The queues of a provider.</summary>
public interface IStreamQueueMapper
{
    /// <summary>All of them; the same on every silo.</summary>
    IEnumerable<QueueId> GetAllQueues();

    /// <summary>The one that a stream is in.</summary>
    QueueId GetQueueForStream(StreamId streamId);
}

/// <summary>Told of what could not be delivered.</summary>
public interface IStreamFailureHandler
{
    /// <summary>Whether an explicit subscription ends when one of its events is given up.</summary>
    bool ShouldFaultSubsriptionOnError { get; }

    /// <summary>An event was given up: the subscription goes on with the next.</summary>
    Task OnDeliveryFailure(
        GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken);

    /// <summary>A subscription could not be begun where its consumer wanted.</summary>
    Task OnSubscriptionFailure(
        GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken);
}

/// <summary>Does nothing but say whether subscriptions end.</summary>
public class NoOpStreamDeliveryFailureHandler(bool faultOnError) : IStreamFailureHandler
{
    /// <summary>Subscriptions do not end.</summary>
    public NoOpStreamDeliveryFailureHandler()
        : this(false)
    {
    }

    /// <inheritdoc/>
    public bool ShouldFaultSubsriptionOnError { get; } = faultOnError;

    /// <inheritdoc/>
    public Task OnDeliveryFailure(
        GuidId subscriptionId, string streamProviderName, StreamId streamId, StreamSequenceToken? sequenceToken) =>
        Task.CompletedTask;

    /// <inheritdoc/>
    public Task OnSubscriptionFailure(
        GuidId subscriptionId, string streamProviderName, StreamId streamId, StreamSequenceToken? sequenceToken) =>
        Task.CompletedTask;
}

/// <summary>Puts single events into queues.</summary>
public static class QueueAdapterExtensions
{
    /// <summary>Puts one event into its stream's queue.</summary>
    public static Task QueueMessageAsync<T>(
        this IQueueAdapter adapter,
        StreamId streamId,
        T evt,
        StreamSequenceToken? token,
        Dictionary<string, object>? requestContext) =>
        adapter.QueueMessageBatchAsync(streamId, [evt], token, requestContext);
}
