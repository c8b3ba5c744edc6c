using Orleans.Streams;

namespace Orleans.Configuration
{
    /// <summary>How queues are read and delivered.</summary>
    public class StreamPullingAgentOptions
    {
        /// <summary>1.</summary>
        public static readonly int DEFAULT_BATCH_CONTAINER_BATCH_SIZE = 1;

        /// <summary>100 ms.</summary>
        public static readonly TimeSpan DEFAULT_GET_QUEUE_MESSAGES_TIMER_PERIOD = TimeSpan.FromMilliseconds(100);

        /// <summary>5 s.</summary>
        public static readonly TimeSpan DEFAULT_INIT_QUEUE_TIMEOUT = TimeSpan.FromSeconds(5);

        /// <summary>1 minute.</summary>
        public static readonly TimeSpan DEFAULT_MAX_EVENT_DELIVERY_TIME = TimeSpan.FromMinutes(1);

        /// <summary>30 minutes.</summary>
        public static readonly TimeSpan DEFAULT_STREAM_INACTIVITY_PERIOD = TimeSpan.FromMinutes(30);

        /// <summary>How many batches of a stream one call delivers.</summary>
        public int BatchContainerBatchSize { get; set; } = DEFAULT_BATCH_CONTAINER_BATCH_SIZE;

        /// <summary>How often a queue that was empty is read again.</summary>
        public TimeSpan GetQueueMsgsTimerPeriod { get; set; } = DEFAULT_GET_QUEUE_MESSAGES_TIMER_PERIOD;

        /// <summary>What a receiver is told that starting and stopping may take.</summary>
        public TimeSpan InitQueueTimeout { get; set; } = DEFAULT_INIT_QUEUE_TIMEOUT;

        /// <summary>How long an event that fails is delivered again before it is given up.</summary>
        public TimeSpan MaxEventDeliveryTime { get; set; } = DEFAULT_MAX_EVENT_DELIVERY_TIME;

        /// <summary>How long a stream without events is remembered.</summary>
        public TimeSpan StreamInactivityPeriod { get; set; } = DEFAULT_STREAM_INACTIVITY_PERIOD;
    }

    /// <summary>Where a provider's subscriptions come from.</summary>
    public class StreamPubSubOptions
    {
        /// <summary>From attributes and from those who subscribe.</summary>
        public const StreamPubSubType DEFAULT_STREAM_PUBSUB_TYPE = StreamPubSubType.ExplicitGrainBasedAndImplicit;

        /// <summary>Where from.</summary>
        public StreamPubSubType PubSubType { get; set; } = DEFAULT_STREAM_PUBSUB_TYPE;
    }

    /// <summary>The size of caches.</summary>
    public class SimpleQueueCacheOptions
    {
        /// <summary>4096.</summary>
        public const int DEFAULT_CACHE_SIZE = 4096;

        /// <summary>How many batches the cache of one queue holds.</summary>
        public int CacheSize { get; set; } = DEFAULT_CACHE_SIZE;
    }

    /// <summary>The number of queues.</summary>
    public class HashRingStreamQueueMapperOptions
    {
        /// <summary>8.</summary>
        public const int DEFAULT_NUM_QUEUES = 8;

        /// <summary>How many queues a provider has.</summary>
        public int TotalQueueCount { get; set; } = DEFAULT_NUM_QUEUES;
    }
}

namespace Orleans.Internal
{
    /// <summary>Says how long to wait before trying again.</summary>
    public interface IBackoffProvider
    {
        /// <summary>How long, after attempt number <paramref name="attempt"/>, counted from 0, has failed.</summary>
        TimeSpan Next(int attempt);
    }

    /// <summary>
    /// Up to twice as long each time, up to a limit; how much of it is by chance, so that what failed together does not
    /// come back together.
    /// </summary>
    internal sealed class ExponentialBackoff(TimeSpan min, TimeSpan max, TimeSpan step)
        : Runtime.Providers.IMessageDeliveryBackoffProvider, Runtime.Providers.IQueueReaderBackoffProvider
    {
        public TimeSpan Next(int attempt)
        {
            var most = Math.Min(max.TotalSeconds, min.TotalSeconds + (step.TotalSeconds * Math.Pow(2, attempt)));
            return TimeSpan.FromSeconds(min.TotalSeconds + (Random.Shared.NextDouble() * (most - min.TotalSeconds)));
        }
    }
}

namespace Orleans.Runtime.Providers
{
    using Orleans.Internal;

    /// <summary>How long to wait before an event is delivered again.</summary>
    public interface IMessageDeliveryBackoffProvider : IBackoffProvider;

    /// <summary>How long to wait before a queue that could not be read is read again.</summary>
    public interface IQueueReaderBackoffProvider : IBackoffProvider;
}
