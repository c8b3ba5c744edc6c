using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Waybill.Grains.Sourcing;

namespace Waybill.Api.Http;

/// <summary>Which moment of a resource is asked for, by <c>?version=</c> or <c>?asOf=</c>; now by default.</summary>
internal sealed record Moment(long? Version, DateTimeOffset? AsOf) : IQuery
{
    public static IReadOnlyList<string> Names { get; } = ["version", "asOf"];

    public bool IsNow => Version is null && AsOf is null;

    /// <exception cref="MalformedException">One of them is not what it must be, or both are there.</exception>
    public static ValueTask<Moment> BindAsync(HttpContext http)
    {
        var moment = new Moment(http.QueryNumber("version", 1, long.MaxValue), http.QueryTime("asOf"));
        return moment is { Version: not null, AsOf: not null }
            ? throw new MalformedException("version and asOf exclude each other.")
            : ValueTask.FromResult(moment);
    }
}

/// <summary>Between which versions a difference is asked for, by <c>?from=</c> and <c>&amp;to=</c>.</summary>
internal sealed record Span(long From, long To) : IQuery
{
    public static IReadOnlyList<string> Names { get; } = ["from", "to"];

    /// <exception cref="MalformedException">One is missing or no version, or they go backwards.</exception>
    public static ValueTask<Span> BindAsync(HttpContext http) =>
        (http.QueryNumber("from", 1, long.MaxValue), http.QueryNumber("to", 1, long.MaxValue)) is ({ } from, { } to)
            && from <= to
            ? ValueTask.FromResult(new Span(from, to))
            : throw new MalformedException("from and to must be versions, from not after to.");
}

/// <summary>What a resource was, folded from the log; nothing is written.</summary>
internal sealed class History(PastStates past, IOptions<JsonOptions> json)
{
    /// <summary>Answers with the resource as it was, and with the position that this was at.</summary>
    public async Task<IResult> AnswerThen<TState, TCommand, TEvent, TView>(
        HttpContext http, string id, Moment moment, Func<TState, long, TView> view)
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TCommand : class
        where TEvent : class
        where TView : class
    {
        var then = await past.At<TState, TCommand, TEvent>(id, moment.Version, moment.AsOf, http.RequestAborted);
        if (Missing<TState, TCommand, TEvent>(then, moment.Version) is { } problem)
            return problem;

        var body = Show(view(then.State, then.Version));
        body["position"] = then.Position;
        http.Response.Headers.ETag = $"\"{then.Version}\"";
        http.AnswerPosition(then.Position);
        return Results.Ok(body);
    }

    /// <summary>Answers with the members of the resource that have changed between two versions.</summary>
    public async Task<IResult> AnswerDiff<TState, TCommand, TEvent, TView>(
        HttpContext http, string id, Span span, Func<TState, long, TView> view)
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TCommand : class
        where TEvent : class
        where TView : class
    {
        var (before, after) = await past.Between<TState, TCommand, TEvent>(
            id, span.From, span.To, http.RequestAborted);
        if (Missing<TState, TCommand, TEvent>(after, span.To) is { } problem)
            return problem;

        // Both have the version of their own, which is in the answer already.
        var (old, now) = (Show(view(before.State, 0)), Show(view(after.State, 0)));
        // A member that is null may be left out.
        var changes = from field in now.Select(member => member.Key).Union(old.Select(member => member.Key))
                      where !JsonNode.DeepEquals(old[field], now[field])
                      select new Change(
                          field,
                          JsonSerializer.SerializeToElement(old[field]),
                          JsonSerializer.SerializeToElement(now[field]));
        http.AnswerPosition(after.Position);
        return Results.Ok(new Diff(span.From, span.To, [.. changes]));
    }

    private static IResult? Missing<TState, TCommand, TEvent>(Folded<TState> then, long? version)
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TCommand : class
        where TEvent : class => then.Version switch
        {
            0 => Problems.Of(StatusCodes.Status404NotFound, $"{TState.Category}-not-found"),
            var last when last < version => Problems.Of(StatusCodes.Status404NotFound, "version-not-found"),
            _ => null,
        };

    private JsonObject Show<TView>(TView view) =>
        JsonSerializer.SerializeToNode(view, json.Value.SerializerOptions)!.AsObject();

    internal sealed record Diff(long From, long To, IReadOnlyList<Change> Changes);

    internal sealed record Change(string Field, JsonElement From, JsonElement To);
}

/// <summary>Maps what a resource was.</summary>
internal static class HistoryEndpoints
{
    /// <summary>Maps the differences between versions of a category's resources.</summary>
    /// <param name="resources">Their group.</param>
    /// <param name="view">Makes a resource's id, state and version into its body.</param>
    public static void MapDiff<TState, TCommand, TEvent, TView>(
        this IEndpointRouteBuilder resources, Func<string, TState, long, TView> view)
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TCommand : class
        where TEvent : class
        where TView : class => resources.MapGet(
            "/{id}/diff",
            async (ResourceId id, Span span, Freshness freshness, HttpContext http, History history) =>
            {
                await http.ReachAsync(freshness);
                return await history.AnswerDiff<TState, TCommand, TEvent, TView>(
                    http, id.Value, span, (state, version) => view(id.Value, state, version));
            });
}
