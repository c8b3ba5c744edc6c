using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>An event was given up after its delivery had failed for as long as it may.</summary>
[GenerateSerializer]
public sealed class StreamEventDeliveryFailureException(string message) : OrleansException(message);

/// <summary>The subscription has ended, because one of its events was given up.</summary>
[GenerateSerializer]
public sealed class FaultedSubscriptionException(string message) : OrleansException(message);

/// <summary>The place that was asked for is not to be had.</summary>
[GenerateSerializer]
public class DataNotAvailableException(string message) : OrleansException(message);

/// <summary>The place that was asked for is no longer in the cache.</summary>
[GenerateSerializer]
public sealed class QueueCacheMissException(
    StreamSequenceToken requested, StreamSequenceToken low, StreamSequenceToken high)
    : DataNotAvailableException($"Item not found in cache.  Requested: {requested}, Low: {low}, High: {high}");

/// <summary>A receiver read more than it was asked for.</summary>
[GenerateSerializer]
public sealed class CacheFullException(string message) : OrleansException(message);
