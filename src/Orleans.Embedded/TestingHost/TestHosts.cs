using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>
/// The hosts of a test cluster: silos that share one <see cref="Cluster"/>, and a client beside them. What the two
/// kinds of test cluster have in common; they differ in how a host is composed.
/// </summary>
internal sealed class TestHosts(Func<short, Cluster, IHost> buildSilo, Func<Cluster, IHost> buildClient)
    : IAsyncDisposable
{
    // The first ports that are given as names; nothing listens on them.
    private const int FirstSiloPort = 21111;
    private const int FirstGatewayPort = 31111;

    private readonly Cluster _cluster = new();
    private readonly List<InProcessSiloHandle> _silos = [];
    private readonly List<InProcessSiloHandle> _gone = [];
    private readonly Lock _lock = new();
    private short _next;
    private IHost? _client;

    /// <summary>The silos that run.</summary>
    internal IReadOnlyList<InProcessSiloHandle> Silos
    {
        get
        {
            lock (_lock) return [.. _silos];
        }
    }

    internal IClusterClient Client => _client?.Services.GetRequiredService<IClusterClient>()
        ?? throw new InvalidOperationException("The cluster has not been deployed, or its client has been stopped.");

    public async ValueTask DisposeAsync()
    {
        await StopClientAsync();
        foreach (var silo in Silos.Reverse().Concat(_gone)) await silo.DisposeAsync();
    }

    /// <summary>What every silo of a test cluster is composed with, before what the test adds.</summary>
    internal static void Compose(ISiloBuilder silo, Cluster cluster, short instance, string clusterId, string serviceId)
    {
        silo.Services.AddSingleton(cluster);
        silo.Configure<SiloOptions>(options => options.SiloName = NameOf(instance));
        silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (clusterId, serviceId));
        silo.Configure<EndpointOptions>(options =>
            (options.AdvertisedIPAddress, options.SiloPort, options.GatewayPort) =
                (IPAddress.Loopback, FirstSiloPort + instance, FirstGatewayPort + instance));
    }

    internal static string NameOf(short instance) => instance == 0 ? "Primary" : $"Secondary_{instance}";

    internal async Task DeployAsync(int silos)
    {
        await StartAsync(silos);
        _client = buildClient(_cluster);
        await _client.StartAsync();
    }

    internal async Task<List<InProcessSiloHandle>> StartAsync(int silos)
    {
        List<InProcessSiloHandle> started = [];
        for (var i = 0; i < silos; i++) started.Add(await StartAsync(_next++));
        return started;
    }

    internal async Task StopAsync(SiloHandle silo, bool stopGracefully)
    {
        lock (_lock)
        {
            if (silo is not InProcessSiloHandle mine || !_silos.Remove(mine)) return;
            _gone.Add(mine);
        }

        await silo.StopSiloAsync(stopGracefully);
    }

    internal async Task<InProcessSiloHandle> RestartAsync(SiloHandle silo)
    {
        await StopAsync(silo, stopGracefully: true);
        return await StartAsync(silo.InstanceNumber);
    }

    internal async Task StopAllAsync()
    {
        await StopClientAsync();
        foreach (var silo in Silos.Reverse()) await StopAsync(silo, stopGracefully: true);
    }

    internal async Task StopClientAsync()
    {
        if (Interlocked.Exchange(ref _client, null) is not { } client) return;
        await client.StopAsync();
        client.Dispose();
    }

    internal async Task DeactivateAsync(GrainId grainId)
    {
        if (_cluster.Find(grainId) is not { } activation) return;
        activation.Deactivate(new(DeactivationReasonCode.ApplicationRequested, "The test asked for it."));
        await activation.Deactivated;
    }

    internal Task WaitForDeactivationAsync(GrainId grainId) =>
        _cluster.Find(grainId)?.Deactivated ?? Task.CompletedTask;

    internal bool TryGetGrainContext(GrainId grainId, [NotNullWhen(true)] out IGrainContext? grainContext) =>
        (grainContext = _cluster.Find(grainId)) is not null;

    internal IServiceProvider ServicesOf(SiloAddress? silo) =>
        Silos.FirstOrDefault(handle => silo is null || handle.SiloAddress.Equals(silo))?.ServiceProvider
            ?? throw new ArgumentException($"No silo of this cluster has the address {silo}.", nameof(silo));

    private async Task<InProcessSiloHandle> StartAsync(short instance)
    {
        var host = buildSilo(instance, _cluster);
        try
        {
            await host.StartAsync();
        }
        catch
        {
            host.Dispose();
            throw;
        }

        var silo = host.Services.GetRequiredService<Silo>();
        var handle = new InProcessSiloHandle
        {
            SiloHost = host,
            Name = silo.Name,
            SiloAddress = silo.SiloAddress,
            InstanceNumber = instance,
        };
        lock (_lock) _silos.Add(handle);
        return handle;
    }
}
