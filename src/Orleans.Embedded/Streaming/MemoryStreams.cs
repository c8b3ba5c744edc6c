using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>Queues that are grains: silos and clients put events in, the queue's agent takes them out.</summary>
internal sealed class MemoryStreams(
    string name, IGrainFactory grains, IQueueAdapterCache caches, IStreamQueueMapper mapper)
    : IQueueAdapterFactory, IQueueAdapter
{
    public string Name => name;

    public bool IsRewindable => true;

    public StreamProviderDirection Direction => StreamProviderDirection.ReadWrite;

    public Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(this);

    public IQueueAdapterCache GetQueueAdapterCache() => caches;

    public IStreamQueueMapper GetStreamQueueMapper() => mapper;

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) =>
        Task.FromResult<IStreamFailureHandler>(new NoOpStreamDeliveryFailureHandler());

    public IQueueAdapterReceiver CreateReceiver(QueueId queueId) => new Receiver(GrainOf(queueId));

    public Task QueueMessageBatchAsync<T>(
        StreamId streamId,
        IEnumerable<T> events,
        StreamSequenceToken? token,
        Dictionary<string, object>? requestContext)
    {
        var batch = new MemoryBatch(streamId, [.. events.Cast<object>()], requestContext);
        return GrainOf(mapper.GetQueueForStream(streamId)).Enqueue(batch);
    }

    internal static IQueueAdapterFactory Create(IServiceProvider services, string name)
    {
        var cache = services.GetRequiredService<IOptionsMonitor<SimpleQueueCacheOptions>>().Get(name);
        var queues = services.GetRequiredService<IOptionsMonitor<HashRingStreamQueueMapperOptions>>().Get(name);
        return new MemoryStreams(
            name,
            services.GetRequiredService<IGrainFactory>(),
            new SimpleQueueAdapterCache(cache, name, services.GetRequiredService<ILoggerFactory>()),
            new HashRingBasedStreamQueueMapper(queues, name));
    }

    private IMemoryStreamQueue GrainOf(QueueId queue) => grains.GetGrain<IMemoryStreamQueue>(
        string.Create(CultureInfo.InvariantCulture, $"{name}/{queue.GetNumericId()}"));

    private sealed class Receiver(IMemoryStreamQueue queue) : IQueueAdapterReceiver
    {
        public Task Initialize(TimeSpan timeout) => Task.CompletedTask;

        public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) =>
            [.. await queue.Dequeue(maxCount)];

        public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) => Task.CompletedTask;

        public Task Shutdown(TimeSpan timeout) => Task.CompletedTask;
    }
}

/// <summary>One queue.</summary>
internal interface IMemoryStreamQueue : IGrainWithStringKey
{
    /// <exception cref="InvalidOperationException">The queue is full.</exception>
    Task Enqueue(MemoryBatch batch);

    Task<List<MemoryBatch>> Dequeue(int maxCount);
}

internal sealed class MemoryStreamQueueGrain(Cluster cluster) : Grain, IMemoryStreamQueue
{
    // As in genuine Orleans.
    private const int BatchesMax = 16_384;

    private readonly Queue<MemoryBatch> _batches = new();

    // A queue that was lost and begins anew must not give out places that its consumers believe to have passed, so
    // what counts them outlives it. A clock would not do: it may stand still or be set back.
    private readonly Places _places = cluster.Shared<Places>();

    public Task Enqueue(MemoryBatch batch)
    {
        if (_batches.Count >= BatchesMax)
        {
            throw new InvalidOperationException($"Can not enqueue: the count has reached its maximum of {BatchesMax}");
        }

        batch.SequenceNumber = _places.Next();
        _batches.Enqueue(batch);
        return Task.CompletedTask;
    }

    public Task<List<MemoryBatch>> Dequeue(int maxCount)
    {
        List<MemoryBatch> taken = [];
        while (taken.Count < maxCount && _batches.TryDequeue(out var batch)) taken.Add(batch);
        return Task.FromResult(taken);
    }

    /// <summary>One row of places for all memory queues of the cluster: growing in each, with gaps.</summary>
    private sealed class Places
    {
        private long _last;

        internal long Next() => Interlocked.Increment(ref _last);
    }
}

[GenerateSerializer]
internal sealed class MemoryBatch(StreamId streamId, List<object> events, Dictionary<string, object>? requestContext)
    : IBatchContainer
{
    [Id(0)]
    private readonly List<object> _events = events;

    [Id(1)]
    private readonly Dictionary<string, object>? _requestContext = requestContext;

    [Id(2)]
    public StreamId StreamId { get; } = streamId;

    [Id(3)]
    public long SequenceNumber { get; set; }

    public StreamSequenceToken SequenceToken => new EventSequenceToken(SequenceNumber);

    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() => _events.Cast<T>().Select(
        (item, i) => Tuple.Create<T, StreamSequenceToken>(item, new EventSequenceToken(SequenceNumber, i)));

    public bool ImportRequestContext()
    {
        if (_requestContext is null) return false;
        RequestContextExtensions.Import(_requestContext);
        return true;
    }
}
