using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.ReminderService;

namespace Orleans.Reminders
{
    /// <summary>The key of the reminders' own clock.</summary>
    public static class ReminderTimeProviderNames
    {
        /// <summary>A <see cref="TimeProvider"/> registered under this key is the clock of reminders alone.</summary>
        public const string Reminders = "Orleans.Reminders";
    }
}

namespace Orleans.Hosting
{
    /// <summary>How reminders behave.</summary>
    public sealed class ReminderOptions
    {
        /// <summary>The shortest period a reminder may have; what is more frequent is a timer's work.</summary>
        public TimeSpan MinimumReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);

        /// <summary>How often each silo reads its part of the table.</summary>
        public TimeSpan RefreshReminderListPeriod { get; set; } = TimeSpan.FromMinutes(5);

        /// <summary>
        /// How long before their next tick reminders are held in memory; the others stay in the table. At least the
        /// time between two reads.
        /// </summary>
        public TimeSpan ReminderLoadingWindow { get; set; } = TimeSpan.FromMinutes(10);

        /// <summary>How long the table may take to start.</summary>
        public TimeSpan InitializationTimeout { get; set; } = TimeSpan.FromMinutes(5);
    }

    /// <summary>Reminders whose table the host registers.</summary>
    public static class SiloBuilderReminderExtensions
    {
        /// <summary>Adds reminders; the host registers an <see cref="IReminderTable"/> too.</summary>
        public static ISiloBuilder AddReminders(this ISiloBuilder builder)
        {
            builder.Services.AddReminders();
            return builder;
        }

        /// <inheritdoc cref="AddReminders(ISiloBuilder)"/>
        public static void AddReminders(this IServiceCollection services)
        {
            if (services.Any(service => service.ServiceType == typeof(LocalReminderService))) return;
            services.AddSingleton<LocalReminderService>();
            services.AddSingleton<ReminderRegistry>();
            services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
                provider => provider.GetRequiredService<LocalReminderService>());
        }
    }

    /// <summary>Reminders in memory: for development and tests.</summary>
    public static class SiloBuilderReminderMemoryExtensions
    {
        /// <summary>Adds reminders that are kept in memory, and end with the process.</summary>
        public static ISiloBuilder UseInMemoryReminderService(this ISiloBuilder builder)
        {
            builder.AddReminders();
            builder.Services.AddSingleton<IReminderTable, InMemoryReminderTable>();
            return builder;
        }
    }
}
