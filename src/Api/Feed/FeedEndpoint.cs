using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Waybill.Api.Admin;
using Waybill.Api.Http;
using Waybill.EventStore;
using Waybill.Silo;

namespace Waybill.Api.Feed;

/// <summary>
/// The log as Server-Sent Events, in the order of positions, from a position on. Whoever comes again goes on after what
/// they have seen, because <c>id</c> is the position and browsers send it back as <c>Last-Event-ID</c>.
/// </summary>
internal static class FeedEndpoint
{
    private const string LastEventId = "Last-Event-ID";

    private static readonly byte[] Begin = "retry: 1000\n\n"u8.ToArray();

    private static readonly byte[] Heartbeat = ":\n\n"u8.ToArray();

    public static void MapFeed(this IEndpointRouteBuilder app)
    {
        var events = app.MapGroup("/events").WithTags("Operations");
        events.RefuseUnknownQuery();
        events.MapGet("/stream", Follow);
    }

    private static async Task<IResult> Follow(
        FeedQuery query,
        HttpContext http,
        EventFeed feed,
        WaybillOptions options,
        TimeProvider time,
        IHostApplicationLifetime life)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            http.RequestAborted, life.ApplicationStopping);
        try
        {
            using var following = await feed.FollowAsync(ending.Token);
            http.AnswerPosition(following.Head);
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers["X-Accel-Buffering"] = "no"; // Some proxies would keep it until it is long enough.
            http.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            if (!HttpMethods.IsHead(http.Request.Method))
                await Send(query, http.Response.BodyWriter, feed, options.Heartbeat, time, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client has left, or the server stops.
        }
        catch (StoreUnavailableException) when (http.Response.HasStarted)
        {
            // The client comes again by itself, and is told then if the store is still away.
        }
        return Results.Empty;
    }

    // Nothing is read for a client before what was read last is written: a slow one only falls behind.
    private static async Task Send(
        FeedQuery query,
        PipeWriter writer,
        EventFeed feed,
        TimeSpan heartbeat,
        TimeProvider time,
        CancellationToken cancellation)
    {
        var (position, told) = (query.After, query.After);
        writer.Write(Begin);
        await writer.FlushAsync(cancellation);
        for (var silentSince = time.GetTimestamp(); ;)
        {
            var left = heartbeat - time.GetElapsedTime(silentSince);
            var batch = await feed.ReadAsync(position, left, cancellation);
            position = batch.Count > 0 ? batch[^1].Position : position;
            var wanted = batch.Where(query.Wants).ToList();
            foreach (var message in wanted)
                writer.Write(message.Text);
            if (wanted.Count > 0)
                told = wanted[^1].Position;
            else if (time.GetElapsedTime(silentSince) < heartbeat)
                continue;
            else
                writer.Write(position == told ? Heartbeat : Reached(told = position));
            await writer.FlushAsync(cancellation);
            silentSince = time.GetTimestamp();
        }
    }

    // Without data it is no event, but a client takes note of how far it has seen what it does not want.
    private static byte[] Reached(long position) => Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $":\nid: {position}\n\n"));

    /// <param name="After">The position after which to begin; 0 for the beginning of the log.</param>
    /// <param name="Type">Those of one type.</param>
    /// <param name="Stream">Those of one stream.</param>
    private sealed record FeedQuery(long After, string? Type, StreamName? Stream) : IQuery
    {
        public static IReadOnlyList<string> Names { get; } = ["after", "type", "stream"];

        public bool Wants(FeedMessage message) =>
            (Type is null || message.Type == Type) && (Stream is null || message.Stream == Stream);

        /// <exception cref="MalformedException">Something is not what it must be.</exception>
        public static ValueTask<FeedQuery> BindAsync(HttpContext http)
        {
            var after = http.QueryNumber("after", 0, long.MaxValue) ?? 0;
            return ValueTask.FromResult(new FeedQuery(
                LastSeen(http.Request) ?? after,
                http.QueryText<Text>("type")?.Value,
                http.QueryText<StreamRef>("stream")?.Value));
        }

        private static long? LastSeen(HttpRequest request) => request.Headers[LastEventId] switch
        {
            [] => null,
            [{ } one] => Queries.Number(LastEventId, one, 0, long.MaxValue),
            _ => throw new MalformedException($"{LastEventId} may stand there only once."),
        };
    }
}
