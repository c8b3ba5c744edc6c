using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>Who wants a stream's events.</summary>
internal sealed record StreamSubscription(GuidId Id, QualifiedStreamId Stream, GrainId Consumer);

/// <summary>
/// What the silos of one process share about streams: the subscriptions that grains and clients made, the agents that
/// are told of changes to them, and who reads which queue.
/// </summary>
internal sealed class StreamCluster
{
    private readonly ConcurrentDictionary<string, QueueOwners> _owners = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<QualifiedStreamId, ImmutableArray<StreamSubscription>> _subscriptions = [];
    private ImmutableArray<PullingAgent> _agents = [];

    internal QueueOwners OwnersOf(string provider) => _owners.GetOrAdd(provider, static _ => new QueueOwners());

    internal ImmutableArray<StreamSubscription> Of(QualifiedStreamId stream)
    {
        lock (_lock) return _subscriptions.GetValueOrDefault(stream, []);
    }

    // An agent that hears of a stream for the first time looks here, one that knows it is told: so whichever comes
    // first, the subscription or the event, the agent learns of both.
    internal void Add(StreamSubscription subscription)
    {
        lock (_lock)
        {
            _subscriptions[subscription.Stream] =
                _subscriptions.GetValueOrDefault(subscription.Stream, []).Add(subscription);
        }

        foreach (var agent in _agents) agent.Subscribed(subscription);
    }

    internal void Remove(QualifiedStreamId stream, GuidId id)
    {
        lock (_lock)
        {
            var rest = _subscriptions.GetValueOrDefault(stream, []).RemoveAll(subscription => subscription.Id == id);
            if (rest.IsEmpty) _subscriptions.Remove(stream);
            else _subscriptions[stream] = rest;
        }

        foreach (var agent in _agents) agent.Unsubscribed(stream, id);
    }

    internal void Enter(PullingAgent agent)
    {
        lock (_lock) _agents = _agents.RemoveAll(other => other.HasDied).Add(agent);
    }

    internal void Leave(PullingAgent agent)
    {
        lock (_lock) _agents = _agents.Remove(agent);
    }
}

/// <summary>The subscriptions that grain classes have by attributes: they follow from the stream's name.</summary>
internal static class ImplicitSubscriptions
{
    private static readonly ConcurrentDictionary<string, ImmutableArray<Subscriber>> ByNamespace = new();

    internal static IEnumerable<StreamSubscription> Of(QualifiedStreamId stream) =>
        from subscriber in SubscribersTo(stream)
        let key = KeyOf(subscriber.Class, stream.StreamId)
        where key is not null
        let consumer = GrainId.Create(subscriber.Type, key.Value)
        select new StreamSubscription(IdOf(subscriber.Type, stream), stream, consumer);

    /// <summary>The id of the consumer's implicit subscription, or null if its class has none.</summary>
    internal static GuidId? Find(GrainId consumer, QualifiedStreamId stream) =>
        SubscribersTo(stream).Any(subscriber => subscriber.Type == consumer.Type) ? IdOf(consumer.Type, stream) : null;

    /// <summary>Whether a subscription is one: the highest bit of its last byte says so, as in Orleans.</summary>
    internal static bool IsImplicit(GuidId id) => (id.Guid.ToByteArray()[15] & 0x80) != 0;

    internal static GuidId NewExplicitId() => Marked(Guid.NewGuid().ToByteArray(), isImplicit: false);

    private static ImmutableArray<Subscriber> SubscribersTo(QualifiedStreamId stream) =>
        stream.StreamId.GetNamespace() is { } ns && !string.IsNullOrWhiteSpace(ns)
            ? ByNamespace.GetOrAdd(ns, FindSubscribers)
            : [];

    private static ImmutableArray<Subscriber> FindSubscribers(string ns) =>
    [
        .. from pair in GrainTypes.All
           let attributes = pair.Value.GetCustomAttributes<ImplicitStreamSubscriptionAttribute>()
           where attributes.Any(attribute => attribute.Predicate.IsMatch(ns))
           select new Subscriber(pair.Key, pair.Value),
    ];

    // A stream's key is its grain's key as text, but text has integers in decimal and a grain's key in hexadecimal.
    // A key that is of the wrong kind is no grain's: it must not hold up the queue it came in.
    private static IdSpan? KeyOf(Type grainClass, StreamId stream)
    {
        var key = stream.GetKeyAsString();
        if (typeof(IGrainWithIntegerKey).IsAssignableFrom(grainClass))
        {
            return long.TryParse(key, CultureInfo.InvariantCulture, out var number) ? GrainId.KeyOf(number) : null;
        }

        if (typeof(IGrainWithGuidKey).IsAssignableFrom(grainClass))
        {
            return Guid.TryParseExact(key, "N", out var guid) ? GrainId.KeyOf(guid) : null;
        }

        return IdSpan.Create(key);
    }

    private static GuidId IdOf(GrainType type, QualifiedStreamId stream)
    {
        var bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, type.GetUniformHashCode());
        BitConverter.TryWriteBytes(bytes.AsSpan(4), stream.StreamId.GetHashCode());
        BitConverter.TryWriteBytes(bytes.AsSpan(8), stream.StreamId.GetNamespace()!.Length);
        BitConverter.TryWriteBytes(bytes.AsSpan(12), StableHash.Compute(stream.ProviderName));
        return Marked(bytes, isImplicit: true);
    }

    private static GuidId Marked(byte[] bytes, bool isImplicit)
    {
        bytes[15] = (byte)(isImplicit ? bytes[15] | 0x80 : bytes[15] & 0x7f);
        return GuidId.GetGuidId(new Guid(bytes));
    }

    private sealed record Subscriber(GrainType Type, Type Class);
}
