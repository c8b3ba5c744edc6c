using Orleans.Runtime;
using Orleans.Runtime.ReminderService;

namespace Orleans
{
    /// <summary>A grain that reminders call, whether it is active or not.</summary>
    public interface IRemindable : IGrain
    {
        /// <summary>
        /// A reminder of this grain is due. What it throws is logged; the next tick comes all the same.
        /// </summary>
        Task ReceiveReminder(string reminderName, TickStatus status);
    }

    /// <summary>
    /// Reminders of the calling grain. They are kept in the silo's <see cref="IReminderTable"/> until they are
    /// unregistered.
    /// </summary>
    public static class GrainReminderExtensions
    {
        /// <summary>
        /// Calls the grain after <paramref name="dueTime"/> and then each <paramref name="period"/>, until it is
        /// unregistered. There is no single tick: unregister in the first. A reminder of that name is replaced.
        /// </summary>  <exception cref="InvalidOperationException">The grain is not <see
        /// cref="IRemindable"/>.</exception>  <exception cref="ArgumentException">A time is negative, or the period
        /// shorter than the options allow.</exception>
        public static Task<IGrainReminder> RegisterOrUpdateReminder(
            this Grain grain, string reminderName, TimeSpan dueTime, TimeSpan period) =>
            RegisterOrUpdateReminder((IGrainBase)grain, reminderName, dueTime, period);

        /// <inheritdoc cref="RegisterOrUpdateReminder(Grain, string, TimeSpan, TimeSpan)"/>
        public static Task<IGrainReminder> RegisterOrUpdateReminder(
            this IGrainBase grain, string reminderName, TimeSpan dueTime, TimeSpan period)
        {
            if (string.IsNullOrWhiteSpace(reminderName)) throw new ArgumentNullException(nameof(reminderName));
            ArgumentNullException.ThrowIfNull(grain);
            return grain is IRemindable
                ? RegistryOf(grain).RegisterOrUpdateAsync(grain.GrainContext.GrainId, reminderName, dueTime, period)
                : throw new InvalidOperationException($"{grain.GetType().Name} must be IRemindable for reminders.");
        }

        /// <summary>Ends a reminder. One that is there no more is ended already.</summary>
        /// <exception cref="ReminderException">It has been registered anew since <paramref name="reminder"/> was
        /// taken.</exception>
        public static Task UnregisterReminder(this Grain grain, IGrainReminder reminder) =>
            UnregisterReminder((IGrainBase)grain, reminder);

        /// <inheritdoc cref="UnregisterReminder(Grain, IGrainReminder)"/>
        public static Task UnregisterReminder(this IGrainBase grain, IGrainReminder reminder) =>
            RegistryOf(grain).UnregisterAsync(reminder);

        /// <summary>The reminder of that name, or null.</summary>
        public static Task<IGrainReminder?> GetReminder(this Grain grain, string reminderName) =>
            GetReminder((IGrainBase)grain, reminderName);

        /// <inheritdoc cref="GetReminder(Grain, string)"/>
        public static Task<IGrainReminder?> GetReminder(this IGrainBase grain, string reminderName)
        {
            if (string.IsNullOrWhiteSpace(reminderName)) throw new ArgumentNullException(nameof(reminderName));
            return RegistryOf(grain).GetAsync(grain.GrainContext.GrainId, reminderName);
        }

        /// <summary>All reminders of the grain.</summary>
        public static Task<List<IGrainReminder>> GetReminders(this Grain grain) => GetReminders((IGrainBase)grain);

        /// <inheritdoc cref="GetReminders(Grain)"/>
        public static Task<List<IGrainReminder>> GetReminders(this IGrainBase grain) =>
            RegistryOf(grain).GetAllAsync(grain.GrainContext.GrainId);

        private static ReminderRegistry RegistryOf(IGrainBase grain)
        {
            ArgumentNullException.ThrowIfNull(grain);
            return (ReminderRegistry?)grain.GrainContext.ActivationServices.GetService(typeof(ReminderRegistry))
                ?? throw new OrleansConfigurationException(
                    "The silo has no reminders: call UseInMemoryReminderService(), "
                    + "or AddReminders() and register an IReminderTable.");
        }
    }
}

namespace Orleans.Runtime
{
    /// <summary>A registered reminder.</summary>
    public interface IGrainReminder
    {
        /// <summary>Its name, unique in its grain.</summary>
        string ReminderName { get; }
    }

    /// <summary>One tick of a reminder.</summary>
    [GenerateSerializer, Immutable]
    public readonly struct TickStatus
    {
        /// <summary>A tick at <paramref name="timeStamp"/>.</summary>
        public TickStatus(DateTime firstTickTime, TimeSpan period, DateTime timeStamp) =>
            (FirstTickTime, Period, CurrentTickTime) = (firstTickTime, period, timeStamp);

        /// <summary>When the first tick was due, in UTC.</summary>
        [Id(0)]
        public DateTime FirstTickTime { get; }

        /// <summary>From one tick to the next.</summary>
        [Id(1)]
        public TimeSpan Period { get; }

        /// <summary>When this tick was sent, in UTC.</summary>
        [Id(2)]
        public DateTime CurrentTickTime { get; }

        /// <inheritdoc/>
        public override string ToString() => $"<{FirstTickTime}, {Period}, {CurrentTickTime}>";
    }

    /// <summary>A reminder could not be registered or unregistered.</summary>
    [GenerateSerializer]
    public sealed class ReminderException(string message) : OrleansException(message);

    /// <summary>The ETag is what tells this registration from a later one of the same name.</summary>
    [GenerateSerializer, Immutable]
    internal sealed class ReminderHandle(GrainId grainId, string reminderName, string etag) : IGrainReminder
    {
        [Id(0)]
        public GrainId GrainId { get; } = grainId;

        [Id(1)]
        public string ReminderName { get; } = reminderName;

        [Id(2)]
        public string ETag { get; } = etag;

        public override string ToString() => $"{ReminderName} of {GrainId}";
    }
}
