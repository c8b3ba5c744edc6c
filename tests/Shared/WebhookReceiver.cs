using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Waybill.Tests;

/// <summary>
/// A receiver of webhooks on a loopback address, which answers as a test says. It checks signatures by the words of
/// Standard Webhooks, and shares no code with whoever signs.
/// </summary>
internal sealed class WebhookReceiver : IDisposable
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private const int PortsTriedMax = 20;

    // Real time after which a barrier that does not open fails its test.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // Guards the lists.
    private readonly Lock _lock = new();
    private readonly List<Delivery> _attempts = [];
    private readonly List<Delivery> _taken = [];
    private readonly List<(Func<bool> Holds, TaskCompletionSource Reached)> _barriers = [];

    private HttpListener _listener = null!;

    private WebhookReceiver(Uri url) => Url = url;

    public Uri Url { get; }

    /// <summary>The status that an attempt is answered with; it may take its time.</summary>
    public Func<Delivery, Task<int>> Answer { get; set; } = _ => Task.FromResult(204);

    /// <summary>All that was posted, in order.</summary>
    public IReadOnlyList<Delivery> Attempts
    {
        get
        {
            lock (_lock)
                return [.. _attempts];
        }
    }

    /// <summary>What was answered with 2xx, in order; repeats are in it.</summary>
    public IReadOnlyList<Delivery> Taken
    {
        get
        {
            lock (_lock)
                return [.. _taken];
        }
    }

    /// <summary>Begins to listen on a free port.</summary>
    public static WebhookReceiver Start()
    {
        for (var tried = 1; ; tried++)
        {
            var receiver = new WebhookReceiver(new Uri($"http://127.0.0.1:{FreePort()}/hook/"));
            try
            {
                receiver.Listen();
                return receiver;
            }
            catch (HttpListenerException) when (tried < PortsTriedMax)
            {
                // Somebody else was faster.
            }
        }
    }

    /// <summary>Goes away: nobody listens any more, and who waits for an answer gets none.</summary>
    public void Stop() => _listener.Abort();

    /// <summary>Comes back under the same address.</summary>
    public void Listen()
    {
        _listener = new HttpListener { Prefixes = { $"{Url}" } };
        _listener.Start();
        _ = PumpAsync(_listener);
    }

    /// <summary>Completes when something holds of what has arrived: a barrier.</summary>
    /// <exception cref="TimeoutException">It never came to be.</exception>
    public Task Until(Func<WebhookReceiver, bool> holds)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
            _barriers.Add((() => holds(this), reached));
        OpenBarriers();
        return reached.Task.WaitAsync(Limit);
    }

    public void Dispose() => _listener.Abort();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task PumpAsync(HttpListener listener)
    {
        while (listener.IsListening)
        {
            try
            {
                _ = TakeAsync(await listener.GetContextAsync());
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task TakeAsync(HttpListenerContext http)
    {
        using var reader = new StreamReader(http.Request.InputStream, Encoding.UTF8);
        var delivery = new Delivery(
            http.Request.Headers["webhook-id"],
            http.Request.Headers["webhook-timestamp"],
            http.Request.Headers["webhook-signature"],
            http.Request.ContentType,
            await reader.ReadToEndAsync());
        lock (_lock)
            _attempts.Add(delivery);
        OpenBarriers();
        var status = await Answer(delivery);
        // Before the answer, so that whoever has it finds it here.
        if (status is >= 200 and < 300)
            lock (_lock)
                _taken.Add(delivery);
        try
        {
            http.Response.StatusCode = status;
            if (status is >= 300 and < 400)
                http.Response.RedirectLocation = $"{Url}";
            http.Response.Close();
        }
        catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException)
        {
            // Whoever asked has given up.
        }
        OpenBarriers();
    }

    private void OpenBarriers()
    {
        List<(Func<bool> Holds, TaskCompletionSource Reached)> barriers;
        lock (_lock)
            barriers = [.. _barriers];
        foreach (var (holds, reached) in barriers)
            if (holds())
                reached.TrySetResult();
    }
}

/// <summary>A webhook as it arrived.</summary>
internal sealed record Delivery(string? Id, string? Timestamp, string? Signature, string? ContentType, string Body)
{
    /// <summary>Whether one of its signatures is that of the secret.</summary>
    public bool IsSigned
    {
        get
        {
            var key = Convert.FromBase64String(WebhookReceiver.Secret.Split('_')[1]);
            var expected = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{Id}.{Timestamp}.{Body}"));
            return Signature?.Split(' ').Contains($"v1,{Convert.ToBase64String(expected)}") is true;
        }
    }
}
