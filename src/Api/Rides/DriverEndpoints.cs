using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.EventStore;
using Waybill.Grains.Rides;

namespace Waybill.Api.Rides;

internal static class DriverEndpoints
{
    // It names the search in the path, so that a driver of this name could never be looked at.
    private const string Nearby = "nearby";

    public static RouteGroupBuilder MapDrivers(this IEndpointRouteBuilder app)
    {
        var drivers = app.MapGroup("/drivers").WithTags("Rides");
        drivers.RefuseUnknownQuery();
        drivers.TakeIdempotencyKeys();
        drivers.MapPut("/{id}",           Register);
        drivers.MapGet("/nearby",         ListNearby);
        drivers.MapGet("/{id}",           Get);
        drivers.MapPost("/{id}/online",   GoOnline);
        drivers.MapPost("/{id}/offline",  GoOffline);
        drivers.MapPost("/{id}/location", Move);
        drivers.MapEvents(Driver.Category);
        return drivers;
    }

    private static async Task<IResult> Register(
        ResourceId id, DriverBody body, HttpContext http, IGrainFactory grains) => id.Value == Nearby
            ? throw new MalformedException($"A driver cannot be called {Nearby}.")
            : http.Answer(await grains.DriverGrain(id).Register(
                http.Command(), body.Name.Value, body.Vehicle.Value, body.AccountId.Value));

    // Where drivers are is not read from the log; but who is free is, and the index has been told of it by the time a
    // driver's command is answered.
    private static async Task<IResult> ListNearby(
        NearbyQuery near,
        PageQuery page,
        Freshness freshness,
        HttpContext http,
        IGrainFactory grains,
        IEventStore store)
    {
        await http.ReachAsync(freshness);
        http.AnswerPosition(await store.ReadHeadPositionAsync(http.RequestAborted));
        var query = new DriverQuery(
            new(near.Lat, near.Lon), near.Radius, page.Limit + 1, After: NearbyQuery.After(page.Cursor));
        var found = await grains.GetGrain<IDriverSearchGrain>(0).Nearest(query);
        return Results.Ok(Pages.Of(
            found,
            page.Limit,
            fix => NearbyDriver.Of(fix, query.Center),
            fix => NearbyQuery.CursorOf(query.RankOf(fix))));
    }

    private static async Task<IResult> Get(
        ResourceId id, Freshness freshness, HttpContext http, IGrainFactory grains)
    {
        await http.ReachAsync(freshness);
        return http.Answer(await grains.DriverGrain(id).Get(freshness.After ?? 0));
    }

    private static async Task<IResult> GoOnline(ResourceId id, Place body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.DriverGrain(id).GoOnline(http.Command(), body.ToPoint()));

    private static async Task<IResult> GoOffline(
        ResourceId id, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.DriverGrain(id).GoOffline(http.Command()));

    private static async Task<IResult> Move(ResourceId id, Place body, HttpContext http, IGrainFactory grains) =>
        http.Answer(await grains.DriverGrain(id).Move(http.Command(), body.ToPoint()));

    private static IDriverGrain DriverGrain(this IGrainFactory grains, ResourceId id) =>
        grains.GetGrain<IDriverGrain>(id.Value);

    private sealed record DriverBody(Text Name, Text Vehicle, ResourceId AccountId);

    private sealed record NoArguments;

    internal sealed record NearbyDriver(string DriverId, long DistanceMetres, double Lat, double Lon)
    {
        public static NearbyDriver Of(DriverFix fix, GeoPoint center) => new(
            fix.DriverId, (long)Math.Round(fix.Place.DistanceTo(center)), fix.Place.Lat, fix.Place.Lon);
    }
}
