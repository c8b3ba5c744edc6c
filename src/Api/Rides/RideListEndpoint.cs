using Waybill.Api.Http;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Rides;

namespace Waybill.Api.Rides;

/// <summary>The rides of a rider, of a driver, in a status, or of all three at once; ordered by their ids.</summary>
internal static class RideListEndpoint
{
    public static async Task<IResult> Get(
        RideFilter filter, PageQuery page, Freshness freshness, HttpContext http, Views views)
    {
        var after = page.Cursor is { } cursor ? Queries.Text<ResourceId>("cursor", cursor).Value : "";
        (string Column, object? Value)[] wanted =
        [
            ("rider_id", filter.RiderId), ("driver_id", filter.DriverId), ("status", filter.Status),
        ];
        var conditions = wanted.Where(column => column.Value is not null).ToList();
        var where = conditions.Select((column, index) => $"{column.Column} = ${index + 2}").Prepend("ride_id > $1");
        var found = await views.ReadAsync(
            RideList.Model,
            new ReadModelQuery(
                string.Join(" AND ", where),
                [after, .. conditions.Select(column => column.Value)],
                Limit: page.Limit + 1),
            freshness,
            http.RequestAborted);
        http.AnswerPosition(found.Position);
        return Results.Ok(Pages.Of(found.Rows, page.Limit, RideView.Of, row => row.RideId));
    }
}

/// <summary>Which rides, by <c>?riderId=</c>, <c>&amp;driverId=</c> and <c>&amp;status=</c>.</summary>
internal sealed record RideFilter(string? RiderId, string? DriverId, RideStatus? Status) : IQuery
{
    public static IReadOnlyList<string> Names { get; } = ["riderId", "driverId", "status"];

    /// <exception cref="MalformedException">One of them is not what it must be.</exception>
    public static ValueTask<RideFilter> BindAsync(HttpContext http) => ValueTask.FromResult(new RideFilter(
        http.QueryText<ResourceId>("riderId")?.Value,
        http.QueryText<ResourceId>("driverId")?.Value,
        StatusOf(http.QueryValue("status"))));

    private static RideStatus? StatusOf(string? name)
    {
        if (name is null)
            return null;
        var statuses = Enum.GetValues<RideStatus>().Where(status => status is not RideStatus.None).ToList();
        var found = statuses.FindIndex(status => NameOf(status) == name);
        return found >= 0
            ? statuses[found]
            : throw new MalformedException($"status must be one of {string.Join(", ", statuses.Select(NameOf))}.");
    }

    private static string NameOf(RideStatus status) => status.ToString().ToLowerInvariant();
}
