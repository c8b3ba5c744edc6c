using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>Composes each silo of a <see cref="TestCluster"/>.</summary>
public interface ISiloConfigurator
{
    /// <summary>Composes the silo.</summary>
    void Configure(ISiloBuilder siloBuilder);
}

/// <summary>Composes each silo's host.</summary>
public interface IHostConfigurator
{
    /// <summary>Composes the host.</summary>
    void Configure(IHostBuilder hostBuilder);
}

/// <summary>Composes the client.</summary>
public interface IClientBuilderConfigurator
{
    /// <summary>Composes the client.</summary>
    void Configure(IConfiguration configuration, IClientBuilder clientBuilder);
}

/// <summary>How a cluster for tests is made.</summary>
public class TestClusterOptions
{
    /// <summary>The cluster's id; unique by default.</summary>
    public string ClusterId { get; set; } = InProcessTestClusterBuilder.CreateClusterId();

    /// <summary>The service's id; unique by default.</summary>
    public string ServiceId { get; set; } = Guid.NewGuid().ToString();

    /// <summary>How many silos it starts with.</summary>
    public short InitialSilosCount { get; set; } = 2;
}

/// <summary>Composes a <see cref="TestCluster"/> from configurator classes.</summary>
public class TestClusterBuilder
{
    private readonly List<Action<IConfigurationBuilder>> _configuration = [];
    private readonly List<Func<object>> _silos = [];
    private readonly List<Func<IClientBuilderConfigurator>> _clients = [];

    /// <summary>A cluster of two silos.</summary>
    public TestClusterBuilder()
        : this(2)
    {
    }

    /// <summary>A cluster of <paramref name="initialSilosCount"/> silos.</summary>
    public TestClusterBuilder(short initialSilosCount) => Options = new() { InitialSilosCount = initialSilosCount };

    /// <summary>What is being composed.</summary>
    public TestClusterOptions Options { get; }

    /// <summary>Values for the configuration of silos and client.</summary>
    public Dictionary<string, string> Properties { get; } = [];

    /// <summary>Adds sources to the configuration of silos and client.</summary>
    public TestClusterBuilder ConfigureHostConfiguration(Action<IConfigurationBuilder> configureDelegate)
    {
        _configuration.Add(configureDelegate);
        return this;
    }

    /// <summary>
    /// Composes each silo with a new <typeparamref name="T"/>: an <see cref="ISiloConfigurator"/>, an
    /// <see cref="IHostConfigurator"/>, or both.
    /// </summary>
    /// <exception cref="ArgumentException">It is neither.</exception>
    public TestClusterBuilder AddSiloBuilderConfigurator<T>()
        where T : new()
    {
        if (!typeof(T).IsAssignableTo(typeof(ISiloConfigurator))
            && !typeof(T).IsAssignableTo(typeof(IHostConfigurator)))
        {
            throw new ArgumentException(
                $"{typeof(T).Name} is neither an {nameof(ISiloConfigurator)} nor an {nameof(IHostConfigurator)}.");
        }

        _silos.Add(() => new T());
        return this;
    }

    /// <summary>Composes the client with a new <typeparamref name="T"/>.</summary>
    /// <exception cref="ArgumentException">It is no <see cref="IClientBuilderConfigurator"/>.</exception>
    public TestClusterBuilder AddClientBuilderConfigurator<T>()
        where T : new()
    {
        if (!typeof(IClientBuilderConfigurator).IsAssignableFrom(typeof(T)))
        {
            throw new ArgumentException($"{typeof(T).Name} is no {nameof(IClientBuilderConfigurator)}.");
        }

        _clients.Add(() => (IClientBuilderConfigurator)(object)new T()!);
        return this;
    }

    /// <summary>Makes the cluster; <see cref="TestCluster.DeployAsync"/> starts it.</summary>
    public TestCluster Build() => new(Options, new TestHosts(BuildSilo, BuildClient));

    private IHost BuildSilo(short instance, Cluster cluster)
    {
        var host = NewHost();
        host.UseOrleans(silo => TestHosts.Compose(silo, cluster, instance, Options.ClusterId, Options.ServiceId));
        foreach (var configurator in _silos.Select(make => make()))
        {
            if (configurator is IHostConfigurator ofHost) ofHost.Configure(host);
            if (configurator is ISiloConfigurator ofSilo) host.UseOrleans(ofSilo.Configure);
        }

        return host.Build();
    }

