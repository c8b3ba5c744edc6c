using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>One silo of a test cluster.</summary>
public abstract class SiloHandle : IDisposable, IAsyncDisposable
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Which of the cluster's silos it is, from 0; a restarted silo keeps it.</summary>
    public short InstanceNumber { get; set; }

    /// <summary>Its address in this life.</summary>
    public SiloAddress SiloAddress { get; set; } = null!;

    /// <summary>Whether it has been neither stopped nor killed.</summary>
    public abstract bool IsActive { get; }

    /// <summary>Stops it; not gracefully means killed, without a goodbye.</summary>
    public abstract Task StopSiloAsync(bool stopGracefully);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops it if it runs, and lets go of its host.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>A silo in this process.</summary>
public class InProcessSiloHandle : SiloHandle
{
    private bool _active = true;

    /// <summary>The silo's host.</summary>
    public IHost SiloHost { get; init; } = null!;

    /// <summary>The silo's services.</summary>
    public IServiceProvider ServiceProvider => SiloHost.Services;

    /// <inheritdoc/>
    public override bool IsActive => _active;

    /// <inheritdoc/>
    public override async Task StopSiloAsync(bool stopGracefully)
    {
        if (!_active) return;
        _active = false;

        // A dead silo's host still has to be stopped, since the process lives on; its silo takes no part in that.
        if (!stopGracefully) ServiceProvider.GetRequiredService<Silo>().Kill();
        await SiloHost.StopAsync(new CancellationToken(canceled: !stopGracefully));
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await StopSiloAsync(stopGracefully: true);
        if (SiloHost is IAsyncDisposable host) await host.DisposeAsync();
        else SiloHost.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();
        base.Dispose(disposing);
    }
}
