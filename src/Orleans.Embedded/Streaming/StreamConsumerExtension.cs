using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams.Core;

namespace Orleans.Streams;

/// <summary>
/// What agent and consumer agree on: the last batch the consumer has, or the place it wants to begin at. The agent
/// sends along what it believes; a consumer that knows better answers with its own and takes nothing.
/// </summary>
[GenerateSerializer, Immutable]
internal sealed record StreamHandshakeToken(StreamSequenceToken Token, bool IsDelivered);

/// <summary>The consumer's side, as agents call it: beside the grain's own interfaces, in turns.</summary>
internal interface IStreamConsumerExtension : IGrainExtension
{
    /// <summary>Gives a batch to the observer. Null if it was taken, or if nobody wanted it.</summary>
    Task<StreamHandshakeToken?> DeliverBatch(
        GuidId subscriptionId, QualifiedStreamId streamId, IBatchContainer batch, StreamHandshakeToken? known);

    /// <summary>Tells the observer of an error.</summary>
    Task ErrorInStream(GuidId subscriptionId, Exception exception);

    /// <summary>What the consumer has, or wants; activates the grain, which is where it may subscribe.</summary>
    Task<StreamHandshakeToken?> GetSequenceToken(GuidId subscriptionId);
}

/// <summary>A subscription with an observer, whatever its events are.</summary>
internal interface IObservingHandle
{
    StreamHandshakeToken? Expected { get; }

    Task<StreamHandshakeToken?> DeliverBatch(IBatchContainer batch, StreamHandshakeToken? known);

    Task ErrorInStream(Exception exception);
}

/// <summary>The observers of one activation, or of one client. They go with it.</summary>
internal sealed class StreamConsumerExtension(IServiceProvider services, ILogger<StreamConsumerExtension> logger)
    : IStreamConsumerExtension
{
    // A client's subscriptions are made on any thread.
    private readonly ConcurrentDictionary<GuidId, IObservingHandle> _observing = new();
    private readonly Activation? _activation = Activation.Current;

    /// <summary>A stateless worker has many activations, so none of them knows what the subscription has.</summary>
    internal bool KnowsWhatItHas => _activation is not { Class.MaxLocalWorkers: > 0 };

    public async Task<StreamHandshakeToken?> DeliverBatch(
        GuidId subscriptionId, QualifiedStreamId streamId, IBatchContainer batch, StreamHandshakeToken? known)
    {
        if (!_observing.TryGetValue(subscriptionId, out var handle)
            && _activation?.GrainInstance is IStreamSubscriptionObserver grain
            && services.GetKeyedService<IStreamProvider>(streamId.ProviderName) is PersistentStreamProvider provider)
        {
            await grain.OnSubscribed(new HandleFactory(provider, streamId.StreamId, subscriptionId));
            _observing.TryGetValue(subscriptionId, out handle);
        }

        if (handle is not null) return await handle.DeliverBatch(batch, known);
        logger.LogDebug("Nobody observes {Stream} at {Grain}; a batch is dropped.", streamId, _activation?.GrainId);
        return null;
    }

    public Task ErrorInStream(GuidId subscriptionId, Exception exception) =>
        _observing.TryGetValue(subscriptionId, out var handle) ? handle.ErrorInStream(exception) : Task.CompletedTask;

    public Task<StreamHandshakeToken?> GetSequenceToken(GuidId subscriptionId) =>
        Task.FromResult(_observing.TryGetValue(subscriptionId, out var handle) ? handle.Expected : null);

    /// <summary>The activation's own one; made when first asked for.</summary>
    internal static StreamConsumerExtension Of(Activation activation) =>
        (StreamConsumerExtension)activation.Extension(typeof(IStreamConsumerExtension));

    internal void Attach(GuidId subscriptionId, IObservingHandle handle) => _observing[subscriptionId] = handle;

    internal void Detach(GuidId subscriptionId) => _observing.TryRemove(subscriptionId, out _);

    private sealed class HandleFactory(PersistentStreamProvider provider, StreamId streamId, GuidId subscriptionId)
        : IStreamSubscriptionHandleFactory
    {
        public StreamId StreamId => streamId;

        public string ProviderName => provider.Name;

        public GuidId SubscriptionId => subscriptionId;

        public StreamSubscriptionHandle<T> Create<T>() =>
            new SubscriptionHandle<T>(new Stream<T>(provider, streamId), subscriptionId);
    }
}
