using System.Globalization;
using System.Text.Json.Serialization;
using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Api.Admin;

/// <summary>
/// What projections could not apply, and what operators do about it. A consumer is a projection, by its name.
/// </summary>
internal static class DeadLetterEndpoints
{
    private const int RatePerSecondDefault = 10;

    private const int RatePerSecondMax = 1_000;

    // All that is ever done to one run; a redrive by cause tries it once.
    private const int ActsMax = 500;

    public static void MapDeadLetters(this RouteGroupBuilder admin)
    {
        var letters = admin.MapGroup("/dead-letters");
        letters.TakeIdempotencyKeys();
        letters.MapGet("/",                   List);
        letters.MapPost("/redrive",           RedriveAll);
        letters.MapGet("/{id:guid}",          Get);
        letters.MapPost("/{id:guid}/redrive", Redrive);
        letters.MapDelete("/{id:guid}",       Discard);
    }

    // Each consumer's come in the order of the log; two consumers may stumble over the same event.
    private static async Task<IResult> List(
        LetterFilter filter,
        PageQuery page,
        Freshness freshness,
        HttpContext http,
        Projections projections,
        Views views)
    {
        var after = Cursor.Read(page.Cursor);
        var models = projections.Models.Where(model => filter.Consumer is null || filter.Consumer == model.Name)
            .ToList();
        http.AnswerPosition(await views.PositionAsync(models, freshness, http.RequestAborted));
        var letters = new List<Letter>();
        foreach (var name in models.Select(model => model.Name))
        {
            // The position before the cursor's, because only the name tells whether this one's run there was shown.
            var runs = await projections.Find(name)!.ListParked(filter.Cause, after.Position - 1, page.Limit + 2);
            letters.AddRange(runs.Select(run => new Letter(new(run.FirstPosition, name), run)));
        }
        var rest = letters.Where(letter => letter.At.CompareTo(after) > 0).OrderBy(letter => letter.At).ToList();
        return Results.Ok(Pages.Of(rest, page.Limit, LetterBody.Of, letter => letter.At.ToString()));
    }

    private static async Task<IResult> Get(
        Guid id, Freshness freshness, Projections projections, HttpContext http, IReadModelStore rows, Views views)
    {
        http.AnswerPosition(await views.PositionAsync(projections.Models, freshness, http.RequestAborted));
        if (await projections.FindParked(id, rows, http.RequestAborted) is not ({ } name, { } run))
            return await Settled(id, projections);
        var acts = await projections.Find(name)!.ListActs(id, ActsMax);
        return Results.Ok(LetterBody.Of(new(new(run.FirstPosition, name), run)) with { Acts = LetterAct.Of(acts) });
    }

    // Of one that is parked no more, who has dealt with it, and how.
    private static async Task<IResult> Settled(Guid id, Projections projections)
    {
        foreach (var name in projections.Names)
            if (await projections.Find(name)!.ListActs(id, ActsMax) is [var last, ..] acts)
                return Results.Ok(new SettledBody(id, name, last.Stream.ToString(), LetterAct.Of(acts)));
        return Missing();
    }

    private static async Task<IResult> Redrive(
        Guid id, NoArguments? body, Projections projections, HttpContext http, IReadModelStore rows) =>
        await projections.FindParked(id, rows, http.RequestAborted) is ({ } name, _)
            ? ActBody.Answer(await projections.Find(name)!.Redrive(id, DeveloperOnly.Actor))
            : Missing();

    // The version is the one that stood there a moment ago, so that a second call does not leave out a second event.
    private static async Task<IResult> Discard(
        Guid id, Projections projections, HttpContext http, IReadModelStore rows)
    {
        if (http.CommandBegun() is { } begun && await DiscardedSince(begun, id, projections))
            return await projections.FindParked(id, rows, http.RequestAborted) is (_, { } rest)
                ? Results.Ok(new ActBody(RedriveStatus.Failed, 0, ErrorTexts.Shown(rest.Attempts[^1].Error)))
                : Results.Ok(new ActBody(RedriveStatus.Done, 0, null));
        return await projections.FindParked(id, rows, http.RequestAborted) is ({ } name, { } run)
            ? ActBody.Answer(await projections.Find(name)!.Discard(id, run.FirstVersion, DeveloperOnly.Actor))
            : Missing();
    }

    // A request under a key may have died between what it did and its answer. What it was to leave out has been, and
    // what stands there now is another event.
    private static async Task<bool> DiscardedSince(DateTimeOffset begun, Guid id, Projections projections)
    {
        foreach (var name in projections.Names)
        {
            var acts = await projections.Find(name)!.ListActs(id, ActsMax);
            if (acts.Any(act => act.Act == "discard" && act.At >= begun))
                return true;
        }
        return false;
    }

