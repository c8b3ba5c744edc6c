using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;

namespace Waybill.EventStore.Streams;

/// <summary>What of one queue was given up. Safe for concurrent use.</summary>
internal sealed class GivenUp
{
    private readonly Lock _lock = new();
    private long _count;
    private GivenUpEvent? _last;

    public (long Count, GivenUpEvent? Last) Now
    {
        get
        {
            lock (_lock)
                return (_count, _last);
        }
    }

    public void Add(GivenUpEvent givenUp)
    {
        lock (_lock)
            (_count, _last) = (_count + 1, givenUp);
    }
}

/// <summary>
/// Counts and logs what Orleans gives up. It is not told of the error: that stands in the log before this, once for
/// each attempt, as Orleans' own warnings.
/// </summary>
internal sealed class GivenUpHandler(GivenUp givenUp, TimeProvider time, ILogger logger) : IStreamFailureHandler
{
    public bool ShouldFaultSubsriptionOnError => false;

    public Task OnDeliveryFailure(
        GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken)
    {
        var (stream, position) = (streamIdentity.ToString(), sequenceToken?.SequenceNumber);
        givenUp.Add(new GivenUpEvent(stream, position, time.GetUtcNow()));
        logger.LogError(
            "Position {Position} was given up for a consumer of {Stream}, which failed to take it until the end.",
            position, stream);
        return Task.CompletedTask;
    }

    // The consumer could not be asked, because its grain cannot be activated; it is given the events all the same.
    public Task OnSubscriptionFailure(
        GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken)
    {
        logger.LogError("A consumer of {Stream} could not be activated.", streamIdentity);
        return Task.CompletedTask;
    }
}
