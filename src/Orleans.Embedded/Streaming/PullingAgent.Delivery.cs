using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>
/// Delivers from the cache. Each subscription of a stream has a cursor and a loop that takes one batch after another
/// to the consumer; a batch that fails is delivered again until it is given up, and only then comes the next.
/// </summary>
internal sealed partial class PullingAgent
{
    /// <summary>Told of a new subscription. If its stream is not known yet, its first event will bring it up.</summary>
    internal void Subscribed(StreamSubscription subscription) => Post(() =>
    {
        if (!IsStopping && _streams.TryGetValue(subscription.Stream, out var stream)) Begin(stream, subscription, null);
    });

    internal void Unsubscribed(QualifiedStreamId id, GuidId subscription) => Post(() =>
    {
        if (!_streams.TryGetValue(id, out var stream)) return;
        if (stream.Consumers.Remove(subscription, out var consumer)) consumer.Dispose();
        if (stream.Consumers.Count == 0) _streams.Remove(id);
    });

    /// <summary>Batches of a stream have come into the cache, the first at <paramref name="first"/>.</summary>
    private void Arrived(QualifiedStreamId id, StreamSequenceToken first)
    {
        var unserved = _unserved.GetValueOrDefault(id, (First: first, Since: Now));
        try
        {
            Serve(id, unserved.First);
            _unserved.Remove(id);
        }
        catch (Exception exception) when (Now - unserved.Since <= _options.MaxEventDeliveryTime)
        {
            if (!_unserved.TryAdd(id, unserved)) return;
            _logger.LogError(exception, "{Stream} cannot be served from {Event} on.", id, unserved.First);
        }
        catch (Exception exception)
        {
            _unserved.Remove(id);
            _logger.LogError(exception, "{Stream} is given up from {Event} on.", id, unserved.First);
        }
    }

    // What finds subscribers and places may be the application's own code, and throw.
    private void Serve(QualifiedStreamId id, StreamSequenceToken first)
    {
        if (!_streams.TryGetValue(id, out var stream)) _streams[id] = stream = BeginAll(id, first);
        stream.LastEvent = Now;
        foreach (var consumer in stream.Consumers.Values)
        {
            try
            {
                consumer.Cursor?.Refresh(first);
            }
            catch (DataNotAvailableException exception)
            {
                _logger.LogWarning(exception, "{Consumer} of {Stream} waited for what has passed.", consumer.Grain, id);
                consumer.Use(_cache!.GetCacheCursor(id.StreamId, first));
            }

            if (!consumer.IsBusy) consumer.Delivery = RunAsync(consumer, () => DeliverAllAsync(consumer));
        }
    }

    // All of its subscriptions begin, or none.
    private KnownStream BeginAll(QualifiedStreamId id, StreamSequenceToken first)
    {
        var stream = new KnownStream();
        try
        {
            foreach (var subscription in _provider.SubscriptionsTo(id)) Begin(stream, subscription, first);
            return stream;
        }
        catch
        {
            foreach (var consumer in stream.Consumers.Values) consumer.Dispose();
            throw;
        }
    }

    // The cursor comes first: it keeps what it stands on while the consumer is asked where it wants to begin.
    private void Begin(KnownStream stream, StreamSubscription subscription, StreamSequenceToken? first)
    {
        if (stream.Consumers.ContainsKey(subscription.Id)) return;
        var reference = Runtime.CreateReference(typeof(IStreamConsumerExtension), subscription.Consumer);
        var consumer = new StreamConsumer(subscription, (IStreamConsumerExtension)reference);
        consumer.Use(_cache!.GetCacheCursor(subscription.Stream.StreamId, first));
        stream.Consumers.Add(subscription.Id, consumer);
        consumer.Delivery = RunAsync(consumer, async () =>
        {
            await AttachAsync(consumer, first);
            await DeliverAllAsync(consumer);
        });
    }

    private async Task RunAsync(StreamConsumer consumer, Func<Task> work)
    {
        consumer.IsBusy = true;
        try
        {
            await work();
        }
        catch (Exception exception) when (!IsStopping)
        {
            consumer.IsBusy = false;
            _logger.LogError(exception, "Delivery of {Stream} has stopped until its next event.", consumer.Stream);
        }
        catch (Exception exception)
        {
            _logger.LogDebug(exception, "Queue {Queue} is handed over; a delivery has ended.", Queue);
        }
    }

    /// <summary>Asks the consumer what it has or wants, and puts its cursor there.</summary>
    private async Task AttachAsync(StreamConsumer consumer, StreamSequenceToken? first)
    {
        StreamHandshakeToken? wanted = null;
        try
        {
            wanted = await CallAsync(consumer, () => consumer.Reference.GetSequenceToken(consumer.Id));
            if (wanted is not null) consumer.Use(CursorFor(consumer, wanted, first));
        }
        catch (Exception exception) when (!IsStopping)
        {
            await FailAsync(consumer, exception, null, wanted?.Token, _failures!.OnSubscriptionFailure);
            wanted = null;
        }

        consumer.Known = wanted;
        consumer.Progress = wanted is { IsDelivered: true } ? wanted.Token : null;
        consumer.IsAttached = true;
    }

