using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Providers;
using Orleans.Streams;

namespace Orleans
{
    /// <summary>Stream providers for grains.</summary>
    public static class GrainStreamingExtensions
    {
        /// <summary>The provider with this name.</summary>
        /// <exception cref="KeyNotFoundException">The silo has none.</exception>
        public static IStreamProvider GetStreamProvider(this Grain grain, string name) =>
            ((IGrainBase)grain).GetStreamProvider(name);

        /// <inheritdoc cref="GetStreamProvider(Grain, string)"/>
        public static IStreamProvider GetStreamProvider(this IGrainBase grain, string name) =>
            ClientStreamingExtensions.Find(grain.GrainContext.ActivationServices, name);
    }

    /// <summary>Stream providers for clients.</summary>
    public static class ClientStreamingExtensions
    {
        /// <summary>The provider with this name.</summary>
        /// <exception cref="KeyNotFoundException">The client has none.</exception>
        public static IStreamProvider GetStreamProvider(this IClusterClient client, string name) =>
            Find(client.ServiceProvider, name);

        internal static IStreamProvider Find(IServiceProvider services, string name)
        {
            if (string.IsNullOrWhiteSpace(name)) throw new ArgumentNullException(nameof(name));
            return services.GetKeyedService<IStreamProvider>(name)
                ?? throw new KeyNotFoundException($"Stream provider '{name}' not found");
        }
    }
}

namespace Orleans.Hosting
{
    /// <summary>Composes a named part of a silo or client.</summary>
    public interface INamedServiceConfigurator
    {
        /// <summary>The name.</summary>
        string Name { get; }

        /// <summary>Adds services.</summary>
        Action<Action<IServiceCollection>> ConfigureDelegate { get; }
    }

    /// <summary>The usual steps of composing a named part.</summary>
    public static class NamedServiceConfiguratorExtensions
    {
        /// <summary>Sets the part's options.</summary>
        public static void Configure<TOptions>(
            this INamedServiceConfigurator configurator, Action<OptionsBuilder<TOptions>>? configureOptions)
            where TOptions : class, new() => configurator.ConfigureDelegate(
                services => configureOptions?.Invoke(services.AddOptions<TOptions>(configurator.Name)));

        /// <summary>Adds one of the part's own parts.</summary>
        public static void ConfigureComponent<TComponent>(
            this INamedServiceConfigurator configurator, Func<IServiceProvider, string, TComponent> factory)
            where TComponent : class => configurator.ConfigureDelegate(
                services => services.AddKeyedSingleton(configurator.Name, (all, key) => factory(all, (string)key!)));
    }

    /// <summary>Composes a persistent provider.</summary>
    public interface IPersistentStreamConfigurator : INamedServiceConfigurator;

    /// <summary>Composes a persistent provider of a silo.</summary>
    public interface ISiloPersistentStreamConfigurator : IPersistentStreamConfigurator;

    /// <summary>Composes a persistent provider of a client.</summary>
    public interface IClusterClientPersistentStreamConfigurator : IPersistentStreamConfigurator;

    /// <summary>What silo and client have in common.</summary>
    public static class PersistentStreamConfiguratorExtensions
    {
        /// <summary>Says where subscriptions come from.</summary>
        public static void ConfigureStreamPubSub(
            this IPersistentStreamConfigurator configurator,
            StreamPubSubType pubsubType = StreamPubSubOptions.DEFAULT_STREAM_PUBSUB_TYPE) =>
            configurator.Configure<StreamPubSubOptions>(
                options => options.Configure(value => value.PubSubType = pubsubType));
    }

    /// <summary>How a silo reads and delivers.</summary>
    public static class SiloPersistentStreamConfiguratorExtensions
    {
        /// <summary>Sets times and sizes.</summary>
        public static void ConfigurePullingAgent(
            this ISiloPersistentStreamConfigurator configurator,
            Action<OptionsBuilder<StreamPullingAgentOptions>>? configureOptions = null) =>
            configurator.Configure(configureOptions);

        /// <summary>Replaces the delays between deliveries of one event: by default 1 to 30 s, growing.</summary>
        public static void ConfigureBackoffProvider(
            this ISiloPersistentStreamConfigurator configurator,
            Func<IServiceProvider, string, IMessageDeliveryBackoffProvider> factory) =>
            configurator.ConfigureComponent(factory);

