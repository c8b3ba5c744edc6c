using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;

namespace Waybill.Tests.Chaos;

/// <summary>A command that was sent under a key.</summary>
internal sealed record KeyedCommand(HttpMethod Method, Uri Uri, string Key, byte[]? Body);

/// <summary>What a command was answered.</summary>
internal sealed record KeyedAnswer(HttpStatusCode Status, string Text);

/// <summary>
/// Delivers some commands twice at once, loses some on the way there and some answers on the way back; and keeps what
/// the server has answered to each, whether the answer got through or not: it must stand for ever.
/// </summary>
internal sealed class UnreliableNetwork(int seed) : DelegatingHandler(new SocketsHttpHandler())
{
    private const double Doubled = 0.15;
    private const double LostThere = 0.05;
    private const double LostBack = 0.10;

    private readonly Random _random = new(seed); // Locked wherever it is used.
    private readonly ConcurrentDictionary<string, (KeyedCommand Command, KeyedAnswer Answer)> _acknowledged = new();
    private readonly ConcurrentQueue<string> _contradictions = [];

    /// <summary>What was answered for good, by key.</summary>
    public IReadOnlyDictionary<string, (KeyedCommand Command, KeyedAnswer Answer)> Acknowledged => _acknowledged;

    /// <summary>Keys that were answered one way and then another, or as no command may be.</summary>
    public IReadOnlyCollection<string> Contradictions => _contradictions;

    /// <summary>Sends a command once more as it was, over a network without faults.</summary>
    public async Task<(KeyedAnswer Answer, bool IsReplayed)> Deliver(
        KeyedCommand command, CancellationToken cancellation)
    {
        using var response = await base.SendAsync(Request(command), cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        return (new(response.StatusCode, text), response.Headers.Contains("Idempotency-Replayed"));
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Headers.TryGetValues("Idempotency-Key", out var keys))
            return await base.SendAsync(request, cancellationToken);
        var body = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var command = new KeyedCommand(request.Method, request.RequestUri!, keys.Single(), body);
        if (Happens(LostThere))
            throw new HttpRequestException("The request was lost.");
        if (!Happens(Doubled))
            return await Once(command, cancellationToken);
        var copies = await Task.WhenAll(Once(command, cancellationToken), Once(command, cancellationToken));
        copies[0].Dispose();
        return copies[1];
    }

    private async Task<HttpResponseMessage> Once(KeyedCommand command, CancellationToken cancellation)
    {
        var response = await base.SendAsync(Request(command), cancellation);
        await response.Content.LoadIntoBufferAsync(cancellation);
        Note(command, new(response.StatusCode, await response.Content.ReadAsStringAsync(cancellation)));
        if (!Happens(LostBack))
            return response;
        response.Dispose();
        throw new HttpRequestException("The answer was lost.");
    }

    private void Note(KeyedCommand command, KeyedAnswer answer)
    {
        // These say nothing of what becomes of the command; the last one is about another one under its key.
        if (answer.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
            or HttpStatusCode.UnprocessableEntity)
            return;
        var first = _acknowledged.GetOrAdd(command.Key, (command, answer)).Answer;
        if (first != answer)
            _contradictions.Enqueue($"{command.Key} {command.Uri.AbsolutePath}: first {first}, then {answer}");
        if (answer.Status >= HttpStatusCode.InternalServerError || answer.Status == HttpStatusCode.BadRequest)
            _contradictions.Enqueue($"{command.Key} {command.Uri.AbsolutePath}: {answer}");
    }

    private bool Happens(double probability)
    {
        lock (_random)
            return _random.NextDouble() < probability;
    }

    private static HttpRequestMessage Request(KeyedCommand command)
    {
        var request = new HttpRequestMessage(command.Method, command.Uri);
        request.Headers.Add("Idempotency-Key", command.Key);
        request.Headers.Add("X-Correlation-Id", command.Key);
        if (command.Body is { } body)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        return request;
    }
}
