namespace Orleans.Runtime;

/// <summary>
/// Runs observers stage by stage: upwards to start, downwards to stop, those of one stage together. Only stages that
/// were begun are stopped; a failure on the way up ends the way up. One observer's failure, even one that is thrown
/// rather than returned (hence the async lambdas), does not keep the others of its stage from being called.
/// </summary>
internal sealed class LifecycleSubject : ISiloLifecycle, IGrainLifecycle
{
    private readonly List<Subscription> _subscriptions = [];
    private int? _reached;

    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        var subscription = new Subscription(this, stage, observer);
        lock (_subscriptions) _subscriptions.Add(subscription);
        return subscription;
    }

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var stage in Stages().OrderBy(stage => stage.Key))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _reached = stage.Key;
            await Task.WhenAll(stage.Select(async subscription =>
                await subscription.Observer.OnStart(cancellationToken)));
        }
    }

    /// <summary>Every stage is stopped even if one fails; the failures are thrown together at the end.</summary>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        List<Exception> failures = [];
        foreach (var stage in Stages().Where(stage => stage.Key <= _reached).OrderByDescending(stage => stage.Key))
        {
            try
            {
                await Task.WhenAll(stage.Select(async subscription =>
                    await subscription.Observer.OnStop(cancellationToken)));
            }
            catch (Exception exception)
            {
                failures.Add(exception);
            }
        }

        _reached = null;
        if (failures.Count > 0) throw new AggregateException(failures);
    }

    private List<IGrouping<int, Subscription>> Stages()
    {
        lock (_subscriptions) return [.. _subscriptions.GroupBy(subscription => subscription.Stage)];
    }

    private sealed class Subscription(LifecycleSubject subject, int stage, ILifecycleObserver observer) : IDisposable
    {
        internal int Stage => stage;

        internal ILifecycleObserver Observer => observer;

        public void Dispose()
        {
            lock (subject._subscriptions) subject._subscriptions.Remove(this);
        }
    }
}