        /// <summary>Replaces the delays between reads that fail: by default 10 to 20 s, growing.</summary>
        public static void ConfigureBackoffProvider(
            this ISiloPersistentStreamConfigurator configurator,
            Func<IServiceProvider, string, IQueueReaderBackoffProvider> factory) =>
            configurator.ConfigureComponent(factory);
    }

    /// <summary>Streams of a silo.</summary>
    public static class SiloBuilderStreamingExtensions
    {
        /// <summary>Adds a provider over queues.</summary>
        public static ISiloBuilder AddPersistentStreams(
            this ISiloBuilder builder,
            string name,
            Func<IServiceProvider, string, IQueueAdapterFactory> adapterFactory,
            Action<ISiloPersistentStreamConfigurator>? configureStream)
        {
            PersistentStreamProvider.AddTo(builder.Services, name, adapterFactory);
            builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
                services => PersistentStreamProvider.Of(services, name));
            configureStream?.Invoke(new StreamConfigurator(name, builder.Services));
            return builder;
        }
    }

    /// <summary>Streams of a client.</summary>
    public static class ClientBuilderStreamingExtensions
    {
        /// <summary>Adds a provider over queues: a client publishes and subscribes, but does not read queues.</summary>
        public static IClientBuilder AddPersistentStreams(
            this IClientBuilder builder,
            string name,
            Func<IServiceProvider, string, IQueueAdapterFactory> adapterFactory,
            Action<IClusterClientPersistentStreamConfigurator>? configureStream)
        {
            PersistentStreamProvider.AddTo(builder.Services, name, adapterFactory);
            builder.Services.AddSingleton<IHostedService>(services => PersistentStreamProvider.Of(services, name));
            configureStream?.Invoke(new StreamConfigurator(name, builder.Services));
            return builder;
        }

        /// <summary>Adds the silos' memory streams.</summary>
        public static IClientBuilder AddMemoryStreams(
            this IClientBuilder builder, string name, Action<IClusterClientMemoryStreamConfigurator>? configure = null)
        {
            builder.AddPersistentStreams(name, MemoryStreams.Create, null);
            configure?.Invoke(new StreamConfigurator(name, builder.Services));
            return builder;
        }
    }

    /// <summary>Composes memory streams.</summary>
    public interface IMemoryStreamConfigurator : INamedServiceConfigurator;

    /// <summary>Composes memory streams of a silo.</summary>
    public interface ISiloMemoryStreamConfigurator : IMemoryStreamConfigurator, ISiloPersistentStreamConfigurator;

    /// <summary>Composes memory streams of a client.</summary>
    public interface IClusterClientMemoryStreamConfigurator
        : IMemoryStreamConfigurator, IClusterClientPersistentStreamConfigurator;

    /// <summary>What silo and client have in common; they must agree.</summary>
    public static class MemoryStreamConfiguratorExtensions
    {
        /// <summary>Sets the number of queues.</summary>
        public static void ConfigurePartitioning(
            this IMemoryStreamConfigurator configurator,
            int numOfQueues = HashRingStreamQueueMapperOptions.DEFAULT_NUM_QUEUES) =>
            configurator.Configure<HashRingStreamQueueMapperOptions>(
                options => options.Configure(value => value.TotalQueueCount = numOfQueues));
    }

    /// <summary>Memory streams of a silo.</summary>
    public static class SiloBuilderMemoryStreamExtensions
    {
        /// <summary>
        /// Adds streams whose queues are in the silos' memory, for tests: 8 queues of 16,384 batches each. Publishing
        /// fails when a queue is full. A queue, and what of it has been read, goes with its silo.
        /// </summary>
        public static ISiloBuilder AddMemoryStreams(
            this ISiloBuilder builder, string name, Action<ISiloMemoryStreamConfigurator>? configure = null)
        {
            builder.AddPersistentStreams(name, MemoryStreams.Create, null);
            configure?.Invoke(new StreamConfigurator(name, builder.Services));
            return builder;
        }
    }

    internal sealed class StreamConfigurator(string name, IServiceCollection services)
        : ISiloMemoryStreamConfigurator, IClusterClientMemoryStreamConfigurator
    {
        public string Name => name;

        public Action<Action<IServiceCollection>> ConfigureDelegate => configure => configure(services);
    }
}
