using System.Collections.Concurrent;
using System.Threading.Channels;
using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Reminders;

/// <summary>The ticks a grain has had, for the test in the same process to wait for.</summary>
public sealed class Ticks
{
    private static readonly ConcurrentDictionary<string, Ticks> Named = new();

    private readonly Channel<(string, TickStatus)> _ticks = Channel.CreateUnbounded<(string, TickStatus)>();

    public static Ticks Of(string key) => Named.GetOrAdd(key, _ => new Ticks());

    public int Count => _ticks.Reader.Count;

    public void Add(string name, TickStatus status) => _ticks.Writer.TryWrite((name, status));

    public Task<(string Name, TickStatus Status)> Next() =>
        _ticks.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Soon();
}

public interface ISleeper : IGrainWithStringKey
{
    Task Remind(string name, TimeSpan dueTime, TimeSpan period);

    Task Forget(string name);

    /// <summary>Unregisters by what was unregistered already.</summary>
    Task ForgetAgain();

    Task<List<string>> Names();

    Task<bool> Has(string name);
}

public sealed class SleeperGrain : Grain, ISleeper, IRemindable
{
    private IGrainReminder? _forgotten;

    public Task Remind(string name, TimeSpan dueTime, TimeSpan period) =>
        this.RegisterOrUpdateReminder(name, dueTime, period);

    public async Task Forget(string name)
    {
        _forgotten = await this.GetReminder(name);
        await ForgetAgain();
    }

    public Task ForgetAgain() => this.UnregisterReminder(_forgotten!);

    public async Task<List<string>> Names() =>
        [.. (await this.GetReminders()).Select(reminder => reminder.ReminderName)];

    public async Task<bool> Has(string name) => await this.GetReminder(name) is not null;

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Ticks.Of(this.GetPrimaryKeyString()).Add(reminderName, status);
        if (reminderName == "failing") throw new InvalidOperationException("It fails.");
        if (reminderName == "slow") await Gate.Of(this.GetPrimaryKeyString()).Pass();
        if (reminderName != "single") return;
        await Forget(reminderName);
        Ticks.Of($"{this.GetPrimaryKeyString()} ended").Add(reminderName, status);
    }
}

public interface IDeaf : IGrainWithStringKey
{
    Task Remind();
}

/// <summary>Has nothing that reminders could call.</summary>
public sealed class DeafGrain : Grain, IDeaf
{
    public Task Remind() => this.RegisterOrUpdateReminder("a", TimeSpan.FromHours(1), TimeSpan.FromHours(1));
}

/// <summary>A host's own table, which can be made to fail.</summary>
public sealed class OwnTable : IReminderTable
{
    private readonly ConcurrentDictionary<(GrainId, string), ReminderEntry> _rows = new();
    private int _etags;

    public bool Started { get; private set; }

    public Func<Task>? BeforeReadingPart { get; set; }

    public ICollection<ReminderEntry> Rows => _rows.Values;

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        Started = true;
        return Task.CompletedTask;
    }

    public Task<ReminderTableData> ReadRows(GrainId grainId) =>
        Task.FromResult(new ReminderTableData(_rows.Values.Where(row => row.GrainId == grainId)));

    public async Task<ReminderTableData> ReadRows(uint begin, uint end)
    {
        ReminderEntry[] rows = [.. _rows.Values.Where(row => Contains(begin, end, row.GrainId.GetUniformHashCode()))];
        if (BeforeReadingPart is not null) await BeforeReadingPart();
        return new(rows);
    }

    public Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
        Task.FromResult(_rows.GetValueOrDefault((grainId, reminderName)));

    public Task<string?> UpsertRow(ReminderEntry entry)
    {
        var etag = $"{Interlocked.Increment(ref _etags)}";
        _rows[(entry.GrainId, entry.ReminderName)] = new()
        {
            GrainId = entry.GrainId,
            ReminderName = entry.ReminderName,
            StartAt = entry.StartAt,
            Period = entry.Period,
            ETag = etag,
        };
        return Task.FromResult<string?>(etag);
    }

    public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) =>
        Task.FromResult(_rows.TryGetValue((grainId, reminderName), out var row) && row.ETag == eTag
            && _rows.TryRemove(new((grainId, reminderName), row)));

    public Task TestOnlyClearTable()
    {
        _rows.Clear();
        return Task.CompletedTask;
    }

    private static bool Contains(uint begin, uint end, uint hash) =>
        begin < end ? hash > begin && hash <= end : hash > begin || hash <= end;
}
