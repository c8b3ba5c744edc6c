using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Orleans.Runtime;

/// <summary>
/// The silos of one process and the directory they share: which activation stands for which grain.
/// Invariant: a grain has at most one activation that is not ended, because whoever adds it to the directory owns it.
/// When a silo is killed its activations leave the directory at once, and calls under way to it fail.
/// </summary>
internal sealed class Cluster
{
    /// <summary>The type of the objects that clients offer for calls.</summary>
    internal static readonly GrainType ObserverType = GrainType.Create("sys.client.observer");

    private readonly ConcurrentDictionary<GrainId, Activation> _directory = new();
    private readonly ConcurrentDictionary<Type, object> _shared = new();
    private readonly Lock _membership = new();
    private ImmutableArray<Silo> _silos = [];
    private ImmutableArray<RuntimeClient> _clients = [];

    /// <summary>
    /// Raised after a silo has joined, is leaving, or has died; the handlers read <see cref="ActiveSilos"/> and never
    /// throw, since the silo that goes is not done yet.
    /// </summary>
    internal event Action? MembershipChanged;

    /// <summary>Every silo that has been started here, the dead ones too.</summary>
    internal ImmutableArray<Silo> Silos => _silos;

    /// <summary>The silos that new activations may be placed on, in the order they joined.</summary>
    internal IEnumerable<Silo> ActiveSilos => _silos.Where(silo => silo.Status is SiloStatus.Active);

    internal IEnumerable<Activation> Activations => _directory.Select(entry => entry.Value);

    /// <summary>
    /// The one <typeparamref name="T"/> of all silos here, which outlives each of them: what is kept in memory.
    /// </summary>
    internal T Shared<T>()
        where T : class, new() => (T)_shared.GetOrAdd(typeof(T), static _ => new T());

    internal Activation? Find(GrainId id) => _directory.GetValueOrDefault(id);

    /// <summary>
    /// The activation a message to <paramref name="id"/> goes to; made, and started, if there is none.
    /// </summary>
    /// <exception cref="SiloUnavailableException">There is no active silo to make it on.</exception>
    internal Activation Locate(GrainId id, RuntimeClient sender, Message? cause)
    {
        while (true)
        {
            if (_directory.TryGetValue(id, out var activation)) return activation;
            if (id.Type == ObserverType) throw Gone(id);

            var silo = Place();
            var grainClass = silo.ClassOf(id.Type);
            if (grainClass.MaxLocalWorkers > 0)
            {
                // A stateless worker is where its caller is.
                if (sender.Silo is { Status: SiloStatus.Active } own) silo = own;
                if (silo.Workers(id).Pick(cause) is { } worker) return worker;
                continue;
            }

            var mine = new Activation(id, grainClass, silo.Runtime);
            activation = _directory.GetOrAdd(id, mine);
            if (activation != mine) return activation;

            // A silo that leaves says so first and looks for its activations second. So if it is still active here, it
            // will find this one and end it; if not, it may have looked already, and the grain is placed again.
            if (silo.Status is SiloStatus.Active)
            {
                mine.Start(cause);
                return mine;
            }

            _directory.TryRemove(KeyValuePair.Create(id, mine));
            mine.Abandon();
        }
    }

    internal void Remove(Activation activation)
    {
        var id = activation.GrainId;
        if (activation.Class.MaxLocalWorkers > 0) activation.Runtime.Silo!.Workers(id).Remove(activation);
        else _directory.TryRemove(KeyValuePair.Create(id, activation));
    }

    internal void Offer(Activation observer) => _directory[observer.GrainId] = observer;

    internal void TakeBack(GrainId observer)
    {
        if (!_directory.TryRemove(observer, out var activation)) return;
        foreach (var message in activation.Drop()) message.Fail(Gone(observer));
    }

    internal void Connect(RuntimeClient client)
    {
        lock (_membership) _clients = _clients.Add(client);
    }

    internal void Disconnect(RuntimeClient client)
    {
        lock (_membership) _clients = _clients.Remove(client);
        foreach (var activation in Of(client)) TakeBack(activation.GrainId);
    }

    internal void Join(Silo silo)
    {
        lock (_membership)
        {
            _silos = _silos.Add(silo);
            _clients = _clients.Add(silo.Runtime);
        }

        Announce(silo, SiloStatus.Active);
    }

    internal void Announce(Silo silo, SiloStatus status)
    {
        silo.Status = status;
        MembershipChanged?.Invoke();
    }

    /// <summary>The silo has deactivated its grains and goes.</summary>
    internal void Leave(Silo silo)
    {
        lock (_membership) _clients = _clients.Remove(silo.Runtime);
        foreach (var activation in Of(silo.Runtime).Concat(silo.Activations).ToList())
        {
            _directory.TryRemove(KeyValuePair.Create(activation.GrainId, activation));
            activation.Drop();
        }

        FailCallsTo(silo);
        Announce(silo, SiloStatus.Dead);
    }

    /// <summary>The silo is dead without a goodbye, as a process that was killed.</summary>
    internal void Kill(Silo silo)
    {
        silo.Status = SiloStatus.Dead;
        silo.Runtime.Die();
        Leave(silo);
    }

    internal IEnumerable<Activation> Of(RuntimeClient runtime) =>
        Activations.Where(activation => activation.Runtime == runtime);

    private static OrleansMessageRejectionException Gone(GrainId observer) =>
        new($"The client that offered {observer} has taken it back or gone.");

    private void FailCallsTo(Silo silo)
    {
        foreach (var client in _clients)
        {
            client.Callbacks.FailWhere(message => message.Receiver?.Runtime == silo.Runtime
                ? new SiloUnavailableException(
                    $"The target silo {silo.SiloAddress} became unavailable for message: {message}.")
                : null);
        }
    }

    // Random, as in Orleans before ResourceOptimized placement: even enough, and without state to keep.
    private Silo Place()
    {
        var active = ActiveSilos.ToArray();
        if (active.Length == 0) throw new SiloUnavailableException("No silo is active.");
        return active.Length == 1 ? active[0] : active[Random.Shared.Next(active.Length)];
    }
}
