using Microsoft.Extensions.Logging;
using Orleans.Streams;
using Orleans.Streams.Core;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>
/// Passes the events that were recorded on behalf of a saga on to that saga, whatever its type. The grain's key is the
/// saga's id as events carry it, for example <c>transfer-t1</c>.
/// </summary>
/// <remarks>
/// What a saga could not be told comes again: a command that was refused is not sent again, so that nothing else would
/// tell of a copy that took effect later. That holds up nobody but this saga.
/// </remarks>
[ImplicitStreamSubscription("saga")]
[CollectionAgeLimit(Minutes = 2)]
public sealed class SagaRelayGrain(ILogger<SagaRelayGrain> logger)
    : Grain, ISagaRelayGrain, IStreamSubscriptionObserver, IAsyncObserver<StoredEvent>
{
    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<StoredEvent>().ResumeAsync(this);

    /// <inheritdoc/>
    public async Task OnNextAsync(StoredEvent item, StreamSequenceToken? token = null)
    {
        if (SagaGrains.TryParse(this.GetPrimaryKeyString()) is { } saga)
            await GrainFactory.GetSaga(saga).Hear(item.Metadata.CommandId);
        else
            logger.LogWarning("Event {EventId} names {Saga}, which is none.", item.EventId, this.GetPrimaryKeyString());
    }

    /// <inheritdoc/>
    public Task OnErrorAsync(Exception ex)
    {
        logger.LogWarning(ex, "The stream of {Saga} has lost something.", this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }
}

/// <summary>Nobody calls it; events do.</summary>
[Alias("waybill.saga-relay")]
public interface ISagaRelayGrain : IGrainWithStringKey;
