using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals;

/// <summary>A silo whose clock stands still until a test moves it.</summary>
public abstract class ClockedSilo : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster;

    protected ClockedSilo() =>
        _cluster = Silos.Compose(1, silo => silo.Services.AddSingleton<TimeProvider>(Clock)).Build();

    protected FakeTimeProvider Clock { get; } = new();

    /// <summary>The silo's own references, because the client has a clock of its own.</summary>
    protected IGrainFactory Grains => _cluster.GrainsOf(_cluster.Silos[0]);

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _cluster.DisposeAsync();
    }

    protected bool IsActive(IAddressable grain) => _cluster.TryGetGrainContext(grain.GetGrainId(), out _);

    /// <summary>Waits until the grain has done all that it was given by now, ticks too.</summary>
    protected async Task Settled(IAddressable grain)
    {
        while (_cluster.TryGetGrainContext(grain.GetGrainId(), out var context) && ((Activation)context).Load > 0)
            await Task.Yield();
    }

    protected Task Ended(IAddressable grain) => _cluster.WaitForDeactivationAsync(grain).Soon();
}
