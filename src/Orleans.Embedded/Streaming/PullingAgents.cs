using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>
/// The agents of one provider on one silo: one for each queue the silo owns. A single loop starts and stops them, so
/// that for each queue stopping comes before giving back, and taking before starting.
/// </summary>
internal sealed class PullingAgents : StreamWorker
{
    private readonly PersistentStreamProvider _provider;
    private readonly IQueueAdapterCache _caches;
    private readonly QueueOwners _owners;
    private readonly ILogger _logger;
    private readonly Dictionary<QueueId, PullingAgent> _agents = [];

    // One signal is as good as many: whoever looks sees all that has changed until then.
    private readonly Channel<bool> _signals = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;

    internal PullingAgents(PersistentStreamProvider provider)
        : base(provider.Runtime)
    {
        _provider = provider;
        _caches = provider.Factory.GetQueueAdapterCache();
        _owners = provider.Cluster.OwnersOf(provider.Name);
        _logger = Runtime.Services.GetRequiredService<ILogger<PullingAgents>>();
    }

    /// <summary>Nothing runs here any more, whether anything was handed over or not.</summary>
    internal bool HasDied => Runtime.IsDead || Runtime.Silo!.Status is SiloStatus.Dead;

    /// <summary>Ends when the queues that nobody has to give back first are being read.</summary>
    internal Task StartAsync()
    {
        _loop = Run(LoopAsync);
        Runtime.Cluster.MembershipChanged += OnMembershipChanged;
        _owners.Enter(this, _provider.Factory.GetStreamQueueMapper().GetAllQueues());
        return _started.Task;
    }

    /// <summary>Ends when every queue has been given back.</summary>
    internal Task StopAsync()
    {
        Runtime.Cluster.MembershipChanged -= OnMembershipChanged;
        _owners.Leave(this);
        _signals.Writer.TryComplete();
        return _loop;
    }

    internal void LookAgain() => _signals.Writer.TryWrite(true);

    private void OnMembershipChanged()
    {
        if (HasDied) Runtime.Cluster.MembershipChanged -= OnMembershipChanged;
        _owners.Balance();
    }

    private async Task LoopAsync()
    {
        await foreach (var _ in _signals.Reader.ReadAllAsync())
        {
            try
            {
                await TakeAndGiveBackAsync(_owners.AssignedTo(this));
                _started.TrySetResult();
            }
            catch (Exception exception)
            {
                // On the way up it fails the silo's start; later the queue is tried again at the next change.
                _logger.LogError(exception, "The queues of {Provider} could not be taken over.", _provider.Name);
                _started.TrySetException(exception);
            }
        }

        await TakeAndGiveBackAsync([]);
    }

    private async Task TakeAndGiveBackAsync(List<QueueId> assigned)
    {
        await Task.WhenAll(_agents.Keys.Except(assigned).ToList().Select(GiveBackAsync));
        foreach (var queue in assigned)
        {
            if (_agents.ContainsKey(queue) || !_owners.TryTake(queue, this)) continue;
            _logger.LogInformation("Queue {Queue} of {Provider} is read here.", queue, _provider.Name);
            _agents[queue] = new PullingAgent(queue, _provider, _caches);
            _agents[queue].Start();
        }
    }

    private async Task GiveBackAsync(QueueId queue)
    {
        _agents.Remove(queue, out var agent);
        try
        {
            await agent!.StopAsync();
        }
        catch (Exception exception)
        {
            // Nothing reads the queue here any more: it must not wait for this silo's death, nor others for it.
            _logger.LogError(exception, "The agent of {Queue} failed to stop; it is handed over.", queue);
        }

        _owners.GiveBack(queue, this);
        _logger.LogInformation("Queue {Queue} of {Provider} is no longer read here.", queue, _provider.Name);
    }
}
