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
/// It never fails, for that would hold up the stream. What is lost here is found out by the saga itself, which sends
/// what is not answered again.
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
        var saga = this.GetPrimaryKeyString();
        try
        {
            await GrainFactory.GetSaga(SagaGrains.Parse(saga)).Hear(item.Metadata.CommandId);
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "{Saga} was not told of event {EventId}.", saga, item.EventId);
        }
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
