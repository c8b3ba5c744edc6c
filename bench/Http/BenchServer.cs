using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Waybill.Demo.Server;

namespace Waybill.Bench.Http;

/// <summary>The built server as a process of its own, and a client that keeps its connections.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _data;
    private readonly HttpClient _http;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _following = [];

    private BenchServer(Process process, DirectoryInfo data, Uri url)
    {
        (_process, _data) = (process, data);
        _http = new HttpClient { BaseAddress = url };
    }

    /// <param name="postgres">Where it keeps the events; null for an SQLite file in the temporary directory.</param>
    internal static async Task<BenchServer> StartAsync(string? postgres)
    {
        var data = Directory.CreateTempSubdirectory("waybill-bench-");
        var url = new Uri($"http://127.0.0.1:{FreePort()}");
        var process = await ServerProcess.StartAsync(new(
            Path.Combine(AppContext.BaseDirectory, "Waybill.Api.dll"),
            url,
            data.FullName,
            postgres,
            Path.Combine(data.FullName, "server.log")));
        return new(process, data, url);
    }

    /// <summary>All processor time that the server has used; the database's own is another process's.</summary>
    internal TimeSpan Busy
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    internal async Task GetAsync(string path)
    {
        using var response = await _http.GetAsync(path);
        await CheckAsync(response);
    }

    internal Task PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    internal Task PutAsync(string path, object body) => SendAsync(HttpMethod.Put, path, body);

    /// <summary>Tells whoever awaits one, from now on, of each event of a type.</summary>
    internal async Task FollowAsync(string type)
    {
        using var head = await _http.GetAsync("/accounts?limit=1");
        var after = head.Headers.GetValues("Waybill-Position").Single();
        _following.Add(ReadFeedAsync($"/events/stream?after={after}&type={type}", type));
    }

    /// <summary>
    /// Awaits an event of a stream: asking each stream would cost more than what is measured. To be called before what
    /// leads to the event, and once for each event.
    /// </summary>
    internal Task Next(string type, string stream) => _awaited.GetOrAdd(
        $"{type} {stream}", _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var feed in _following)
            await feed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        await ServerProcess.StopAsync(_process);
        _process.Dispose();
        _data.Delete(recursive: true);
        _stop.Dispose();
    }

    private async Task SendAsync(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await _http.SendAsync(request);
        await CheckAsync(response);
    }

    private async Task ReadFeedAsync(string path, string type)
    {
        await using var feed = await _http.GetStreamAsync(path, _stop.Token);
        using var reader = new StreamReader(feed);
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            if (!line.StartsWith("data:", StringComparison.Ordinal))
                continue;
            using var happened = JsonDocument.Parse(line.AsMemory("data:".Length));
            var stream = happened.RootElement.GetProperty("stream").GetString();
            if (_awaited.TryRemove($"{type} {stream}", out var awaited))
                awaited.SetResult();
        }
    }

    private static async Task CheckAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"{response.RequestMessage!.RequestUri}: {(int)response.StatusCode} {text}"));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