    private IHost BuildClient(Cluster cluster)
    {
        var host = NewHost();
        host.ConfigureServices((context, services) =>
        {
            var client = new ClientBuilder(services, context.Configuration, cluster);
            foreach (var configurator in _clients.Select(make => make()))
                configurator.Configure(context.Configuration, client);
        });
        return host.Build();
    }

    private HostBuilder NewHost()
    {
        var host = new HostBuilder();
        host.UseEnvironment("Development");
        host.ConfigureHostConfiguration(configuration =>
        {
            configuration.AddInMemoryCollection(
                Properties.Select(property => KeyValuePair.Create(property.Key, (string?)property.Value)));
            foreach (var configure in _configuration) configure(configuration);
        });
        return host;
    }
}

/// <summary>
/// <see cref="InProcessTestCluster"/>, composed from configurator classes rather than from functions.
/// </summary>
public class TestCluster : IDisposable, IAsyncDisposable
{
    private readonly TestHosts _hosts;

    internal TestCluster(TestClusterOptions options, TestHosts hosts) => (Options, _hosts) = (options, hosts);

    /// <summary>How it was made.</summary>
    public TestClusterOptions Options { get; }

    /// <summary>The first silo, while it runs.</summary>
    public SiloHandle? Primary => _hosts.Silos.FirstOrDefault(silo => silo.InstanceNumber == 0);

    /// <summary>The other silos that run.</summary>
    public IReadOnlyList<SiloHandle> SecondarySilos => [.. _hosts.Silos.Where(silo => silo.InstanceNumber != 0)];

    /// <summary>The silos that run.</summary>
    public ReadOnlyCollection<SiloHandle> Silos => new([.. _hosts.Silos]);

    /// <summary>The client beside the silos.</summary>
    public IClusterClient Client => _hosts.Client;

    /// <summary>The client, as a maker of references.</summary>
    public IGrainFactory GrainFactory => Client;

    /// <summary>The client's services.</summary>
    public IServiceProvider ServiceProvider => Client.ServiceProvider;

    /// <summary>Starts the silos and the client.</summary>
    public Task DeployAsync() => _hosts.DeployAsync(Options.InitialSilosCount);

    /// <summary>Starts the silos and the client, and waits for it.</summary>
    public void Deploy() => Task.Run(DeployAsync).GetAwaiter().GetResult();

    /// <summary>Starts one silo more.</summary>
    public async Task<SiloHandle> StartAdditionalSiloAsync(bool startAdditionalSiloOnNewPort = false) =>
        (await _hosts.StartAsync(1))[0];

    /// <summary>Stops a silo; its grains move to the others.</summary>
    public Task StopSiloAsync(SiloHandle instance) => _hosts.StopAsync(instance, stopGracefully: true);

    /// <summary>Kills a silo; nobody is told.</summary>
    public Task KillSiloAsync(SiloHandle instance) => _hosts.StopAsync(instance, stopGracefully: false);

    /// <summary>Stops a silo and starts it again.</summary>
    public async Task<SiloHandle?> RestartSiloAsync(SiloHandle instance) => await _hosts.RestartAsync(instance);

    /// <summary>Stops the client and all silos.</summary>
    public Task StopAllSilosAsync() => _hosts.StopAllAsync();

    /// <summary>Stops the client and all silos, and waits for it.</summary>
    public void StopAllSilos() => Task.Run(StopAllSilosAsync).GetAwaiter().GetResult();

    /// <summary>The silos that run.</summary>
    public IEnumerable<SiloHandle> GetActiveSilos() => _hosts.Silos;

    /// <summary>A silo's services: the first one's by default.</summary>
    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null) => _hosts.ServicesOf(silo);

    /// <summary>The grain's activation, if it has one.</summary>
    public bool TryGetGrainContext(GrainId grainId, [NotNullWhen(true)] out IGrainContext? grainContext) =>
        _hosts.TryGetGrainContext(grainId, out grainContext);

    /// <summary>Deactivates the grain, if it is active, and waits until it is.</summary>
    public Task DeactivateAsync(IAddressable grain) => _hosts.DeactivateAsync(grain.GetGrainId());

    /// <summary>Waits until every silo knows which others live; here they always do.</summary>
    public Task WaitForLivenessToStabilizeAsync(bool didKill = false) => Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _hosts.DisposeAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Task.Run(() => _hosts.DisposeAsync().AsTask()).GetAwaiter().GetResult();
    }
}
