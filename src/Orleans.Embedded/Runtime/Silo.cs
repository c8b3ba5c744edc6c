using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>What state a silo is in.</summary>
[GenerateSerializer]
public enum SiloStatus
{
    None = 0,
    Created = 1,
    Joining = 2,
    Active = 3,
    ShuttingDown = 4,
    Stopping = 5,
    Dead = 6,
}

/// <summary>Who this silo is.</summary>
public interface ILocalSiloDetails
{
    /// <summary>Its name, unique in its cluster.</summary>
    string Name { get; }

    /// <summary>The cluster it is in.</summary>
    string ClusterId { get; }

    /// <summary>Its address in this life.</summary>
    SiloAddress SiloAddress { get; }
}

/// <summary>
/// One silo: its own services and activations, a member of the process's cluster. It starts through the stages of
/// its lifecycle, joins at <see cref="ServiceLifecycleStage.BecomeActive"/>, and on the way down deactivates its
/// grains at that same stage; calls to them then go to other silos, or fail if there is none.
/// </summary>
internal sealed class Silo : ILocalSiloDetails, IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<GrainType, GrainClass> _classes = new();
    private readonly ConcurrentDictionary<GrainId, StatelessWorkers> _workers = new();
    private readonly LifecycleSubject _lifecycle = new();
    private readonly IServiceProvider _services;
    private readonly ILogger _logger;
    private readonly TimeSpan _collectionQuantum;
    private ITimer? _collector;
    private volatile SiloStatus _status = SiloStatus.Created;

    public Silo(
        IServiceProvider services,
        Cluster cluster,
        IOptions<ClusterOptions> clusterOptions,
        IOptions<SiloOptions> siloOptions,
        IOptions<EndpointOptions> endpoints,
        IOptions<SiloMessagingOptions> messaging,
        IOptions<GrainCollectionOptions> collection,
        ILogger<Silo> logger)
    {
        (_services, _logger, _collectionQuantum) = (services, logger, collection.Value.CollectionQuantum);
        SiloAddress = SiloAddress.New(
            endpoints.Value.AdvertisedIPAddress ?? IPAddress.Loopback,
            endpoints.Value.SiloPort,
            SiloAddress.AllocateNewGeneration());
        Name = siloOptions.Value.SiloName ?? $"Silo_{SiloAddress.Generation:X}";
        ClusterId = clusterOptions.Value.ClusterId;
        Runtime = new RuntimeClient(services, cluster, messaging.Value.ResponseTimeout) { Silo = this };
    }

    public string Name { get; }

    public string ClusterId { get; }

    public SiloAddress SiloAddress { get; }

    internal RuntimeClient Runtime { get; }

    internal Cluster Cluster => Runtime.Cluster;

    internal SiloStatus Status
    {
        get => _status;
        set
        {
            // The barrier keeps "say so first, look for activations second" in that order; see Cluster.Locate.
            _status = value;
            Interlocked.MemoryBarrier();
        }
    }

    internal DateTimeOffset StartedAt { get; private set; }

    internal IEnumerable<GrainClass> Classes => _classes.Select(entry => entry.Value);

    internal int ActivationCount => Classes.Sum(grainClass => Volatile.Read(ref grainClass.ActivationCount));

    /// <summary>The activations here, stateless workers included.</summary>
    internal IEnumerable<Activation> Activations => Cluster.Of(Runtime)
        .Where(activation => activation.GrainId.Type != Cluster.ObserverType)
        .Concat(_workers.SelectMany(entry => entry.Value.ToArray()));

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (GrainTypes.Faults().ToList() is { Count: > 0 } faults)
        {
            throw new OrleansConfigurationException(
                string.Join(Environment.NewLine, ["These types cannot be sent from one silo to another:", .. faults]));
        }

        _status = SiloStatus.Joining;
        StartedAt = Runtime.TimeProvider.GetUtcNow();
        _lifecycle.Subscribe(nameof(Silo), ServiceLifecycleStage.BecomeActive, BecomeActive, DeactivateAll);
        foreach (var participant in _services.GetServices<ILifecycleParticipant<ISiloLifecycle>>())
            participant.Participate(_lifecycle);
        try
        {
            await _lifecycle.StartAsync(cancellationToken);
        }
        catch
        {
            // Whatever was begun is ended: a silo that could not start leaves nothing behind.
            await StopAsync(CancellationToken.None);
            throw;
        }

        _logger.LogInformation("Silo {Name} at {Address} is active.", Name, SiloAddress);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_status is SiloStatus.Dead or SiloStatus.Created) return;
        _collector?.Dispose();
        try
        {
            await _lifecycle.StopAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            _logger.LogWarning(exception, "Silo {Name} did not stop cleanly.", Name);
        }

        Cluster.Leave(this);
        Runtime.Close($"The silo {Name} has stopped.");
        _logger.LogInformation("Silo {Name} has stopped.", Name);
    }

    public void Dispose()
    {
        _collector?.Dispose();
        Runtime.Dispose();
    }

    /// <summary>Dies at once: nothing here runs any more, nobody is told.</summary>
    internal void Kill()
    {
        _collector?.Dispose();
        Cluster.Kill(this);
    }

    /// <exception cref="ArgumentException">There is no such grain class.</exception>
    internal GrainClass ClassOf(GrainType type) => _classes.GetOrAdd(
        type,
        static (type, silo) => GrainTypes.All.TryGetValue(type, out var implementation)
            ? new GrainClass(type, implementation, silo._services)
            : throw new ArgumentException($"There is no grain class for the grain type '{type}'."),
        this);

    internal StatelessWorkers Workers(GrainId id) =>
        _workers.GetOrAdd(id, static (id, silo) => new StatelessWorkers(silo, id, silo.ClassOf(id.Type)), this);

    internal void Forget(GrainId id, StatelessWorkers closed) => _workers.TryRemove(KeyValuePair.Create(id, closed));

    internal static void End(Activation activation) =>
        activation.Deactivate(new(DeactivationReasonCode.ShuttingDown, "The silo is shutting down."));

    private Task BecomeActive(CancellationToken cancellationToken)
    {
        Cluster.Join(this);
        _collector = Runtime.TimeProvider.CreateTimer(_ => CollectIdle(), null, _collectionQuantum, _collectionQuantum);
        return Task.CompletedTask;
    }

    // New activations go elsewhere from the first line on, so one pass over those that are here would do; the loop is
    // for those that were being placed at that moment.
    private async Task DeactivateAll(CancellationToken cancellationToken)
    {
        Cluster.Announce(this, SiloStatus.ShuttingDown);
        while (Activations.ToList() is { Count: > 0 } activations)
        {
            foreach (var activation in activations) End(activation);
            await Task.WhenAll(activations.Select(activation => activation.Deactivated)).WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Ends what has been idle for its class's age, or for <paramref name="age"/> if one is given; completes as
    /// each has ended.
    /// </summary>
    internal List<Task> CollectIdle(TimeSpan? age = null) =>
        [.. from activation in Activations where activation.CollectIfIdle(age) select activation.Deactivated];
}
