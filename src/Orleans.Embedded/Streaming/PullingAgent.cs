using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Internal;
using Orleans.Runtime;
using Orleans.Runtime.Providers;

namespace Orleans.Streams;

/// <summary>
/// Reads one queue into a cache and delivers from there: this half reads, the other delivers. All of it runs in turns
/// of the agent, so nothing is locked. Reading never waits for a delivery, and no delivery for another subscription's;
/// what holds them together is the cache, which is full when the slowest is too far behind.
/// </summary>
internal sealed partial class PullingAgent : StreamWorker
{
    // As in genuine Orleans: then the queue is left alone until the next tick.
    private const int ReadAttemptsMax = 6;

    // How many times in its period an idle stream is looked for.
    private const int InactivityChecks = 10;

    private readonly PersistentStreamProvider _provider;
    private readonly IQueueAdapterCache _caches;
    private readonly StreamPullingAgentOptions _options;
    private readonly IBackoffProvider _deliveryBackoff;
    private readonly IBackoffProvider _readBackoff;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<QualifiedStreamId, KnownStream> _streams = [];

    // Streams whose subscriptions could not be given what was read, from where on, and since when.
    private readonly Dictionary<QualifiedStreamId, (StreamSequenceToken First, DateTimeOffset Since)> _unserved = [];

    private ITimer? _timer;
    private Task _pump = Task.CompletedTask;
    private IStreamFailureHandler? _failures;
    private IQueueCache? _cache;
    private IQueueAdapterReceiver? _receiver;
    private DateTimeOffset _lookedForIdle;

