using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Streams;

/// <summary>
/// A named provider on one silo or client. Its adapter is made before the silo joins the cluster; on a silo that is
/// active, <see cref="PullingAgents"/> read the queues, and have handed them over before the silo's grains end.
/// </summary>
internal sealed class PersistentStreamProvider : IStreamProvider, ILifecycleParticipant<ISiloLifecycle>, IHostedService
{
    private const string Store = "PubSubStore";

    private readonly IServiceProvider _services;
    private readonly StreamPubSubType _subscriptions;
    private IQueueAdapter? _adapter;
    private PullingAgents? _agents;

    private PersistentStreamProvider(IServiceProvider services, string name)
    {
        (_services, Name) = (services, name);
        Runtime = services.GetRequiredService<RuntimeClient>();
        _subscriptions = services.GetRequiredService<IOptionsMonitor<StreamPubSubOptions>>().Get(name).PubSubType;
        Cluster = Runtime.Cluster.Shared<StreamCluster>();
    }

    public string Name { get; }

    public bool IsRewindable => Adapter.IsRewindable;

    internal RuntimeClient Runtime { get; }

    internal StreamCluster Cluster { get; }

    internal IQueueAdapterFactory Factory => _services.GetRequiredKeyedService<IQueueAdapterFactory>(Name);

    internal IQueueAdapter Adapter => _adapter
        ?? throw new InvalidOperationException($"The stream provider '{Name}' has not started.");

    internal bool HasExplicit => _subscriptions is not StreamPubSubType.ImplicitOnly;

    /// <exception cref="InvalidOperationException">The provider takes no events.</exception>
    internal IQueueAdapter Writable => Adapter.Direction is not StreamProviderDirection.ReadOnly
        ? Adapter
        : throw new InvalidOperationException($"Stream provider {Name} is ReadOnly.");

    public IAsyncStream<T> GetStream<T>(StreamId streamId) => new Stream<T>(this, streamId);

    void ILifecycleParticipant<ISiloLifecycle>.Participate(ISiloLifecycle lifecycle)
    {
        CheckStore();
        lifecycle.Subscribe(Name, ServiceLifecycleStage.ApplicationServices, StartAsync);
        lifecycle.Subscribe(Name, ServiceLifecycleStage.Active, StartReading, StopReading);
    }

    public async Task StartAsync(CancellationToken cancellationToken) =>
        _adapter = await Factory.CreateAdapter(cancellationToken);

    // Of a client there is nothing to stop: when it goes, its subscriptions do (see PullingAgent).
    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    internal static void AddTo(
        IServiceCollection services, string name, Func<IServiceProvider, string, IQueueAdapterFactory> factory)
    {
        services.TryAddKeyedTransient<IGrainExtension, StreamConsumerExtension>(typeof(IStreamConsumerExtension));
        services.TryAddSingleton<ClientConsumer>();
        services.AddKeyedSingleton<IStreamProvider>(name, (all, _) => new PersistentStreamProvider(all, name));
        services.AddKeyedSingleton(name, (all, _) => factory(all, name));
    }

    internal static PersistentStreamProvider Of(IServiceProvider services, string name) =>
        (PersistentStreamProvider)services.GetRequiredKeyedService<IStreamProvider>(name);

    /// <summary>Who the calling code is to a stream: the grain whose turn it is, or else the silo or client.</summary>
    internal (StreamConsumerExtension Extension, GrainId Id) Me() =>
        Activation.Current is { } grain && grain.GrainId.Type != Orleans.Runtime.Cluster.ObserverType
            ? (StreamConsumerExtension.Of(grain), grain.GrainId)
            : _services.GetRequiredService<ClientConsumer>().Me;

    /// <summary>All subscriptions to the stream.</summary>
    internal IEnumerable<StreamSubscription> SubscriptionsTo(QualifiedStreamId stream) =>
        HasExplicit ? ImplicitSubscriptions.Of(stream).Concat(Cluster.Of(stream)) : ImplicitSubscriptions.Of(stream);

    // Nothing is stored here, but genuine Orleans does not start without it.
    private void CheckStore()
    {
        if (!HasExplicit || _services.GetKeyedService<IGrainStorage>(Name) is not null) return;
        if (_services.GetKeyedService<IGrainStorage>(Store) is not null) return;
        throw new OrleansConfigurationException(
            $"The stream provider '{Name}' has explicit subscriptions, so the silo needs a grain storage named "
            + $"'{Store}' or '{Name}'; or say ConfigureStreamPubSub({nameof(StreamPubSubType.ImplicitOnly)}).");
    }

    private Task StartReading(CancellationToken cancellationToken)
    {
        if (Adapter.Direction is not (StreamProviderDirection.ReadOnly or StreamProviderDirection.ReadWrite))
        {
            return Task.CompletedTask;
        }

        _agents = new PullingAgents(this);
        return _agents.StartAsync().WaitAsync(cancellationToken);
    }

    private Task StopReading(CancellationToken cancellationToken) =>
        _agents?.StopAsync().WaitAsync(cancellationToken) ?? Task.CompletedTask;
}

/// <summary>What a silo or client is to streams when no grain subscribes: an observer that agents can call.</summary>
internal sealed class ClientConsumer(RuntimeClient runtime) : IGrainObserver
{
    private readonly Lock _lock = new();
    private (StreamConsumerExtension Extension, GrainId Id)? _me;

    internal (StreamConsumerExtension Extension, GrainId Id) Me
    {
        get
        {
            lock (_lock) return _me ??= Offer();
        }
    }

    private (StreamConsumerExtension Extension, GrainId Id) Offer()
    {
        var id = runtime.Factory.CreateObjectReference<IGrainObserver>(this).GetGrainId();
        return (StreamConsumerExtension.Of(runtime.Cluster.Find(id)!), id);
    }
}