    private async Task DeliverAllAsync(StreamConsumer consumer)
    {
        while (!IsStopping && await TakeNextAsync(consumer) is { } batch)
        {
            try
            {
                if (await CallAsync(consumer, () => DeliverAsync(consumer, batch)) is { } known)
                {
                    GoOnAfter(consumer, known, batch);
                }
                else
                {
                    var last = batch is IBatchContainerBatch several ? several.BatchContainers[^1] : batch;
                    consumer.Progress = last.SequenceToken;
                }
            }
            catch (Exception exception) when (!IsStopping)
            {
                _logger.LogError(exception, "{Consumer} gets no {Event}.", consumer.Grain, batch.SequenceToken);
                consumer.RecordFailure(batch);
                var failure = IsGone(consumer, exception) ? exception : new StreamEventDeliveryFailureException(
                    $"Stream provider {_provider.Name} failed to deliver an event of {consumer.Stream.StreamId}.");
                await FailAsync(consumer, failure, batch, batch.SequenceToken, _failures!.OnDeliveryFailure);
            }

            consumer.Finished();
        }
    }

    private async ValueTask<IBatchContainer?> TakeNextAsync(StreamConsumer consumer)
    {
        try
        {
            return consumer.TakeNext(_options.BatchContainerBatchSize, _cache!);
        }
        catch (DataNotAvailableException exception)
        {
            // A cache may let go of what nobody has had yet; ours does not.
            consumer.Use(_cache!.GetCacheCursor(consumer.Stream.StreamId, null));
            await FailAsync(consumer, exception, null, null, _failures!.OnDeliveryFailure);
            return consumer.TakeNext(_options.BatchContainerBatchSize, _cache!);
        }
    }

    private async Task<StreamHandshakeToken?> DeliverAsync(StreamConsumer consumer, IBatchContainer batch)
    {
        var answer = await InContextOf(
            batch, () => consumer.Reference.DeliverBatch(consumer.Id, consumer.Stream, batch, consumer.Known));
        consumer.Known = new StreamHandshakeToken(batch.SequenceToken, IsDelivered: true);
        return answer;
    }

    /// <summary>The consumer has, or wants, something else than was delivered: goes on from there.</summary>
    /// <exception cref="QueueCacheMissException">It wants a place that is gone: as in genuine Orleans, it loses what
    /// was delivered, too.</exception>
    private void GoOnAfter(StreamConsumer consumer, StreamHandshakeToken known, IBatchContainer delivered)
    {
        consumer.Known = known;
        consumer.Progress = Has(consumer, known) ? known.Token : null;
        consumer.Use(CursorFor(consumer, known, Has(consumer, known) ? delivered.SequenceToken : null));
    }

    // As in genuine Orleans: who subscribes by itself begins at the place it names, and who is subscribed by attribute
    // goes on behind it.
    private static bool Has(StreamConsumer consumer, StreamHandshakeToken known) =>
        known.IsDelivered || ImplicitSubscriptions.IsImplicit(consumer.Id);

    private IQueueCacheCursor CursorFor(
        StreamConsumer consumer, StreamHandshakeToken known, StreamSequenceToken? otherwise)
    {
        var cursor = CursorAt(consumer, known.Token, otherwise);
        if (!Has(consumer, known)) return cursor;

        // Only that place is passed, not what may stand there instead.
        if (!cursor.MoveNext() || cursor.GetCurrent(out _)!.SequenceToken.Equals(known.Token)) return cursor;
        cursor.Dispose();
        return CursorAt(consumer, known.Token, otherwise);
    }

    private IQueueCacheCursor CursorAt(
        StreamConsumer consumer, StreamSequenceToken place, StreamSequenceToken? otherwise)
    {
        try
        {
            return _cache!.GetCacheCursor(consumer.Stream.StreamId, place);
        }
        catch (QueueCacheMissException) when (otherwise is not null)
        {
            return _cache!.GetCacheCursor(consumer.Stream.StreamId, otherwise);
        }
    }

    private Task<StreamHandshakeToken?> CallAsync(StreamConsumer consumer, Func<Task<StreamHandshakeToken?>> call) =>
        RetryAsync(call, _deliveryBackoff, _options.MaxEventDeliveryTime, (failure, _) => !IsGone(consumer, failure));

    /// <summary>Tells all who should know. A client that has gone loses its subscription.</summary>
    private async Task FailAsync(
        StreamConsumer consumer,
        Exception failure,
        IBatchContainer? batch,
        StreamSequenceToken? token,
        Func<GuidId, string, StreamId, StreamSequenceToken?, Task> tellHandler)
    {
        if (IsGone(consumer, failure))
        {
            End(consumer);
            return;
        }

        await TryAsync(() => InContextOf(batch, () => consumer.Reference.ErrorInStream(consumer.Id, failure)));
        await TryAsync(() => tellHandler(consumer.Id, _provider.Name, consumer.Stream.StreamId, token));
        if (!_failures!.ShouldFaultSubsriptionOnError || ImplicitSubscriptions.IsImplicit(consumer.Id)) return;
        var faulted = new FaultedSubscriptionException($"Subscription {consumer.Id} to {consumer.Stream} is faulted.");
        await TryAsync(() => InContextOf(batch, () => consumer.Reference.ErrorInStream(consumer.Id, faulted)));
        End(consumer);
    }

    private void End(StreamConsumer consumer)
    {
        consumer.Dispose();
        _provider.Cluster.Remove(consumer.Stream, consumer.Id);
    }

    private bool IsGone(StreamConsumer consumer, Exception exception) =>
        exception is OrleansMessageRejectionException
        && consumer.Grain.Type == Cluster.ObserverType
        && Runtime.Cluster.Find(consumer.Grain) is null;

    // The context goes with the call alone: it is gone before anything is awaited.
    private static TTask InContextOf<TTask>(IBatchContainer? batch, Func<TTask> call)
    {
        var imported = batch?.ImportRequestContext() is true;
        try
        {
            return call();
        }
        finally
        {
            if (imported) RequestContext.Clear();
        }
    }

    private async Task TryAsync(Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (Exception exception)
        {
            _logger.LogWarning(exception, "Of a failure in queue {Queue} somebody could not be told.", Queue);
        }
    }
}
