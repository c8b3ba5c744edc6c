using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>How a cluster for tests is made.</summary>
public sealed class InProcessTestClusterOptions
{
    /// <summary>The cluster's id; unique by default.</summary>
    public string ClusterId { get; set; } = InProcessTestClusterBuilder.CreateClusterId();

    /// <summary>The service's id; unique by default.</summary>
    public string ServiceId { get; set; } = Guid.NewGuid().ToString();

    /// <summary>How many silos it starts with.</summary>
    public short InitialSilosCount { get; set; } = 1;

    /// <summary>What is done to each silo's host.</summary>
    public List<Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder>>
        SiloHostConfigurationDelegates { get; } = [];

    /// <summary>What is done to the client's host.</summary>
    public List<Action<IHostApplicationBuilder>> ClientHostConfigurationDelegates { get; } = [];
}

/// <summary>What differs from silo to silo.</summary>
public sealed class InProcessTestSiloSpecificOptions
{
    /// <summary>The silo's name.</summary>
    public string SiloName { get; set; } = "";
}

/// <summary>Composes an <see cref="InProcessTestCluster"/> from functions.</summary>
public sealed class InProcessTestClusterBuilder
{
    /// <summary>A cluster of one silo.</summary>
    public InProcessTestClusterBuilder()
        : this(1)
    {
    }

    /// <summary>A cluster of <paramref name="initialSilosCount"/> silos.</summary>
    public InProcessTestClusterBuilder(short initialSilosCount) =>
        Options = new() { InitialSilosCount = initialSilosCount };

    /// <summary>What is being composed.</summary>
    public InProcessTestClusterOptions Options { get; }

    /// <summary>An id that no other cluster has.</summary>
    public static string CreateClusterId() => $"testcluster-{Guid.NewGuid():N}";

    /// <summary>Composes each silo.</summary>
    public InProcessTestClusterBuilder ConfigureSilo(
        Action<InProcessTestSiloSpecificOptions, ISiloBuilder> configureSiloDelegate) =>
        ConfigureSiloHost((options, host) => host.UseOrleans(silo => configureSiloDelegate(options, silo)));

    /// <summary>Composes each silo's host.</summary>
    public InProcessTestClusterBuilder ConfigureSiloHost(
        Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> configureSiloHostDelegate)
    {
        Options.SiloHostConfigurationDelegates.Add(configureSiloHostDelegate);
        return this;
    }

    /// <summary>Composes the client.</summary>
    public InProcessTestClusterBuilder ConfigureClient(Action<IClientBuilder> configureClientDelegate) =>
        ConfigureClientHost(host => configureClientDelegate((IClientBuilder)host.Properties[typeof(IClientBuilder)]));

    /// <summary>Composes the client's host.</summary>
    public InProcessTestClusterBuilder ConfigureClientHost(Action<IHostApplicationBuilder> configureHostDelegate)
    {
        Options.ClientHostConfigurationDelegates.Add(configureHostDelegate);
        return this;
    }

    /// <summary>Makes the cluster; <see cref="InProcessTestCluster.DeployAsync"/> starts it.</summary>
    public InProcessTestCluster Build() => new(Options);
}

/// <summary>
/// A cluster for tests: silos in this process, each with its own services and activations, and a client. What goes
/// from one to another is serialized, a stopped silo hands its grains over, a killed one takes them with it.
/// </summary>
public sealed class InProcessTestCluster : IDisposable, IAsyncDisposable
{
    private readonly TestHosts _hosts;

    internal InProcessTestCluster(InProcessTestClusterOptions options)
    {
        Options = options;
        _hosts = new TestHosts(BuildSilo, BuildClient);
    }

    /// <summary>How it was made.</summary>
    public InProcessTestClusterOptions Options { get; }

    /// <summary>The silos that run.</summary>
    public ReadOnlyCollection<InProcessSiloHandle> Silos => new([.. _hosts.Silos]);

    /// <summary>The client beside the silos.</summary>
    public IClusterClient Client => _hosts.Client;

    /// <summary>Starts the silos and the client.</summary>
    public Task DeployAsync() => _hosts.DeployAsync(Options.InitialSilosCount);

    /// <summary>Starts one silo more.</summary>
    public async Task<InProcessSiloHandle> StartAdditionalSiloAsync() => (await _hosts.StartAsync(1))[0];

    /// <summary>Starts silos more.</summary>
    public Task<List<InProcessSiloHandle>> StartSilosAsync(int silosToStart) => _hosts.StartAsync(silosToStart);

    /// <summary>Stops a silo; its grains move to the others.</summary>
    public Task StopSiloAsync(InProcessSiloHandle instance) => _hosts.StopAsync(instance, stopGracefully: true);

    /// <summary>Kills a silo; nobody is told.</summary>
    public Task KillSiloAsync(InProcessSiloHandle instance) => _hosts.StopAsync(instance, stopGracefully: false);

    /// <summary>Stops a silo and starts it again.</summary>
    public async Task<InProcessSiloHandle?> RestartSiloAsync(InProcessSiloHandle instance) =>
        await _hosts.RestartAsync(instance);

    /// <summary>Stops the client and all silos.</summary>
    public Task StopAllSilosAsync() => _hosts.StopAllAsync();

    /// <summary>Stops the client.</summary>
    public Task StopClusterClientAsync() => _hosts.StopClientAsync();

    /// <summary>The silos that run.</summary>
    public IEnumerable<InProcessSiloHandle> GetActiveSilos() => _hosts.Silos;

    /// <summary>A silo's services: the first one's by default.</summary>
    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null) => _hosts.ServicesOf(silo);

    /// <summary>The grain's activation, if it has one.</summary>
    public bool TryGetGrainContext(GrainId grainId, [NotNullWhen(true)] out IGrainContext? grainContext) =>
        _hosts.TryGetGrainContext(grainId, out grainContext);

    /// <summary>Deactivates the grain, if it is active, and waits until it is.</summary>
    public Task DeactivateAsync(IAddressable grain) => _hosts.DeactivateAsync(grain.GetGrainId());

    /// <summary>Waits until the grain's activation, if it has one, has ended.</summary>
    public Task WaitForDeactivationAsync(IAddressable grain) => _hosts.WaitForDeactivationAsync(grain.GetGrainId());

    /// <summary>Waits until every silo knows which others live; here they always do.</summary>
    public Task WaitForLivenessToStabilizeAsync(bool didKill = false) => Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _hosts.DisposeAsync();

    /// <inheritdoc/>
    public void Dispose() => Task.Run(() => _hosts.DisposeAsync().AsTask()).GetAwaiter().GetResult();

    private static HostApplicationBuilder NewHost() =>
        Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = "Development" });

    private IHost BuildSilo(short instance, Cluster cluster)
    {
        var host = NewHost();
        host.UseOrleans(silo => TestHosts.Compose(silo, cluster, instance, Options.ClusterId, Options.ServiceId));
        var specific = new InProcessTestSiloSpecificOptions { SiloName = TestHosts.NameOf(instance) };
        foreach (var configure in Options.SiloHostConfigurationDelegates) configure(specific, host);
        return host.Build();
    }

    private IHost BuildClient(Cluster cluster)
    {
        var host = NewHost();
        ((IHostApplicationBuilder)host).Properties[typeof(IClientBuilder)] =
            new ClientBuilder(host.Services, host.Configuration, cluster);
        foreach (var configure in Options.ClientHostConfigurationDelegates) configure(host);
        return host.Build();
    }
}
