using System.Globalization;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Streams;

namespace Waybill.EventStore.Streams;

/// <summary>
/// The queues, spread over Orleans' ring of silos as any provider's. Which one a stream is in is what the store says,
/// because Orleans' own hash is not the same everywhere.
/// </summary>
/// <remarks>
/// A saga's stream carries events of every queue; it has no queue of its own, and what is said of it here is not used
/// for anything, since nothing is written to streams.
/// </remarks>
internal sealed class LogQueues : HashRingBasedStreamQueueMapper, IStreamQueueMapper
{
    private readonly QueueId[] _queues;

    public LogQueues(int count)
        : base(new HashRingStreamQueueMapperOptions { TotalQueueCount = count }, EventStreams.Provider) =>
        _queues = [.. GetAllQueues().OrderBy(queue => queue.GetNumericId())];

    public new QueueId GetQueueForStream(StreamId streamId)
    {
        var (category, key) = (streamId.GetNamespace() ?? "", streamId.GetKeyAsString());
        if (category == EventStreams.LogNamespace
            && int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number < _queues.Length)
        {
            return _queues[number];
        }

        return _queues[LogQueue.Of(new StreamName(category, key), _queues.Length).Number];
    }
}
