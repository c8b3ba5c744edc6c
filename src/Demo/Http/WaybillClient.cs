using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Waybill.Demo.Http;

/// <summary>
/// Speaks to the server as a careful client does. Each command has a key, under which it is sent again until it is
/// answered: after a lost answer nobody knows whether it was carried out, and under its key it takes effect once. The
/// key is the correlation's id too, so that the log tells what each command has set off.
/// </summary>
/// <remarks>All members can be called concurrently.</remarks>
internal sealed class WaybillClient : IDisposable
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    private readonly HttpClient _http;
    private readonly string _run;
    private readonly TimeSpan _patience;
    private long _commands;
    private long _position;

    /// <param name="address">Where the server is.</param>
    /// <param name="run">What the keys begin with.</param>
    /// <param name="patience">How long an answer, or an end, is waited for.</param>
    /// <param name="handler">What the requests go through; null for the network alone.</param>
    public WaybillClient(Uri address, string run, TimeSpan patience, HttpMessageHandler? handler = null)
    {
        _http = new HttpClient(handler ?? new SocketsHttpHandler()) { BaseAddress = address };
        _http.Timeout = TimeSpan.FromSeconds(30);
        (_run, _patience) = (run, patience);
    }

    /// <summary>How far the log had got by the newest answer: a view that has read so far knows of them all.</summary>
    public long Position => Interlocked.Read(ref _position);

    /// <summary>A key that no other command of the run has.</summary>
    public string NewKey() => $"{_run}-key-{Interlocked.Increment(ref _commands)}";

    public Task<Reply> Get(string path) => SendUntilAnswered(HttpMethod.Get, path, body: null, key: null);

    public Task<Reply> Put(string path, object body) => SendUntilAnswered(HttpMethod.Put, path, body, NewKey());

    public Task<Reply> Post(string path, object? body = null, string? key = null) =>
        SendUntilAnswered(HttpMethod.Post, path, body, key ?? NewKey());

    /// <summary>Asks again and again, ever less often, until the answer is what is waited for.</summary>
    /// <exception cref="UnexpectedReplyException">It does not become so in time.</exception>
    public async Task<Reply> Until(string path, Func<Reply, bool> holds)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var pause = PauseMin; ; pause = Longer(pause))
        {
            var reply = (await Get(path)).OrThrow(path);
            if (holds(reply))
                return reply;
            if (Stopwatch.GetElapsedTime(begun) > _patience)
                throw new UnexpectedReplyException($"{path}: no end after {_patience.TotalSeconds:N0} s");
            await Task.Delay(pause);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<Reply> SendUntilAnswered(HttpMethod method, string path, object? body, string? key)
    {
        var json = body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body);
        var begun = Stopwatch.GetTimestamp();
        for (var pause = PauseMin; ; pause = Longer(pause))
        {
            var (reply, trouble) = await TrySend(method, path, json, key);
            if (reply is not null)
                return reply;
            if (Stopwatch.GetElapsedTime(begun) > _patience)
                throw new UnexpectedReplyException($"{method} {path}: {trouble}");
            await Task.Delay(pause);
        }
    }

    /// <returns>An answer that is one; or why there is none, and it is to be asked for again.</returns>
    private async Task<(Reply? Reply, string Trouble)> TrySend(
        HttpMethod method, string path, byte[]? json, string? key)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new ByteArrayContent(json);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
            request.Headers.Add("X-Correlation-Id", key);
        }
        try
        {
            using var response = await _http.SendAsync(request);
            var reply = await Reply.ReadAsync(response);
            Note(reply.Position);
            return reply.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout
                    ? (null, $"{(int)reply.Status} {reply.Code}")
                    : (reply, "");
        }
        catch (Exception lost) when (lost is HttpRequestException or TaskCanceledException)
        {
            return (null, lost.Message);
        }
    }

    private void Note(long position)
    {
        for (var seen = Position; position > seen; seen = Position)
            Interlocked.CompareExchange(ref _position, position, seen);
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < PauseMax ? pause * 2 : PauseMax;
}