    internal PullingAgent(QueueId queue, PersistentStreamProvider provider, IQueueAdapterCache caches)
        : base(provider.Runtime)
    {
        (Queue, _provider, _caches) = (queue, provider, caches);
        var services = Runtime.Services;
        _options = services.GetRequiredService<IOptionsMonitor<StreamPullingAgentOptions>>().Get(provider.Name);
        _deliveryBackoff = services.GetKeyedService<IMessageDeliveryBackoffProvider>(provider.Name)
            ?? new ExponentialBackoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));
        _readBackoff = services.GetKeyedService<IQueueReaderBackoffProvider>(provider.Name)
            ?? new ExponentialBackoff(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        _logger = services.GetRequiredService<ILogger<PullingAgent>>();
    }

    internal QueueId Queue { get; }

    internal bool HasDied => IsDead;

    private DateTimeOffset Now => Runtime.TimeProvider.GetUtcNow();

    private bool IsStopping => _stopping.IsCancellationRequested;

    internal void Start()
    {
        _lookedForIdle = Now;
        _provider.Cluster.Enter(this);
        var period = _options.GetQueueMsgsTimerPeriod;
        _timer = Runtime.TimeProvider.CreateTimer(_ => OnTimer(), null, period, period);
    }

    /// <summary>Ends when the calls under way have ended, and the receiver has been shut down after them.</summary>
    internal async Task StopAsync()
    {
        _timer?.Dispose();
        _provider.Cluster.Leave(this);
        await _stopping.CancelAsync();
        await Run(ShutDownAsync);
    }

    private void OnTimer()
    {
        if (HasDied) _timer?.Dispose();
        else Post(Tick);
    }

    private void Tick()
    {
        if (_pump.IsCompleted && !IsStopping) _pump = PumpAsync();
    }

    /// <summary>Reads until the queue is empty or the cache is full; the next tick goes on.</summary>
    private async Task PumpAsync()
    {
        try
        {
            await MakeReadyAsync();
            bool more;
            do more = await RetryAsync(ReadAsync, _readBackoff, TimeSpan.MaxValue, (_, made) => made < ReadAttemptsMax);
            while (more);
        }
        catch (Exception exception) when (!IsStopping)
        {
            _logger.LogError(exception, "Queue {Queue} cannot be read; the next tick tries again.", Queue);
        }
        catch (Exception exception)
        {
            _logger.LogDebug(exception, "Queue {Queue} is handed over; its read has ended.", Queue);
        }
    }

    private async Task MakeReadyAsync()
    {
        if (_receiver is not null || IsStopping) return;
        _failures ??= await _provider.Factory.GetDeliveryFailureHandler(Queue);
        _cache ??= _caches.CreateQueueCache(Queue);
        _receiver = _provider.Adapter.CreateReceiver(Queue);
        try
        {
            await _receiver.Initialize(_options.InitQueueTimeout);
        }
        catch (Exception exception)
        {
            _logger.LogError(exception, "The receiver of {Queue} failed to start; it is read all the same.", Queue);
        }
    }

    private async Task<bool> ReadAsync()
    {
        if (IsStopping) return false;
        ForgetIdleStreams();
        foreach (var (id, unserved) in _unserved.ToList()) Arrived(id, unserved.First);

        // What stays unserved has no cursor that would keep it.
        if (_unserved.Count == 0 && _cache!.TryPurgeFromCache(out var delivered)) await TellReceiverAsync(delivered);

        var most = _cache!.GetMaxAddCount();
        if (IsStopping || most == 0 || _cache.IsUnderPressure()) return false;
        var batches = await _receiver!.GetQueueMessagesAsync(most, _stopping.Token);
        if (IsStopping || batches is not { Count: > 0 }) return false;

        // From here to the end of the method is one turn: every batch has its cursors before anything can be purged.
        _cache.AddToCache(batches);
        foreach (var stream in batches.GroupBy(batch => batch.StreamId))
        {
            Arrived(new QualifiedStreamId(_provider.Name, stream.Key), stream.First().SequenceToken);
        }

        return true;
    }

    private async Task TellReceiverAsync(IList<IBatchContainer> delivered)
    {
        try
        {
            await _receiver!.MessagesDeliveredAsync(delivered, _stopping.Token);
        }
        catch (Exception exception) when (!IsStopping)
        {
            _logger.LogWarning(exception, "The receiver of {Queue} could not take note of what was delivered.", Queue);
        }
    }

    private void ForgetIdleStreams()
    {
        if (Now - _lookedForIdle < _options.StreamInactivityPeriod / InactivityChecks) return;
        _lookedForIdle = Now;
        foreach (var (id, stream) in _streams)
        {
            if (Now - stream.LastEvent < _options.StreamInactivityPeriod || stream.IsBusy) continue;
            foreach (var consumer in stream.Consumers.Values) consumer.Dispose();
            _streams.Remove(id);
        }
    }

    private async Task ShutDownAsync()
    {
        await _pump;
        var consumers = _streams.Values.SelectMany(stream => stream.Consumers.Values).ToList();
        await Task.WhenAll(consumers.Select(consumer => consumer.Delivery));
        TellCache();
        foreach (var consumer in consumers) consumer.Dispose();
        _streams.Clear();
        if (_receiver is null) return;
        try
        {
            await _receiver.Shutdown(_options.InitQueueTimeout);
        }
        catch (Exception exception)
        {
            _logger.LogWarning(exception, "The receiver of {Queue} failed to shut down; it is handed over.", Queue);
        }
    }

    // Tokens and cache may be the provider's own.
    private void TellCache()
    {
        try
        {
            if (EarliestProgress(out var earliest)) _cache?.UpdateDeliveryProgress(earliest, Now.UtcDateTime);
        }
        catch (Exception exception)
        {
            _logger.LogWarning(exception, "The cache of {Queue} could not take note of its progress.", Queue);
        }
    }

    // Only what every consumer is known to have; not known means that nothing is said.
    private bool EarliestProgress(out StreamSequenceToken? earliest)
    {
        earliest = null;
        if (_unserved.Count > 0) return false;
        foreach (var consumer in _streams.Values.SelectMany(stream => stream.Consumers.Values))
        {
            if (!consumer.IsAttached || consumer.Progress is not { } progress) return false;
            if (earliest is null || progress.Older(earliest)) earliest = progress;
        }

        return true;
    }

    /// <summary>
    /// Tries again, with growing delays, until it succeeds, may not, or has failed for longer than
    /// <paramref name="limit"/>: then it throws the last failure.
    /// </summary>
    /// <param name="again">Whether to try again, by the failure and the number of attempts made.</param>
    private async Task<T> RetryAsync<T>(
        Func<Task<T>> action, IBackoffProvider backoff, TimeSpan limit, Func<Exception, int, bool> again)
    {
        var started = Runtime.TimeProvider.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            Exception failure;
            try
            {
                return await action();
            }
            catch (Exception exception) when (!IsStopping && again(exception, attempt + 1))
            {
                _logger.LogWarning(exception, "Attempt {Attempt} in queue {Queue} failed.", attempt + 1, Queue);
                failure = exception;
            }

            await Task.Delay(backoff.Next(attempt), Runtime.TimeProvider, _stopping.Token);
            if (Runtime.TimeProvider.GetElapsedTime(started) > limit) ExceptionDispatchInfo.Throw(failure);
        }
    }
}
