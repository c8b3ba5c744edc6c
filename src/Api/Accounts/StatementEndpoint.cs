using System.Globalization;
using System.Text.Json.Serialization;
using Waybill.Api.Http;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Api.Accounts;

/// <summary>
/// An account's statement over a period: its first moment is in it, its last one is not. The balances are those before
/// and after the whole period, also where its lines take several answers. What is set aside has not moved: it has no
/// line.
/// </summary>
internal static class StatementEndpoint
{
    private static readonly Freshness AnyAge = new(After: null, TimeSpan.Zero);

    public static async Task<IResult> Get(
        ResourceId id,
        Period period,
        PageQuery page,
        Freshness freshness,
        HttpContext http,
        Views views,
        IGrainFactory grains)
    {
        var cursor = page.CursorNumber ?? 1;
        // The last line comes first and bounds what is read later, so that the balances and the lines agree.
        var last = await Last(period.To, long.MaxValue, freshness);
        if (last.Rows is [] && await Refusal(grains.AccountGrain(id), http) is { } refusal)
            return refusal;

        var end = last.Rows is [var closing] ? closing.Version : 0;
        var before = await Last(period.From ?? DateTimeOffset.UnixEpoch, end, AnyAge);
        var lines = await Read(
            new(
                "account_id = $1 AND version >= $2 AND version <= $3 AND time >= $4 AND type <> $5 AND type <> $6",
                [
                    id.Value, cursor, end, period.From ?? DateTimeOffset.UnixEpoch,
                    Statement.Held, Statement.Released,
                ],
                Limit: page.Limit + 1),
            AnyAge);
        var shown = Pages.Of(lines.Rows, page.Limit, StatementLine.Of, row => Text(row.Version + 1));
        http.AnswerPosition(last.Position);
        return Results.Ok(new StatementBody(Balance(before), shown.Items, Balance(last), shown.Next));

        Task<RowPage<StatementRow>> Last(DateTimeOffset? to, long version, Freshness age) => Read(
            new(
                "account_id = $1 AND version <= $2 AND time < $3",
                [id.Value, version, to ?? DateTimeOffset.MaxValue],
                OrderBy: "version DESC",
                Limit: 1),
            age);

        Task<RowPage<StatementRow>> Read(ReadModelQuery query, Freshness age) =>
            views.ReadAsync(Statement.Model, query, age, http.RequestAborted);
    }

    private static long Balance(RowPage<StatementRow> last) => last.Rows is [var row] ? row.Balance : 0;

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);

    // Without a line there may still be an account: one that the view has not read of yet, or a period before it.
    private static async Task<IResult?> Refusal(IAccountGrain account, HttpContext http) =>
        await account.Get() is { Status: not OutcomeStatus.Accepted } missing ? http.Answer(missing) : null;

    internal sealed record StatementBody(
        long Opening, IReadOnlyList<StatementLine> Lines, long Closing, string? Next);
}

/// <summary>
/// From when to when, by <c>?from=</c> and <c>&amp;to=</c>; from the beginning and to now without them.
/// </summary>
internal sealed record Period(DateTimeOffset? From, DateTimeOffset? To) : IQuery
{
    public static IReadOnlyList<string> Names { get; } = ["from", "to"];

    /// <exception cref="MalformedException">One of them is no time, or they go backwards.</exception>
    public static ValueTask<Period> BindAsync(HttpContext http)
    {
        var period = new Period(http.QueryTime("from"), http.QueryTime("to"));
        return period.From > period.To
            ? throw new MalformedException("from must not be after to.")
            : ValueTask.FromResult(period);
    }
}

/// <summary>A line of a statement as clients see it.</summary>
internal sealed record StatementLine(
    DateTime Time,
    long Version,
    string Type,
    long Amount,
    long Balance,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reference)
{
    public static StatementLine Of(StatementRow row) =>
        new(row.Time.UtcDateTime, row.Version, row.Type, row.Amount, row.Balance, row.Reference);
}
