using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// The sending side of a silo, or of a client outside the silos: references, calls under way and their timeouts.
/// Values cross between two of these only by serialization.
/// </summary>
internal sealed class RuntimeClient : IDisposable
{
    // The timeouts' granularity, as in genuine Orleans.
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _responseTimeout;
    private readonly ITimer _sweep;
    private volatile bool _dead;
    private volatile string? _closed;

    internal RuntimeClient(IServiceProvider services, Cluster cluster, TimeSpan responseTimeout)
    {
        (Services, Cluster, _responseTimeout) = (services, cluster, responseTimeout);
        TimeProvider = services.GetRequiredService<TimeProvider>();
        Serializer = new MessageSerializer(CreateReference);
        Factory = new GrainFactory(this);
        _sweep = TimeProvider.CreateTimer(_ => FailExpired(), null, SweepPeriod, SweepPeriod);
    }

    internal IServiceProvider Services { get; }

    internal Cluster Cluster { get; }

    internal TimeProvider TimeProvider { get; }

    internal MessageSerializer Serializer { get; }

    internal GrainFactory Factory { get; }

    internal CallbackTable Callbacks { get; } = new();

    // Made when first needed, because a filter may itself want a grain factory, which is not there before this
    // object is.
    internal IIncomingGrainCallFilter[] IncomingFilters =>
        field ??= [.. Services.GetServices<IIncomingGrainCallFilter>()];

    internal IOutgoingGrainCallFilter[] OutgoingFilters =>
        field ??= [.. Services.GetServices<IOutgoingGrainCallFilter>()];

    /// <summary>The silo this is the sending side of; null for a client outside the silos.</summary>
    internal Silo? Silo { get; set; }

    /// <summary>Killed: nothing of it runs any more.</summary>
    internal bool IsDead => _dead;

    public void Dispose() => _sweep.Dispose();

    /// <summary>A reference to the grain, called through <paramref name="interfaceType"/> and from here.</summary>
    internal object CreateReference(Type interfaceType, GrainId grainId) =>
        GrainReferenceProxy.Create(interfaceType, grainId, this);

    /// <summary>A value that came from another silo, its references bound to this side.</summary>
    internal object? Receive(byte[] bytes) => Serializer.Deserialize(bytes);

    internal void Send<TResult>(Message<TResult> message, TimeSpan? timeout)
    {
        message.From(this, Activation.Current);
        message.Timeout = timeout ?? _responseTimeout;
        if (!message.Method.OneWay) Callbacks.Add(message);
        if (_closed is { } why) message.Fail(new SiloUnavailableException(why));
        else Dispatch(message);
    }

    /// <summary>Gives the message to the grain's activation, wherever it is; makes one if there is none.</summary>
    internal void Dispatch(Message message)
    {
        try
        {
            var target = message.TargetId;
            while (!message.IsAnswered && !Cluster.Locate(target, this, message).TryReceive(message))
            {
                // It ended between being found and being asked; it is out of the directory by now, or about to be.
                Thread.Yield();
            }
        }
        catch (Exception exception)
        {
            message.Fail(exception);
        }
    }

    /// <summary>Refuses calls from now on, and fails those that still wait.</summary>
    internal void Close(string why)
    {
        _closed = why;
        Callbacks.FailWhere(_ => new SiloUnavailableException(why));
        Dispose();
    }

    internal void Die()
    {
        _dead = true;
        _closed = "The silo was killed.";
        Dispose();
    }

    private void FailExpired() => Callbacks.FailWhere(message =>
        TimeProvider.GetElapsedTime(message.SentAt) < message.Timeout
            ? null
            : new TimeoutException($"Response did not arrive on time in {message.Timeout} for message: {message}."));
}
