using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>
/// Marks a constructor parameter that the runtime fills from what stands on it, such as persistent state.
/// </summary>
internal interface IFacetFactory
{
    object Create(Activation activation, ParameterInfo parameter);
}

/// <summary>
/// What all activations of one grain class on one silo share: how they are made, how they behave, what they did.
/// </summary>
internal sealed class GrainClass
{
    private readonly ObjectFactory _factory;
    private readonly (ParameterInfo Parameter, IFacetFactory Facet)[] _facets;
    private long _calls;
    private long _failures;
    private long _latency;

    internal GrainClass(GrainType type, Type implementation, IServiceProvider services)
    {
        (Type, Implementation) = (type, implementation);
        Logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(implementation.FullName!);
        Reentrant = implementation.IsDefined(typeof(ReentrantAttribute));
        MaxLocalWorkers = implementation.GetCustomAttribute<StatelessWorkerAttribute>()?.MaxLocalWorkers ?? 0;

        var messaging = services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value;
        var limit = MaxLocalWorkers > 0
            ? messaging.MaxEnqueuedRequestsHardLimit_StatelessWorker
            : messaging.MaxEnqueuedRequestsHardLimit;
        MaxEnqueued = limit > 0 ? limit : int.MaxValue;

        var collection = services.GetRequiredService<IOptions<GrainCollectionOptions>>().Value;
        var configured = collection.ClassSpecificCollectionAge
            .GetValueOrDefault(implementation.FullName!, collection.CollectionAge);
        CollectionAge = implementation.IsDefined(typeof(KeepAliveAttribute)) ? null
            : implementation.GetCustomAttribute<CollectionAgeLimitAttribute>()?.AgeLimit ?? configured;
        (ActivationTimeout, DeactivationTimeout) = (collection.ActivationTimeout, collection.DeactivationTimeout);

        var constructors = implementation.GetConstructors();
        _facets = constructors.Length == 1 ? [.. FacetsOf(constructors[0])] : [];
        _factory = ActivatorUtilities.CreateFactory(
            implementation, [.. _facets.Select(facet => facet.Parameter.ParameterType)]);
    }

    internal int ActivationCount;

    internal GrainType Type { get; }

    internal Type Implementation { get; }

    /// <summary>The name that statistics go by.</summary>
    internal string Name => $"{Implementation.FullName},{Implementation.Assembly.GetName().Name}";

    internal ILogger Logger { get; }

    internal bool Reentrant { get; }

    /// <summary>How many of a stateless worker one silo has at most; 0 for an ordinary grain.</summary>
    internal int MaxLocalWorkers { get; }

    internal int MaxEnqueued { get; }

    /// <summary>How long it may be idle; null for ever.</summary>
    internal TimeSpan? CollectionAge { get; }

    internal TimeSpan ActivationTimeout { get; }

    internal TimeSpan DeactivationTimeout { get; }

    /// <summary>
    /// Calls, failed calls, and the sum of their times from sending to the end in the clock's timestamp ticks.
    /// </summary>
    internal (long Calls, long Failures, long Latency) Statistics =>
        (Interlocked.Read(ref _calls), Interlocked.Read(ref _failures), Interlocked.Read(ref _latency));

    internal object Create(Activation activation) => _factory(
        activation.ActivationServices,
        _facets.Length == 0 ? null : [.. _facets.Select(facet => facet.Facet.Create(activation, facet.Parameter))]);

    internal void Record(long latency, bool failed)
    {
        Interlocked.Increment(ref _calls);
        Interlocked.Add(ref _latency, latency);
        if (failed) Interlocked.Increment(ref _failures);
    }

    private static IEnumerable<(ParameterInfo, IFacetFactory)> FacetsOf(ConstructorInfo constructor) =>
        from parameter in constructor.GetParameters()
        from facet in parameter.GetCustomAttributes().OfType<IFacetFactory>()
        select (parameter, facet);
}
