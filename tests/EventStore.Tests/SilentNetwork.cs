using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Waybill.Tests.EventStore;

/// <summary>
/// A way to a server that can fall silent: connections are taken and stay open, but nothing gets through them any more.
/// </summary>
internal sealed class SilentNetwork : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, port: 0);
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly CancellationTokenSource _closing = new();

    public SilentNetwork(string connectionString)
    {
        _server = new(connectionString);
        _listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        }.ConnectionString;
        _ = Accept();
    }

    /// <summary>Leads to the server by this way.</summary>
    public string ConnectionString { get; }

    /// <summary>While true, whatever is sent is lost.</summary>
    public volatile bool IsSilent;

    private int _lost;

    /// <summary>Lets nothing through the next connections.</summary>
    public void Lose(int connections) => _lost = connections;

    public void Dispose()
    {
        _closing.Cancel();
        _listener.Dispose();
        _closing.Dispose();
    }

    private async Task Accept()
    {
        while (true)
            _ = Connect(await _listener.AcceptTcpClientAsync(_closing.Token));
    }

    private async Task Connect(TcpClient client)
    {
        var isLost = Interlocked.Decrement(ref _lost) >= 0;
        using var here = client;
        using var there = new TcpClient(_server.Host!, _server.Port);
        var both = new[] { (From: here, To: there), (From: there, To: here) };
        await Task.WhenAny(both.Select(way => Carry(way.From.GetStream(), way.To.GetStream(), isLost)));
    }

    private async Task Carry(NetworkStream from, NetworkStream to, bool isLost)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, _closing.Token) is > 0 and var length)
        {
            if (!IsSilent && !isLost)
                await to.WriteAsync(buffer.AsMemory(0, length), _closing.Token);
        }
    }
}
