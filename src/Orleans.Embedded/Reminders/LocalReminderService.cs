using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Reminders;

namespace Orleans.Runtime.ReminderService;

/// <summary>
/// One silo's reminders: it ticks those whose grains' hashes are in its part, which it reads from the table when the
/// membership changes and from time to time. Only those that tick soon are in memory, ordered by their next tick, with
/// one timer for the first. Invariants: a reminder is in <c>_soon</c> or being delivered, never both; one that was
/// registered or unregistered while the table is being read is not touched by what was read.
/// </summary>
internal sealed class LocalReminderService : ILifecycleParticipant<ISiloLifecycle>
{
    // After a failed read: long enough not to burden a table in trouble, short enough that ticks are late by little.
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(10);

    // As long as a call may take. A read that never ended would be the last.
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(30);

    // Timers cannot be set further ahead than 49 days; waking for nothing once a day costs nothing.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    // Guards everything below that is not read-only.
    private readonly Lock _lock = new();
    private readonly Dictionary<(GrainId Grain, string Name), Local> _local = [];
    private readonly SortedSet<Local> _soon = new(Comparer<Local>.Create(static (one, other) =>
        one.Due.CompareTo(other.Due) is var byTime and not 0 ? byTime : one.Number.CompareTo(other.Number)));
    private readonly Silo _silo;
    private readonly ReminderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private HashSet<(GrainId, string)>? _changedWhileReading;
    private bool _readAgain;
    private bool _stopped;
    private long _lastNumber;
    private ITimer? _wake;
    private ITimer? _refresh;

    public LocalReminderService(
        Silo silo, IServiceProvider services, IOptions<ReminderOptions> options, ILogger<LocalReminderService> logger)
    {
        (_silo, _options, _logger) = (silo, options.Value, logger);
        Table = services.GetService<IReminderTable>() ?? throw new OrleansConfigurationException(
            "The silo has reminders but no table: call UseInMemoryReminderService(), or register an IReminderTable.");
        _time = services.GetKeyedService<TimeProvider>(ReminderTimeProviderNames.Reminders)
            ?? silo.Runtime.TimeProvider;
        if (_options.RefreshReminderListPeriod <= TimeSpan.Zero
            || _options.ReminderLoadingWindow < _options.RefreshReminderListPeriod)
        {
            throw new OrleansConfigurationException(
                "ReminderOptions: RefreshReminderListPeriod must be positive, and ReminderLoadingWindow not shorter.");
        }
    }

    internal IReminderTable Table { get; }

    internal DateTime Now => _time.GetUtcNow().UtcDateTime;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe("Reminders", ServiceLifecycleStage.RuntimeGrainServices, StartAsync, StopAsync);

    /// <summary>The table has this reminder, anew or changed.</summary>
    internal void Registered(ReminderEntry entry)
    {
        lock (_lock)
        {
            _changedWhileReading?.Add((entry.GrainId, entry.ReminderName));
            if (Part()?.Contains(entry.GrainId) == true) Take((entry.GrainId, entry.ReminderName), entry);
        }
    }

