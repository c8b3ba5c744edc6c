using Waybill.Tests;

[assembly: AssemblyFixture(typeof(RunningServer))]

namespace Waybill.Tests;

/// <summary>One server for all tests that neither stop it nor need it alone; each opens accounts of its own.</summary>
public sealed class RunningServer : IAsyncLifetime
{
    private readonly DataDirectory _data = new();
    private ServerProcess _server = null!;

    internal ApiClient Api => _server.Client;

    public async ValueTask InitializeAsync() => _server = await ServerProcess.StartAsync(_data.Path);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _data.Dispose();
    }
}