    private static async Task<IResult> RedriveAll(WhatToRedrive body, Projections projections)
    {
        if (body.RatePerSecond is < 1 or > RatePerSecondMax)
            throw new MalformedException($"ratePerSecond must be from 1 to {RatePerSecondMax}.");
        IEnumerable<string> names = body.Consumer?.Value is { } only ? [only] : projections.Names;
        var runs = new List<ConsumerRuns>();
        foreach (var name in names)
        {
            if (projections.Find(name) is not { } projection)
                return Problems.Of(StatusCodes.Status404NotFound, "projection-not-found");
            var summary = await projection.RedriveCause(
                body.Cause?.Value, DeveloperOnly.Actor, body.RatePerSecond ?? RatePerSecondDefault, body.DryRun);
            runs.Add(new(name, summary.Runs));
        }
        var answer = new RedriveBody(body.DryRun, runs.Sum(consumer => consumer.Runs), runs);
        return body.DryRun ? Results.Ok(answer) : Results.Accepted("/admin/projections", answer);
    }

    private static async Task<(string? Name, ParkedRunView? Run)> FindParked(
        this Projections projections, Guid id, IReadModelStore rows, CancellationToken cancellation)
    {
        foreach (var model in projections.Models)
            if (await rows.FindParkedAsync(model, id, cancellation) is { } run)
                return (model.Name, new(
                    run.Id,
                    run.Stream,
                    run.FirstVersion,
                    run.FirstPosition,
                    run.LastVersion,
                    run.Cause,
                    run.ParkedAt,
                    [.. run.Attempts.Select(attempt => new AttemptView(attempt.At, attempt.Error))]));
        return default;
    }

    private static IResult Missing() => Problems.Of(StatusCodes.Status404NotFound, "dead-letter-not-found");

    private sealed record NoArguments;

    /// <param name="RatePerSecond">How many runs are begun in a second at most, by each consumer.</param>
    private sealed record WhatToRedrive(
        bool DryRun, Text? Consumer = null, Text? Cause = null, int? RatePerSecond = null);

    internal sealed record RedriveBody(bool DryRun, long Runs, IReadOnlyList<ConsumerRuns> Consumers);

    internal sealed record ConsumerRuns(string Consumer, long Runs);

    private sealed record LetterFilter(string? Consumer, string? Cause) : IQuery
    {
        public static IReadOnlyList<string> Names { get; } = ["consumer", "cause"];

        public static ValueTask<LetterFilter> BindAsync(HttpContext http) => ValueTask.FromResult(
            new LetterFilter(http.QueryText<Text>("consumer")?.Value, http.QueryText<Text>("cause")?.Value));
    }

    internal sealed record Letter(Cursor At, ParkedRunView Run);

    // Where a run stands in the list, as text 17.account_list.
    internal readonly record struct Cursor(long Position, string Consumer) : IComparable<Cursor>
    {
        public static Cursor Read(string? text)
        {
            if (text is null)
                return new(1, "");
            var dot = text.IndexOf('.');
            return dot > 0
                ? new(Queries.Number("cursor", text[..dot], 1, long.MaxValue), text[(dot + 1)..])
                : throw new MalformedException("cursor must be what a page answered as next.");
        }

        public int CompareTo(Cursor other) => Position == other.Position
            ? string.CompareOrdinal(Consumer, other.Consumer)
            : Position.CompareTo(other.Position);

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Position}.{Consumer}");
    }

    internal sealed record LetterBody(
        Guid Id,
        string Consumer,
        string Stream,
        long FirstVersion,
        long FirstPosition,
        long LastVersion,
        string Cause,
        DateTime ParkedAt,
        IReadOnlyList<LetterAttempt> Attempts)
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public IReadOnlyList<LetterAct>? Acts { get; init; }

        public static LetterBody Of(Letter letter) => new(
            letter.Run.Id,
            letter.At.Consumer,
            letter.Run.Stream.ToString(),
            letter.Run.FirstVersion,
            letter.Run.FirstPosition,
            letter.Run.LastVersion,
            letter.Run.Cause,
            letter.Run.ParkedAt.UtcDateTime,
            [
                .. letter.Run.Attempts.Select(
                    attempt => new LetterAttempt(attempt.At.UtcDateTime, ErrorTexts.Shown(attempt.Error))),
            ]);
    }

    internal sealed record LetterAttempt(DateTime At, string Error);

    private sealed record SettledBody(Guid Id, string Consumer, string Stream, IReadOnlyList<LetterAct> Acts);

    internal sealed record LetterAct(string Act, string By, DateTime At, string Result)
    {
        public static IReadOnlyList<LetterAct> Of(IReadOnlyList<ParkedActView> acts) =>
            [.. acts.Select(act => new LetterAct(act.Act, act.By, act.At.UtcDateTime, act.Result))];
    }
}
