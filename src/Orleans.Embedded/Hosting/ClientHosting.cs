using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Composes a client of the cluster.</summary>
public interface IClientBuilder
{
    /// <summary>The services of the host it is in.</summary>
    IServiceCollection Services { get; }

    /// <summary>The host's configuration.</summary>
    IConfiguration Configuration { get; }
}

/// <summary>The usual steps of composing a client.</summary>
public static class ClientBuilderExtensions
{
    /// <summary>Adds services.</summary>
    public static IClientBuilder ConfigureServices(
        this IClientBuilder builder, Action<IServiceCollection> configureDelegate)
    {
        configureDelegate(builder.Services);
        return builder;
    }
}

/// <summary>
/// A client beside the silos of one process: what a test cluster's client is. A client in another process needs the
/// genuine packages, so there is no public way to make one here.
/// </summary>
internal sealed class ClientBuilder : IClientBuilder
{
    internal ClientBuilder(IServiceCollection services, IConfiguration configuration, Cluster cluster)
    {
        (Services, Configuration) = (services, configuration);
        services.AddLogging();
        services.AddOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(cluster);
        services.AddSingleton(provider => new RuntimeClient(
            provider, cluster, provider.GetRequiredService<IOptions<ClientMessagingOptions>>().Value.ResponseTimeout));
        services.AddSingleton<IClusterClient>(provider => provider.GetRequiredService<RuntimeClient>().Factory);
        services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<IClusterClient>());
        services.AddHostedService<Connection>();
    }

    public IServiceCollection Services { get; }

    public IConfiguration Configuration { get; }

    private sealed class Connection(RuntimeClient runtime) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            runtime.Cluster.Connect(runtime);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            runtime.Cluster.Disconnect(runtime);
            runtime.Close("The client has stopped.");
            return Task.CompletedTask;
        }
    }
}
