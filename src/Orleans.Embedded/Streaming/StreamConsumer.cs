using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>A stream that has had events in an agent's queue, until it has had none for long.</summary>
internal sealed class KnownStream
{
    internal Dictionary<GuidId, StreamConsumer> Consumers { get; } = [];

    internal DateTimeOffset LastEvent { get; set; }

    internal bool IsBusy => Consumers.Values.Any(consumer => consumer.IsBusy);
}

/// <summary>One subscription as its agent sees it, in the agent's turns: attaching, delivering or idle.</summary>
internal sealed class StreamConsumer(StreamSubscription subscription, IStreamConsumerExtension reference) : IDisposable
{
    // Where the batches begin that are being delivered together, because the cursor has moved on.
    private IQueueCacheCursor? _pin;
    private bool _ended;

    internal GuidId Id => subscription.Id;

    internal QualifiedStreamId Stream => subscription.Stream;

    internal GrainId Grain => subscription.Consumer;

    internal IStreamConsumerExtension Reference => reference;

    internal IQueueCacheCursor? Cursor { get; private set; }

    /// <summary>What the consumer has, as far as is known here.</summary>
    internal StreamHandshakeToken? Known { get; set; }

    /// <summary>How far it has come, for those who are told at hand-over.</summary>
    internal StreamSequenceToken? Progress { get; set; }

    internal bool IsAttached { get; set; }

    /// <summary>A loop is attaching it or delivering to it, and will look for a next batch.</summary>
    internal bool IsBusy { get; set; }

    /// <summary>That loop. It does not fail, and ends with the call under way when the agent stops.</summary>
    internal Task Delivery { get; set; } = Task.CompletedTask;

    internal void Use(IQueueCacheCursor cursor)
    {
        Cursor?.Dispose();
        Cursor = cursor;
        if (_ended) Dispose();
    }

    /// <summary>
    /// The next batch, or as many next ones as there are, up to <paramref name="most"/>. If there is none, it is idle.
    /// </summary>
    internal IBatchContainer? TakeNext(int most, IQueueCache cache)
    {
        if (Cursor is not { } cursor || !cursor.MoveNext())
        {
            // From here on the next batch has to wake it: nothing may come between this look and saying so.
            IsBusy = false;
            return null;
        }

        var first = cursor.GetCurrent(out _)!;
        if (most <= 1) return first;

        _pin = cache.GetCacheCursor(Stream.StreamId, first.SequenceToken);
        _pin.MoveNext();
        List<IBatchContainer> batches = [first];
        while (batches.Count < most && cursor.MoveNext()) batches.Add(cursor.GetCurrent(out _)!);
        return new BatchContainerBatch(batches);
    }

    internal void RecordFailure(IBatchContainer batch)
    {
        if (_pin is null)
        {
            Cursor?.RecordDeliveryFailure();
            return;
        }

        for (var rest = ((IBatchContainerBatch)batch).BatchContainers.Count; rest > 0; rest--)
        {
            _pin.RecordDeliveryFailure();
            if (rest > 1) _pin.MoveNext();
        }
    }

    /// <summary>What was taken has been delivered or given up.</summary>
    internal void Finished()
    {
        _pin?.Dispose();
        _pin = null;
    }

    public void Dispose()
    {
        _ended = true;
        Cursor?.Dispose();
        Cursor = null;
        Finished();
    }
}

/// <summary>Batches of one stream that are delivered by one call.</summary>
[GenerateSerializer]
internal sealed class BatchContainerBatch(List<IBatchContainer> batchContainers) : IBatchContainerBatch
{
    [Id(0)]
    public List<IBatchContainer> BatchContainers { get; } = batchContainers;

    public StreamId StreamId => BatchContainers[0].StreamId;

    public StreamSequenceToken SequenceToken => BatchContainers[0].SequenceToken;

    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() =>
        BatchContainers.SelectMany(batch => batch.GetEvents<T>());

    public bool ImportRequestContext() => BatchContainers[0].ImportRequestContext();
}
