using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

namespace Orleans.Configuration
{
    /// <summary>How memory storage behaves. The embedded engine's has nothing to choose.</summary>
    public class MemoryGrainStorageOptions;
}

namespace Orleans.Runtime.Hosting
{
    /// <summary>Storage of the host's own.</summary>
    public static class StorageProviderExtensions
    {
        /// <summary>Adds storage under a name; the one named "Default" is for state that names none.</summary>
        public static IServiceCollection AddGrainStorage<T>(
            this IServiceCollection collection, string name, Func<IServiceProvider, string, T> implementationFactory)
            where T : IGrainStorage
        {
            collection.AddKeyedSingleton<IGrainStorage>(name, (provider, _) => implementationFactory(provider, name));
            if (name == ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)
            {
                collection.TryAddSingleton(provider => provider.GetRequiredKeyedService<IGrainStorage>(name));
            }

            if (typeof(ILifecycleParticipant<ISiloLifecycle>).IsAssignableFrom(typeof(T)))
            {
                collection.AddSingleton(provider =>
                    (ILifecycleParticipant<ISiloLifecycle>)provider.GetRequiredKeyedService<IGrainStorage>(name));
            }

            return collection;
        }
    }
}

namespace Orleans.Hosting
{
    /// <summary>Storage in memory: for development and tests.</summary>
    public static class MemoryGrainStorageSiloBuilderExtensions
    {
        /// <summary>Adds memory storage under a name.</summary>
        public static ISiloBuilder AddMemoryGrainStorage(
            this ISiloBuilder builder,
            string name,
            Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null)
        {
            configureOptions?.Invoke(builder.Services.AddOptions<MemoryGrainStorageOptions>(name));
            builder.Services.AddGrainStorage(
                name, (provider, name) => new MemoryGrainStorage(name, provider.GetRequiredService<RuntimeClient>()));
            return builder;
        }

        /// <summary>Adds memory storage for state that names none.</summary>
        public static ISiloBuilder AddMemoryGrainStorageAsDefault(
            this ISiloBuilder builder, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null) =>
            builder.AddMemoryGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);
    }
}
