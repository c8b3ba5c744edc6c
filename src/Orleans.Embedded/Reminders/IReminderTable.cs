using Orleans.Runtime;

namespace Orleans;

/// <summary>
/// Where reminders are kept. A host registers its own as a singleton, and calls <c>AddReminders()</c>.
/// </summary>
public interface IReminderTable
{
    /// <summary>Called while the silo starts; a failure fails the start.</summary>
    Task StartAsync(CancellationToken cancellationToken = default) =>
#pragma warning disable CS0618 // Genuine Orleans calls it too, for tables that are older than StartAsync.
        Init();
#pragma warning restore CS0618

    /// <summary>The older name of <see cref="StartAsync"/>.</summary>
    [Obsolete("Implement and use StartAsync instead")]
    Task Init() => Task.CompletedTask;

    /// <summary>All reminders of a grain.</summary>
    Task<ReminderTableData> ReadRows(GrainId grainId);

    /// <summary>
    /// All reminders of the grains whose <see cref="GrainId.GetUniformHashCode"/> is after <paramref name="begin"/> and
    /// up to <paramref name="end"/>; around the end of the numbers if <paramref name="begin"/> is not before <paramref
    /// name="end"/>.
    /// </summary>
    Task<ReminderTableData> ReadRows(uint begin, uint end);

    /// <summary>One reminder, or null.</summary>
    Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName);

    /// <summary>Stores a reminder, in place of one with its name, and says its new ETag.</summary>
    Task<string?> UpsertRow(ReminderEntry entry);

    /// <summary>Removes a reminder if it is there and has this ETag; says whether.</summary>
    Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag);

    /// <summary>Removes all reminders.</summary>
    Task TestOnlyClearTable();

    /// <summary>Called while the silo stops.</summary>
    Task StopAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
}

/// <summary>One reminder in the table.</summary>
[GenerateSerializer]
public sealed class ReminderEntry
{
    /// <summary>The grain it calls.</summary>
    [Id(0)]
    public GrainId GrainId { get; set; }

    /// <summary>Its name, unique in its grain.</summary>
    [Id(1)]
    public string ReminderName { get; set; } = null!;

    /// <summary>When the first tick is due, in UTC.</summary>
    [Id(2)]
    public DateTime StartAt { get; set; }

    /// <summary>From one tick to the next.</summary>
    [Id(3)]
    public TimeSpan Period { get; set; }

    /// <summary>What the table calls this version of it.</summary>
    [Id(4)]
    public string? ETag { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"<GrainId={GrainId} ReminderName={ReminderName} Period={Period}>";
}

/// <summary>Reminders read from the table.</summary>
[GenerateSerializer]
public sealed class ReminderTableData
{
    /// <summary>None.</summary>
    public ReminderTableData()
        : this([])
    {
    }

    /// <summary>One.</summary>
    public ReminderTableData(ReminderEntry entry)
        : this([entry])
    {
    }

    /// <summary>Those of <paramref name="list"/>.</summary>
    public ReminderTableData(IEnumerable<ReminderEntry> list) => Reminders = [.. list];

    /// <summary>The reminders.</summary>
    [Id(0)]
    public IList<ReminderEntry> Reminders { get; private set; }

    /// <inheritdoc/>
    public override string ToString() => $"[{Reminders.Count} reminders: {string.Join(", ", Reminders)}]";
}
