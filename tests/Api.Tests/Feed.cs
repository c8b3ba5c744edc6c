using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;

namespace Waybill.Tests;

/// <summary>Follows the log of a server, as a browser would.</summary>
internal sealed class Feed : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    // Generous: a loaded machine builds and tests beside it.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly HttpResponseMessage _response;
    private readonly Stream _stream;
    private readonly Lazy<IAsyncEnumerator<SseItem<string>>> _items;
    private readonly Lazy<StreamReader> _lines;

    private Feed(HttpResponseMessage response, Stream stream)
    {
        (_response, _stream) = (response, stream);
        _items = new(() => SseParser.Create(stream).EnumerateAsync(Cancellation).GetAsyncEnumerator(Cancellation));
        _lines = new(() => new StreamReader(stream));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Feed> FollowAsync(ApiClient api, string query, long? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api.Address, $"/events/stream{query}"));
        if (lastEventId is { } seen)
            request.Headers.Add("Last-Event-ID", seen.ToString(CultureInfo.InvariantCulture));
        var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        return new(response, await response.Content.ReadAsStreamAsync(Cancellation));
    }

    /// <summary>The next event.</summary>
    public async Task<FeedItem> Next()
    {
        do
        {
            var moving = _items.Value.MoveNextAsync().AsTask();
            (await moving.WaitAsync(Limit, Cancellation)).ShouldBeTrue("The stream has ended.");
        }
        while (_items.Value.Current.Data.Length == 0); // Only tells how far it has got.
        var item = _items.Value.Current;
        return new(long.Parse(item.EventId!, CultureInfo.InvariantCulture), item.EventType, item.Data);
    }

    /// <summary>The next lines as they are sent.</summary>
    public async Task<List<string?>> Lines(int count)
    {
        var lines = new List<string?>();
        while (lines.Count < count)
            lines.Add(await _lines.Value.ReadLineAsync(Cancellation));
        return lines;
    }

    public async Task ShouldEnd()
    {
        while (await _items.Value.MoveNextAsync())
            _items.Value.Current.Data.ShouldNotBeNull();
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _response.Dispose();
    }
}

/// <summary>An event as it arrived.</summary>
internal sealed record FeedItem(long Position, string Type, string Data);
