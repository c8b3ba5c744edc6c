using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Hosting;

namespace Orleans.Runtime.ReminderService;

/// <summary>
/// What grains ask of reminders: it is done in the table first, and then all silos of the process are told.
/// </summary>
internal sealed class ReminderRegistry(
    Cluster cluster, LocalReminderService own, IOptions<ReminderOptions> options)
{
    internal async Task<IGrainReminder> RegisterOrUpdateAsync(
        GrainId grainId, string name, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero);
        if (period < options.Value.MinimumReminderPeriod)
        {
            throw new ArgumentException(
                $"The period of reminder {name} is {period}; the shortest is {options.Value.MinimumReminderPeriod}.");
        }

        var startAt = own.Now + dueTime;
        var entry = new ReminderEntry { GrainId = grainId, ReminderName = name, StartAt = startAt, Period = period };
        entry.ETag = await own.Table.UpsertRow(entry)
            ?? throw new ReminderException($"Somebody else was registering {entry} at the same time. Try again.");
        foreach (var service in Services()) service.Registered(entry);
        return new ReminderHandle(grainId, name, entry.ETag);
    }

    internal async Task UnregisterAsync(IGrainReminder reminder)
    {
        var handle = (ReminderHandle)reminder;
        if (!await own.Table.RemoveRow(handle.GrainId, handle.ReminderName, handle.ETag)
            && await own.Table.ReadRow(handle.GrainId, handle.ReminderName) is not null)
        {
            throw new ReminderException($"{reminder} has been registered anew since. Get it and try again.");
        }

        foreach (var service in Services()) service.Unregistered((handle.GrainId, handle.ReminderName));
    }

    internal async Task<IGrainReminder?> GetAsync(GrainId grainId, string name) =>
        await own.Table.ReadRow(grainId, name) is { } entry ? HandleOf(entry) : null;

    internal async Task<List<IGrainReminder>> GetAllAsync(GrainId grainId) =>
        [.. (await own.Table.ReadRows(grainId)).Reminders.Select(HandleOf)];

    private static IGrainReminder HandleOf(ReminderEntry entry) =>
        new ReminderHandle(entry.GrainId, entry.ReminderName, entry.ETag!);

    // Whoever owns a reminder may be on its way to another silo, so all are told and each knows what is its own.
    private IEnumerable<LocalReminderService> Services() => cluster.ActiveSilos
        .Select(silo => silo.Runtime.Services.GetService<LocalReminderService>()).OfType<LocalReminderService>();
}
