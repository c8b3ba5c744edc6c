using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>Makes references that call from one silo or client.</summary>
internal sealed class GrainFactory(RuntimeClient runtime) : IClusterClient
{
    private readonly ConcurrentDictionary<IGrainObserver, GrainId> _observers = new(ReferenceEqualityComparer.Instance);

    // Guards what is done for one observer once: offering it.
    private readonly Lock _offering = new();
    private GrainClass? _observerClass;

    public IServiceProvider ServiceProvider => runtime.Services;

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey =>
        Create<TGrainInterface>(GrainId.KeyOf(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey =>
        Create<TGrainInterface>(GrainId.KeyOf(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey =>
        Create<TGrainInterface>(IdSpan.Create(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable =>
        (TGrainInterface)runtime.CreateReference(typeof(TGrainInterface), grainId);

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        ArgumentNullException.ThrowIfNull(obj);
        if (obj is GrainReferenceProxy) throw new ArgumentException("It is a reference already.", nameof(obj));
        lock (_offering) return GetGrain<TGrainObserverInterface>(_observers.GetOrAdd(obj, Offer));
    }

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        if (obj is not GrainReferenceProxy reference)
        {
            if (_observers.TryRemove(obj, out var offered)) runtime.Cluster.TakeBack(offered);
            return;
        }

        foreach (var (offered, id) in _observers)
        {
            if (id == reference.GrainId) DeleteObjectReference<TGrainObserverInterface>(offered);
        }
    }

    private TGrainInterface Create<TGrainInterface>(IdSpan key, string? prefix) =>
        (TGrainInterface)runtime.CreateReference(
            typeof(TGrainInterface), GrainId.Create(GrainTypes.Resolve(typeof(TGrainInterface), prefix), key));

    private GrainId Offer(IGrainObserver observer)
    {
        var id = GrainId.Create(Cluster.ObserverType, GrainId.KeyOf(Guid.NewGuid()));
        _observerClass ??= new GrainClass(Cluster.ObserverType, typeof(Observer), runtime.Services);
        var activation = new Activation(id, _observerClass, runtime);
        activation.StartWith(observer);
        runtime.Cluster.Offer(activation);
        return id;
    }

    // What stands in for a grain class: an observer is called as a grain that is not reentrant.
    private sealed class Observer;
}
