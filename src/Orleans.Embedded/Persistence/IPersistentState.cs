using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Core
{
    /// <summary>
    /// State that is kept in storage. Operations of one state run one after another, also on a reentrant grain.
    /// </summary>
    public interface IStorage
    {
        /// <summary>What storage calls the version that was last read or written; null if nothing is stored.</summary>
        string? Etag { get; }

        /// <summary>Whether storage has it.</summary>
        /// <exception cref="InvalidOperationException">It has not been read yet.</exception>
        bool RecordExists { get; }

        /// <summary>Takes it out of storage and starts with a new one.</summary>
        /// <exception cref="InconsistentStateException">Somebody else has written it since it was read.</exception>
        Task ClearStateAsync();

        /// <summary>Stores it.</summary>
        /// <exception cref="InconsistentStateException">Somebody else has written it since it was read.</exception>
        Task WriteStateAsync();

        /// <summary>Reads it, and forgets what was not stored.</summary>
        Task ReadStateAsync();

        /// <inheritdoc cref="ClearStateAsync()"/>
        Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

        /// <inheritdoc cref="WriteStateAsync()"/>
        Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

        /// <inheritdoc cref="ReadStateAsync()"/>
        Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
    }

    /// <inheritdoc/>
    public interface IStorage<TState> : IStorage
    {
        /// <summary>The state; changes to it are stored by <see cref="IStorage.WriteStateAsync()"/> alone.</summary>
        TState State { get; set; }
    }
}

namespace Orleans
{
    /// <summary>Stands on a constructor parameter that the runtime fills.</summary>
    public interface IFacetMetadata;
}

namespace Orleans.Providers
{
    /// <summary>Names that providers have by default.</summary>
    public static class ProviderConstants
    {
        /// <summary>The storage of state that names none.</summary>
        public const string DEFAULT_STORAGE_PROVIDER_NAME = "Default";

        /// <summary>The log consistency provider of a grain that names none.</summary>
        public const string DEFAULT_LOG_CONSISTENCY_PROVIDER_NAME = "Default";
    }
}

namespace Orleans.Runtime
{
    /// <summary>
    /// A grain's state, handed to its constructor; it has been read when the grain's activation begins.
    /// </summary>
    public interface IPersistentState<TState> : IStorage<TState>;

    /// <summary>Which state, in which storage.</summary>
    public interface IPersistentStateConfiguration
    {
        /// <summary>The state's name, one of several that a grain may have.</summary>
        string StateName { get; }

        /// <summary>The storage's name; null for the default one.</summary>
        string? StorageName { get; }
    }

    /// <summary>Makes a constructor parameter of type <see cref="IPersistentState{TState}"/> the named state.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute : Attribute, IFacetMetadata, IPersistentStateConfiguration, IFacetFactory
    {
        private ConstructorInvoker? _constructor;

        /// <summary>
        /// The state <paramref name="stateName"/> (empty: the parameter's name) in <paramref name="storageName"/>.
        /// </summary>
        public PersistentStateAttribute(string stateName, string? storageName = null)
        {
            ArgumentNullException.ThrowIfNull(stateName);
            (StateName, StorageName) = (stateName, storageName);
        }

        /// <inheritdoc/>
        public string StateName { get; }

        /// <inheritdoc/>
        public string? StorageName { get; }

        object IFacetFactory.Create(Activation activation, ParameterInfo parameter)
        {
            _constructor ??= ConstructorOf(parameter);
            var storage = string.IsNullOrWhiteSpace(StorageName)
                ? activation.ActivationServices.GetService<IGrainStorage>()
                : activation.ActivationServices.GetKeyedService<IGrainStorage>(StorageName);
            if (storage is null) throw new BadProviderConfigException(Missing(activation.GrainId));
            var name = StateName.Length > 0 ? StateName : parameter.Name;
            return _constructor.Invoke(name, activation, storage);
        }

        private static ConstructorInvoker ConstructorOf(ParameterInfo parameter)
        {
            var type = parameter.ParameterType;
            if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IPersistentState<>))
            {
                throw new ArgumentException(
                    $"{parameter.Member.DeclaringType}: {parameter.Name} must be an IPersistentState<T>, not {type}.");
            }

            var state = typeof(PersistentState<>).MakeGenericType(type.GetGenericArguments());
            return ConstructorInvoker.Create(state.GetConstructors()[0]);
        }

        private string Missing(GrainId grain) => string.IsNullOrWhiteSpace(StorageName)
            ? $"{grain} has state, but there is no default storage: add it, as AddMemoryGrainStorageAsDefault() does."
            : $"{grain} has state in \"{StorageName}\", but there is no storage of that name: add it with that name.";
    }
}