    /// <summary>The table has this reminder no more.</summary>
    internal void Unregistered((GrainId, string) key)
    {
        lock (_lock)
        {
            _changedWhileReading?.Add(key);
            Forget(key);
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            limit.CancelAfter(_options.InitializationTimeout);
            await Table.StartAsync(limit.Token).WaitAsync(limit.Token);
        }

        // The ticks must not carry along what the starting code's context happens to hold.
        using (ExecutionContext.SuppressFlow())
        {
            _wake = _time.CreateTimer(_ => TickDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _refresh = _time.CreateTimer(_ => Refresh(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        _silo.Cluster.MembershipChanged += Refresh;
    }

    private Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock) Stop();
        return Table.StopAsync(cancellationToken);
    }

    private void Stop()
    {
        _silo.Cluster.MembershipChanged -= Refresh;
        _stopped = true;
        _local.Clear();
        _soon.Clear();
        _wake?.Dispose();
        _refresh?.Dispose();
    }

    // The active silos share the hashes equally, in the order of their addresses. Null if this is not one of them.
    private ReminderRange? Part()
    {
        var silos = _silo.Cluster.ActiveSilos.OrderBy(silo => silo.SiloAddress).ToList();
        var index = silos.IndexOf(_silo);
        return index < 0 ? null : ReminderRange.Part(index, silos.Count);
    }

    private void Refresh()
    {
        lock (_lock)
        {
            // Nobody stops the services of a silo that has been killed.
            if (_silo.Status is SiloStatus.Dead) Stop();
            if (_stopped) return;
            if (_changedWhileReading is not null)
            {
                _readAgain = true;
                return;
            }

            _changedWhileReading = [];
        }

        _ = RefreshAsync();
    }

    private async Task RefreshAsync()
    {
        while (true)
        {
            var next = _options.RefreshReminderListPeriod;
            try
            {
                var part = Part();
                Reconcile(part, part is { } mine ? await ReadAsync(mine) : new());
            }
            catch (Exception exception)
            {
                _logger.LogWarning(exception, "Reminders could not be read; trying again in {Period}.", RetryPeriod);
                next = RetryPeriod;
            }

            lock (_lock)
            {
                if (_readAgain)
                {
                    _readAgain = false;
                    _changedWhileReading = [];
                    continue;
                }

                _changedWhileReading = null;
                if (!_stopped) _refresh!.Change(next, Timeout.InfiniteTimeSpan);
                return;
            }
        }
    }

    private Task<ReminderTableData> ReadAsync(ReminderRange part) =>
        Table.ReadRows(part.Begin, part.End).WaitAsync(ReadLimit, _time);

    private void Reconcile(ReminderRange? part, ReminderTableData table)
    {
        lock (_lock)
        {
            if (_stopped) return;
            var read = table.Reminders.ToDictionary(entry => (entry.GrainId, entry.ReminderName));
            foreach (var key in _local.Keys.ToList())
            {
                var gone = !read.ContainsKey(key) && !_changedWhileReading!.Contains(key);
                if (gone || part?.Contains(key.Grain) != true) Forget(key);
            }

            foreach (var (key, entry) in read)
            {
                if (!_changedWhileReading!.Contains(key)) Take(key, entry);
            }
        }
    }

    private void Take((GrainId, string) key, ReminderEntry entry)
    {
        if (!_local.TryGetValue(key, out var local)) _local[key] = local = new Local(++_lastNumber) { Entry = entry };
        else if (local.Entry.ETag != entry.ETag) (local.Entry, local.LastTick) = (entry, null);
        else if (_soon.Contains(local)) return;
        if (!local.IsDelivering) Schedule(key, local);
    }

    private void Forget((GrainId, string) key)
    {
        if (_local.Remove(key, out var local)) _soon.Remove(local);
    }

    private void Schedule((GrainId, string) key, Local local)
    {
        _soon.Remove(local);
        var now = Now;
        var next = ReminderSchedule.NextTick(local.Entry, local.LastTick, now);
        if (next <= ReminderSchedule.Add(now, _options.ReminderLoadingWindow))
        {
            local.Due = next;
            _soon.Add(local);
            SetWake(now);
        }
        else if (local.LastTick is null || local.LastTick < now)
        {
            // The table has it. One that ticked at this very instant is kept: a read now would find it due again.
            _local.Remove(key);
        }
    }

    private void SetWake(DateTime now)
    {
        if (_stopped || _soon.Min is not { } first) return;
        var wait = first.Due - now;
        if (wait > LongestWait) wait = LongestWait;

        // Timers cut off what is less than a millisecond, and would come too early.
        var milliseconds = Math.Max(0, Math.Ceiling(wait.TotalMilliseconds));
        _wake!.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }

    private void TickDue()
    {
        List<(Local, ReminderEntry)> due = [];
        lock (_lock)
        {
            var now = Now;
            var part = Part();
            while (_soon.Min is { } first && first.Due <= now)
            {
                _soon.Remove(first);
                if (part?.Contains(first.Entry.GrainId) == true)
                {
                    first.IsDelivering = true;
                    due.Add((first, first.Entry));
                }
                else
                {
                    // The membership has changed; the table is being read because of it.
                    _local.Remove((first.Entry.GrainId, first.Entry.ReminderName));
                }
            }

            SetWake(now);
        }

        foreach (var (local, entry) in due) _ = TickAsync(local, entry);
    }

    private async Task TickAsync(Local local, ReminderEntry entry)
    {
        try
        {
            var grain = (IRemindable)_silo.Runtime.CreateReference(typeof(IRemindable), entry.GrainId);
            await grain.ReceiveReminder(entry.ReminderName, new TickStatus(entry.StartAt, entry.Period, Now));
        }
        catch (Exception exception)
        {
            _logger.LogWarning(exception, "A tick of {Reminder} failed; it goes on.", entry);
        }

        lock (_lock)
        {
            local.IsDelivering = false;
            if (local.Entry == entry) local.LastTick = local.Due;
            var key = (entry.GrainId, entry.ReminderName);
            if (_local.GetValueOrDefault(key) == local) Schedule(key, local);
        }
    }

    /// <summary>
    /// A reminder in memory. It is taken out of <c>_soon</c> before <see cref="Due"/>, its place there, changes.
    /// </summary>
    private sealed class Local(long number)
    {
        internal long Number => number;

        internal required ReminderEntry Entry { get; set; }

        internal DateTime Due { get; set; }

        internal DateTime? LastTick { get; set; }

        internal bool IsDelivering { get; set; }
    }
}
