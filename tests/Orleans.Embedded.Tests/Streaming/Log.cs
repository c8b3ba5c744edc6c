using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Runtime.Providers;
using Orleans.Streams;

namespace Waybill.Tests.Streaming;

/// <summary>
/// A log in memory with a provider over it, as an application would write one: the queues are parts of the log, and
/// each has a checkpoint, which moves when its events have been delivered. All silos of a test read the same log.
/// </summary>
public sealed class Log(int queues = 1)
{
    public const string Provider = "log";

    private readonly Lock _lock = new();
    private readonly Dictionary<QueueId, Part> _parts = [];

    public HashRingBasedStreamQueueMapper Mapper { get; } =
        new(new HashRingStreamQueueMapperOptions { TotalQueueCount = queues }, Provider);

    public int CacheSize { get; init; } = 200;

    public bool IsRewindable { get; init; } = true;

    public bool FaultsSubscriptions { get; init; }

    public TimeSpan ReadPeriod { get; init; } = TimeSpan.FromMilliseconds(20);

    public TimeSpan MaxEventDeliveryTime { get; init; } = TimeSpan.FromMinutes(1);

    public TimeSpan DeliveryBackoff { get; init; } = TimeSpan.FromMilliseconds(5);

    public int BatchSize { get; init; } = 1;

    public StreamPubSubType Subscriptions { get; init; } = StreamPubSubType.ImplicitOnly;

    /// <summary>Other caches than the usual.</summary>
    public IQueueAdapterCache? Caches { get; init; }

    /// <summary>Receivers that come and go, events that are given up, as they happen.</summary>
    public Inbox Events { get; } = new();

    /// <summary>Runs before a receiver has shut down.</summary>
    public Func<Task>? BeforeShutdown { get; set; }

    public void AddTo(ISiloBuilder silo)
    {
        silo.AddPersistentStreams(Provider, (services, _) => new LogFactory(this, services), stream =>
        {
            stream.ConfigureStreamPubSub(Subscriptions);
            stream.ConfigurePullingAgent(options => options.Configure(agent =>
            {
                agent.MaxEventDeliveryTime = MaxEventDeliveryTime;
                agent.GetQueueMsgsTimerPeriod = ReadPeriod;
                agent.BatchContainerBatchSize = BatchSize;
            }));
            stream.ConfigureBackoffProvider((_, _) => (IMessageDeliveryBackoffProvider)new Backoff(DeliveryBackoff));
        });
    }

    public void AddTo(IClientBuilder client) =>
        client.AddPersistentStreams(Provider, (services, _) => new LogFactory(this, services), null);

    /// <summary>Appends events of one stream as one batch.</summary>
    public void Append(StreamId stream, params string[] events) => Append(stream, events, null);

    public void Append(StreamId stream, IEnumerable<object> events, Dictionary<string, object>? context)
    {
        lock (_lock)
        {
            var entries = PartOf(Mapper.GetQueueForStream(stream)).Entries;
            entries.Add(new LogBatch(stream, entries.Count + 1, [.. events], context));
        }
    }

    /// <summary>How far all of the queue's events have been delivered.</summary>
    public long CheckpointOf(StreamId stream)
    {
        lock (_lock) return PartOf(Mapper.GetQueueForStream(stream)).Checkpoint;
    }

    /// <summary>The most batches of a queue that had been read but not delivered.</summary>
    public int OutstandingMax
    {
        get
        {
            lock (_lock) return _parts.Values.Max(part => part.OutstandingMax);
        }
    }

    internal long Open(QueueId queue, string silo)
    {
        Events.Write($"open {queue.GetNumericId()} {silo}");
        lock (_lock) return PartOf(queue).Checkpoint;
    }

    internal List<IBatchContainer> Read(QueueId queue, long after, int most)
    {
        lock (_lock)
        {
            var part = PartOf(queue);
            List<IBatchContainer> read = [.. part.Entries.Skip((int)after).Take(most)];
            part.OutstandingMax = Math.Max(part.OutstandingMax, (int)(after + read.Count - part.Checkpoint));
            return read;
        }
    }

