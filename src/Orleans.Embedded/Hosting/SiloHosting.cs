using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Hosting
{
    /// <summary>Composes a silo.</summary>
    public interface ISiloBuilder
    {
        /// <summary>The silo's services: those of the host it is in.</summary>
        IServiceCollection Services { get; }

        /// <summary>The host's configuration.</summary>
        IConfiguration Configuration { get; }
    }

    /// <summary>The usual steps of composing a silo.</summary>
    public static class SiloBuilderExtensions
    {
        /// <summary>Adds services.</summary>
        public static ISiloBuilder ConfigureServices(
            this ISiloBuilder builder, Action<IServiceCollection> configureDelegate)
        {
            configureDelegate(builder.Services);
            return builder;
        }

        /// <summary>Sets options.</summary>
        public static ISiloBuilder Configure<TOptions>(this ISiloBuilder builder, Action<TOptions> configureOptions)
            where TOptions : class
        {
            builder.Services.Configure(configureOptions);
            return builder;
        }

        /// <summary>Sets up logging.</summary>
        public static ISiloBuilder ConfigureLogging(
            this ISiloBuilder builder, Action<Microsoft.Extensions.Logging.ILoggingBuilder> configureLogging)
        {
            builder.Services.AddLogging(configureLogging);
            return builder;
        }
    }

    /// <summary>How silos find each other. In the embedded engine they do, being in one process.</summary>
    public static class CoreHostingExtensions
    {
        /// <summary>A cluster on this machine.</summary>
        public static ISiloBuilder UseLocalhostClustering(
            this ISiloBuilder builder,
            int siloPort = 11111,
            int gatewayPort = 30000,
            IPEndPoint? primarySiloEndpoint = null,
            string serviceId = "dev",
            string clusterId = "dev")
        {
            builder.Configure<EndpointOptions>(options =>
                (options.SiloPort, options.GatewayPort) = (siloPort, gatewayPort));

            // As in genuine Orleans: what was not said here does not undo what was said elsewhere.
            return serviceId == "dev" && clusterId == "dev"
                ? builder
                : builder.Configure<ClusterOptions>(options =>
                    (options.ServiceId, options.ClusterId) = (serviceId, clusterId));
        }
    }

    /// <summary>Filters around calls.</summary>
    public static class GrainCallFilterSiloBuilderExtensions
    {
        /// <summary>Adds a filter around calls to this silo's grains.</summary>
        public static ISiloBuilder AddIncomingGrainCallFilter(
            this ISiloBuilder builder, IIncomingGrainCallFilter filter) =>
            builder.ConfigureServices(services => services.AddSingleton(filter));

        /// <inheritdoc cref="AddIncomingGrainCallFilter(ISiloBuilder, IIncomingGrainCallFilter)"/>
        public static ISiloBuilder AddIncomingGrainCallFilter<TImplementation>(this ISiloBuilder builder)
            where TImplementation : class, IIncomingGrainCallFilter =>
            builder.ConfigureServices(services => services.AddSingleton<IIncomingGrainCallFilter, TImplementation>());

        /// <inheritdoc cref="AddIncomingGrainCallFilter(ISiloBuilder, IIncomingGrainCallFilter)"/>
        public static ISiloBuilder AddIncomingGrainCallFilter(
            this ISiloBuilder builder, IncomingGrainCallFilterDelegate filter) =>
            builder.AddIncomingGrainCallFilter(new FunctionFilter(call => filter((IIncomingGrainCallContext)call)));

        /// <summary>Adds a filter around calls made by this silo.</summary>
        public static ISiloBuilder AddOutgoingGrainCallFilter(
            this ISiloBuilder builder, IOutgoingGrainCallFilter filter) =>
            builder.ConfigureServices(services => services.AddSingleton(filter));

        /// <inheritdoc cref="AddOutgoingGrainCallFilter(ISiloBuilder, IOutgoingGrainCallFilter)"/>
        public static ISiloBuilder AddOutgoingGrainCallFilter<TImplementation>(this ISiloBuilder builder)
            where TImplementation : class, IOutgoingGrainCallFilter =>
            builder.ConfigureServices(services => services.AddSingleton<IOutgoingGrainCallFilter, TImplementation>());

        /// <inheritdoc cref="AddOutgoingGrainCallFilter(ISiloBuilder, IOutgoingGrainCallFilter)"/>
        public static ISiloBuilder AddOutgoingGrainCallFilter(
            this ISiloBuilder builder, OutgoingGrainCallFilterDelegate filter) =>
            builder.AddOutgoingGrainCallFilter(new FunctionFilter(call => filter((IOutgoingGrainCallContext)call)));

        private sealed class FunctionFilter(Func<IGrainCallContext, Task> filter)
            : IIncomingGrainCallFilter, IOutgoingGrainCallFilter
        {
            public Task Invoke(IIncomingGrainCallContext context) => filter(context);

            public Task Invoke(IOutgoingGrainCallContext context) => filter(context);
        }
    }

    internal sealed class SiloBuilder(IServiceCollection services, IConfiguration configuration) : ISiloBuilder
    {
        public IServiceCollection Services { get; } = WithDefaults(services);

        public IConfiguration Configuration => configuration;

        // May be called for one host several times: what is there stays.
        private static IServiceCollection WithDefaults(IServiceCollection services)
        {
            services.AddLogging();
            services.AddOptions();
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<Cluster>();
            services.TryAddSingleton<Silo>();
            services.TryAddSingleton<ILocalSiloDetails>(provider => provider.GetRequiredService<Silo>());
            services.TryAddSingleton(provider => provider.GetRequiredService<Silo>().Runtime);
            services.TryAddSingleton<IClusterClient>(provider => provider.GetRequiredService<RuntimeClient>().Factory);
            services.TryAddSingleton<IGrainFactory>(provider => provider.GetRequiredService<IClusterClient>());
            services.TryAddScoped<IGrainContext>(_ => Activation.Current
                ?? throw new InvalidOperationException("Only a grain that is being activated has a context."));
            if (!services.Any(service => service.ImplementationFactory?.Method == SiloAsHostedService.Method))
            {
                services.Add(ServiceDescriptor.Singleton(SiloAsHostedService));
            }

            return services;
        }

        private static readonly Func<IServiceProvider, IHostedService> SiloAsHostedService = provider =>
            provider.GetRequiredService<Silo>();
    }
}

namespace Microsoft.Extensions.Hosting
{
    /// <summary>Puts a silo into a host.</summary>
    public static class OrleansSiloGenericHostExtensions
    {
        /// <summary>Adds a silo, composed by <paramref name="configureDelegate"/>.</summary>
        public static IHostApplicationBuilder UseOrleans(
            this IHostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate)
        {
            configureDelegate(new SiloBuilder(hostAppBuilder.Services, hostAppBuilder.Configuration));
            return hostAppBuilder;
        }

        /// <inheritdoc cref="UseOrleans(IHostApplicationBuilder, Action{ISiloBuilder})"/>
        public static IHostBuilder UseOrleans(this IHostBuilder hostBuilder, Action<ISiloBuilder> configureDelegate) =>
            hostBuilder.UseOrleans((_, builder) => configureDelegate(builder));

        /// <inheritdoc cref="UseOrleans(IHostApplicationBuilder, Action{ISiloBuilder})"/>
        public static IHostBuilder UseOrleans(
            this IHostBuilder hostBuilder, Action<HostBuilderContext, ISiloBuilder> configureDelegate) =>
            hostBuilder.ConfigureServices((context, services) =>
                configureDelegate(context, new SiloBuilder(services, context.Configuration)));
    }
}
