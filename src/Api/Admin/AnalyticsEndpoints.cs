using System.Text.Json;
using Waybill.Api.Accounts;
using Waybill.Api.Http;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Accounts;
using Waybill.Grains.Analytics;

namespace Waybill.Api.Admin;

/// <summary>
/// What goes on, in figures. They are added up as they are asked for, out of read models with a row for each order,
/// ride or account; an index on the time bounds what a period costs.
/// </summary>
internal static class AnalyticsEndpoints
{
    private const char Separator = '~';

    public static void MapAnalytics(this RouteGroupBuilder admin)
    {
        var analytics = admin.MapGroup("/analytics");
        analytics.MapGet("/orders", Orders);
        analytics.MapGet("/rides",  Rides);
        analytics.MapGet("/money",  Money);
    }

    private static Task<IResult> Orders(
        Period period, PageQuery page, Freshness freshness, HttpContext http, Views views) => Answer(
            OrderFacts.Model,
            Of(
                period,
                "placed_at",
                [nameof(OrderFact.Day), nameof(OrderFact.Currency), nameof(OrderFact.Status)],
                nameof(OrderFact.Total)),
            group => new OrdersBody(group.By[0], group.By[1], Status(group.By[2]), group.Count, group.Sums[0]),
            page,
            freshness,
            http,
            views);

    private static Task<IResult> Rides(
        Period period, PageQuery page, Freshness freshness, HttpContext http, Views views) => Answer(
            RideFacts.Model,
            Of(
                period,
                "requested_at",
                [nameof(RideFact.Hour), nameof(RideFact.Currency), nameof(RideFact.Status)],
                nameof(RideFact.Fare)),
            group => new RidesBody(group.By[0], group.By[1], Status(group.By[2]), group.Count, group.Sums[0]),
            page,
            freshness,
            http,
            views);

    // The list of accounts knows all that it takes: not every figure needs a read model of its own.
    private static Task<IResult> Money(PageQuery page, Freshness freshness, HttpContext http, Views views) => Answer(
        AccountList.Model,
        new([nameof(AccountRow.Currency)], [nameof(AccountRow.Balance), nameof(AccountRow.Held)]),
        group => new MoneyBody(
            group.By[0], group.Count, group.Sums[0], group.Sums[1], group.Sums[0] - group.Sums[1]),
        page,
        freshness,
        http,
        views);

    private static ReadModelGroups Of(Period period, string time, IReadOnlyList<string> by, string sum) => new(
        by,
        [sum],
        $"{time} >= $1 AND {time} < $2",
        [period.From ?? DateTimeOffset.UnixEpoch, period.To ?? DateTimeOffset.MaxValue]);

    private static async Task<IResult> Answer<TBody>(
        ReadModel model,
        ReadModelGroups groups,
        Func<RowGroup, TBody> show,
        PageQuery page,
        Freshness freshness,
        HttpContext http,
        Views views)
    {
        var after = page.Cursor is { } cursor ? Read(cursor, groups.By.Count) : null;
        var found = await views.GroupAsync(
            model, groups with { After = after, Limit = page.Limit + 1 }, freshness, http.RequestAborted);
        http.AnswerPosition(found.Position);
        return Results.Ok(Pages.Of(found.Rows, page.Limit, show, group => string.Join(Separator, group.By)));
    }

    private static string[] Read(string cursor, int count)
    {
        var values = cursor.Split(Separator);
        return values.Length == count && cursor.All(letter => char.IsAscii(letter) && !char.IsControl(letter))
            ? values
            : throw new MalformedException("cursor must be what the page before answered as next.");
    }

    private static string Status(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    /// <summary>The orders of a day, by currency and where they stand now.</summary>
    /// <param name="Day">The day on which they were placed, in UTC.</param>
    /// <param name="Currency">The currency.</param>
    /// <param name="Status">Where they stand.</param>
    /// <param name="Orders">How many they are.</param>
    /// <param name="Total">What they cost together, in whole minor units.</param>
    internal sealed record OrdersBody(string Day, string Currency, string Status, long Orders, Int128 Total);

    /// <summary>The rides of an hour, by currency and where they stand now.</summary>
    /// <param name="Hour">When the hour began in which they were requested, in UTC.</param>
    /// <param name="Currency">The currency.</param>
    /// <param name="Status">Where they stand.</param>
    /// <param name="Rides">How many they are.</param>
    /// <param name="Fares">What those that are over cost together, in whole minor units.</param>
    internal sealed record RidesBody(string Hour, string Currency, string Status, long Rides, Int128 Fares);

    /// <summary>The money on all accounts of a currency, in whole minor units.</summary>
    /// <param name="Currency">The currency.</param>
    /// <param name="Accounts">How many accounts there are, the closed ones among them.</param>
    /// <param name="Balance">What is on them together.</param>
    /// <param name="Held">What of that is set aside for orders and rides: the money in motion.</param>
    /// <param name="Available">What is not.</param>
    internal sealed record MoneyBody(
        string Currency, long Accounts, Int128 Balance, Int128 Held, Int128 Available);
}