    internal void Delivered(QueueId queue, IEnumerable<IBatchContainer> batches)
    {
        long checkpoint;
        lock (_lock)
        {
            var part = PartOf(queue);
            part.Checkpoint = batches.Select(batch => batch.SequenceToken.SequenceNumber).Append(part.Checkpoint).Max();
            checkpoint = part.Checkpoint;
        }

        var positions = batches.Select(batch => batch.SequenceToken.SequenceNumber);
        Events.Write($"delivered {queue.GetNumericId()} {string.Join(' ', positions)}");
        Events.Write($"checkpoint {queue.GetNumericId()} {checkpoint}");
    }

    private Part PartOf(QueueId queue)
    {
        if (!_parts.TryGetValue(queue, out var part)) _parts[queue] = part = new Part();
        return part;
    }

    private sealed class Part
    {
        public List<LogBatch> Entries { get; } = [];

        public long Checkpoint { get; set; }

        public int OutstandingMax { get; set; }
    }

    private sealed class Backoff(TimeSpan delay) : IMessageDeliveryBackoffProvider
    {
        public TimeSpan Next(int attempt) => delay;
    }
}

internal sealed class LogFactory(Log log, IServiceProvider services)
    : IQueueAdapterFactory, IQueueAdapter, IStreamFailureHandler
{
    public string Name => Log.Provider;

    public bool IsRewindable => log.IsRewindable;

    public StreamProviderDirection Direction => StreamProviderDirection.ReadWrite;

    public bool ShouldFaultSubsriptionOnError => log.FaultsSubscriptions;

    public Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(this);

    public IQueueAdapterCache GetQueueAdapterCache() => log.Caches ?? new SimpleQueueAdapterCache(
        new SimpleQueueCacheOptions { CacheSize = log.CacheSize }, Name, services.GetRequiredService<ILoggerFactory>());

    public IStreamQueueMapper GetStreamQueueMapper() => log.Mapper;

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) =>
        Task.FromResult<IStreamFailureHandler>(this);

    public IQueueAdapterReceiver CreateReceiver(QueueId queueId) =>
        new LogReceiver(log, queueId, services.GetRequiredService<ILocalSiloDetails>().Name);

    public Task QueueMessageBatchAsync<T>(
        StreamId streamId,
        IEnumerable<T> events,
        StreamSequenceToken? token,
        Dictionary<string, object>? requestContext)
    {
        log.Append(streamId, events.Cast<object>(), requestContext);
        return Task.CompletedTask;
    }

    public Task OnDeliveryFailure(
        GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken)
    {
        log.Events.Write($"given up {sequenceToken?.SequenceNumber} of {streamIdentity.GetKeyAsString()}");
        return Task.CompletedTask;
    }

    public Task OnSubscriptionFailure(
        GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? token) =>
        Task.CompletedTask;
}

internal sealed class LogReceiver(Log log, QueueId queue, string silo) : IQueueAdapterReceiver
{
    private long _position;

    public Task Initialize(TimeSpan timeout)
    {
        _position = log.Open(queue, silo);
        return Task.CompletedTask;
    }

    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount)
    {
        var read = log.Read(queue, _position, maxCount);
        _position += read.Count;
        return Task.FromResult<IList<IBatchContainer>>(read);
    }

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages)
    {
        log.Delivered(queue, messages);
        return Task.CompletedTask;
    }

    public async Task Shutdown(TimeSpan timeout)
    {
        if (log.BeforeShutdown is { } before) await before();
        log.Events.Write($"shut {queue.GetNumericId()} {silo}");
    }
}

[GenerateSerializer]
internal sealed class LogBatch(
    StreamId streamId, long position, List<object> events, Dictionary<string, object>? context)
    : IBatchContainer
{
    [Id(0)]
    public StreamId StreamId { get; } = streamId;

    [Id(1)]
    public long Position { get; } = position;

    [Id(2)]
    public List<object> Events { get; } = events;

    [Id(3)]
    public Dictionary<string, object>? Context { get; } = context;

    public StreamSequenceToken SequenceToken => new EventSequenceToken(Position);

    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() => Events.Cast<T>().Select(
        (item, i) => Tuple.Create<T, StreamSequenceToken>(item, new EventSequenceToken(Position, i)));

    public bool ImportRequestContext()
    {
        if (Context is null) return false;
        RequestContextExtensions.Import(Context);
        return true;
    }
}
