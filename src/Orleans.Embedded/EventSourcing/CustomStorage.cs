using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.EventSourcing;
using Orleans.EventSourcing.CustomStorage;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;

namespace Orleans.Providers
{
    /// <summary>
    /// Names the log consistency provider of a <see cref="JournaledGrain{TGrainState, TEventBase}"/>.
    /// </summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class LogConsistencyProviderAttribute : Attribute
    {
        /// <summary>The provider's name.</summary>
        public string ProviderName { get; set; } = ProviderConstants.DEFAULT_LOG_CONSISTENCY_PROVIDER_NAME;
    }
}

namespace Orleans.EventSourcing.CustomStorage
{
    /// <summary>
    /// What a <see cref="JournaledGrain{TGrainState, TEventBase}"/> implements to keep its events itself. Calls come
    /// one at a time, on the grain's scheduler. A throwing write is repeated at once and for ever: it is for the
    /// implementation to wait, and to recognise what it has stored already.
    /// </summary>
    public interface ICustomStorageInterface<TState, TDelta>
    {
        /// <summary>Reads the version and a state object that nobody else holds.</summary>
        Task<KeyValuePair<int, TState>> ReadStateFromStorage();

        /// <summary>
        /// Stores all of <paramref name="updates"/>, or none and says false if the stored version is not <paramref
        /// name="expectedVersion"/>.
        /// </summary>
        Task<bool> ApplyUpdatesToStorage(IReadOnlyList<TDelta> updates, int expectedVersion);

        /// <summary>Clears what is stored. The embedded engine never asks for it.</summary>
        Task ClearStoredState() => throw new NotSupportedException();
    }
}

namespace Orleans.Hosting
{
    /// <summary>The provider for grains that keep their events themselves.</summary>
    public static class CustomStorageSiloBuilderExtensions
    {
        /// <summary>Adds the provider for grains that name none.</summary>
        /// <param name="builder">The silo.</param>
        /// <param name="primaryCluster">The one cluster that may write; without meaning here, where there is only
        /// one.</param>
        public static ISiloBuilder AddCustomStorageBasedLogConsistencyProviderAsDefault(
            this ISiloBuilder builder, string? primaryCluster = null) =>
            builder.AddCustomStorageBasedLogConsistencyProvider(
                ProviderConstants.DEFAULT_LOG_CONSISTENCY_PROVIDER_NAME, primaryCluster);

        /// <summary>Adds the provider under a name.</summary>
        /// <param name="builder">The silo.</param>
        /// <param name="name">The name that <see cref="LogConsistencyProviderAttribute"/> gives.</param>
        /// <param name="primaryCluster">The one cluster that may write; without meaning here, where there is only
        /// one.</param>
        public static ISiloBuilder AddCustomStorageBasedLogConsistencyProvider(
            this ISiloBuilder builder, string name = "LogStorage", string? primaryCluster = null)
        {
            builder.Services.TryAddKeyedSingleton<CustomStorageProvider>(name);
            return builder;
        }
    }
}

namespace Orleans.EventSourcing
{
    /// <summary>
    /// That the silo has the provider of this name: it has no state, and its name is the key it is registered by.
    /// </summary>
    internal sealed class CustomStorageProvider
    {
        /// <summary>Makes what stands between a grain and its storage.</summary>
        /// <exception cref="BadProviderConfigException">The grain names no provider, or one that is missing, or has no
        /// storage.</exception>
        internal static LogViewAdaptor<TState, TEvent> Connect<TState, TEvent>(JournaledGrain<TState, TEvent> grain)
            where TState : class, new()
            where TEvent : class
        {
            var type = grain.GetType();
            var named = type.GetCustomAttribute<LogConsistencyProviderAttribute>(inherit: true)?.ProviderName;
            var name = named ?? ProviderConstants.DEFAULT_LOG_CONSISTENCY_PROVIDER_NAME;
            if (grain.GrainContext.ActivationServices.GetKeyedService<CustomStorageProvider>(name) is null)
            {
                throw new BadProviderConfigException($"{type.FullName}: " + (named is null
                    ? "there is no default log consistency provider: name one with [LogConsistencyProvider], "
                        + "or call AddCustomStorageBasedLogConsistencyProviderAsDefault()."
                    : $"there is no log consistency provider \"{name}\": "
                        + $"call AddCustomStorageBasedLogConsistencyProvider(\"{name}\")."));
            }

            if (grain is not ICustomStorageInterface<TState, TEvent> storage)
            {
                throw new BadProviderConfigException(
                    $"{type.FullName} must implement {typeof(ICustomStorageInterface<TState, TEvent>)}.");
            }

            // The tentative state is a copy. Genuine Orleans copies the first state at once, so it would fail here too.
            var whyNot = MessageSerializer.WhyNot(typeof(TState));
            if (whyNot is not null) throw new BadProviderConfigException($"{type.FullName}: {whyNot}");
            return new LogViewAdaptor<TState, TEvent>(grain, storage);
        }
    }
}
