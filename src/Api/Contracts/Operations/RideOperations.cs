using Waybill.Api.Http;
using Waybill.Api.Rides;
using Waybill.Grains.Rides;

namespace Waybill.Api.Contracts;

internal static class RideOperations
{
    private const string DriverMissing = "driver-not-found";
    private const string RideMissing = "ride-not-found";

    // What is answered to a command that does not follow from where the ride stands.
    private static readonly string[] Statuses =
    [
        "ride-requested", "ride-matched", "ride-arrived", "ride-started", "ride-completed", "ride-paid", "ride-unpaid",
        "ride-cancelled",
    ];

    public static IReadOnlyList<Operation> All { get; } =
    [
        new("PUT /drivers/{id}", "Takes a driver on, or notes what has changed.")
        {
            Answer = typeof(DriverView),
            Missing = "account-not-found",
            Refusals = ["account-closed"],
            At = "/drivers/dora",
            Body = """{"name":"Dora","vehicle":"blue van","accountId":"bob"}""",
        },
        new("GET /drivers/{id}", "A driver as things stand.")
        {
            Answer = typeof(DriverView),
            Missing = DriverMissing,
            At = "/drivers/dora",
        },
        new("POST /drivers/{id}/online", "Lets a driver wait for rides.")
        {
            Answer = typeof(DriverView),
            Missing = DriverMissing,
            At = "/drivers/dora/online",
            Body = """{"lat":48.1372,"lon":11.5755}""",
        },
        new("POST /drivers/{id}/location", "Notes where a driver is; nothing is recorded.")
        {
            Answer = typeof(DriverView),
            Missing = DriverMissing,
            Refusals = ["driver-offline"],
            At = "/drivers/dirk/location",
            Body = """{"lat":48.1391,"lon":11.5802}""",
        },
        new("POST /drivers/{id}/offline", "Lets a driver have no more rides.")
        {
            Answer = typeof(DriverView),
            Missing = DriverMissing,
            Refusals = ["driver-on-ride"],
            At = "/drivers/dora/offline",
            Body = "{}",
        },
        new("GET /drivers/nearby", "The free drivers near a place, the nearest first.")
        {
            Answer = typeof(Page<DriverEndpoints.NearbyDriver>),
            Needs = ["lat", "lon", "radius"],
            At = "/drivers/nearby?lat=48.1372&lon=11.5755&radius=3000",
        },
        new("GET /drivers/{id}/events", "What happened to a driver, oldest first.")
        {
            Answer = typeof(Page<EventBody>),
            Missing = DriverMissing,
            At = "/drivers/dora/events?limit=10",
        },
        new("POST /rides", "Asks for a ride; a driver is looked for from then on.")
        {
            Status = StatusCodes.Status202Accepted,
            Answer = typeof(RideView),
            Missing = "account-not-found",
            Refusals = ["account-closed", "currency-mismatch", "ride-already-exists"],
            Body = """
                {"rideId":"r-1","riderId":"ann","accountId":"ann","currency":"EUR",
                "pickup":{"lat":48.1372,"lon":11.5755},"dropoff":{"lat":48.1771,"lon":11.556}}
                """,
        },
        new("GET /rides", "Lists rides: all, or a rider's, a driver's, those in a status.")
        {
            Answer = typeof(Page<RideView>),
            At = "/rides?riderId=ann&limit=10",
        },
        new("GET /rides/{id}", "A ride as it stands, or as it stood at a version or a time.")
        {
            Answer = typeof(RideView),
            Missing = RideMissing,
            At = "/rides/to-cancel",
        },
        Step("decline", "The driver does not take it; the next one is asked.", """{"driverId":"d-decline"}""")
            with { Refusals = ["driver-not-matched", .. Statuses] },
        Step("arrive", "The driver is there.", "{}"),
        Step("start", "Sets out; the time that is paid for begins.", "{}"),
        Step("complete", "Ends it, after so long a way. It is paid by itself then.", """{"distanceMetres":3200}"""),
        Step("cancel", "Calls it off, before it has started.", """{"by":"rider","reason":"changed my mind"}""")
            with { Refusals = ["driver-not-matched", .. Statuses] },
        Step("ratings", "Says how it was; each party once.", """{"by":"rider","stars":5}""")
            with { Refusals = ["already-rated", .. Statuses] },
        new("GET /rides/{id}/events", "What happened to a ride, oldest first.")
        {
            Answer = typeof(Page<EventBody>),
            Missing = RideMissing,
            At = "/rides/to-start/events?limit=10",
        },
        new("GET /rides/{id}/diff", "Which members of a ride have changed between two versions.")
        {
            Answer = typeof(History.Diff),
            Missing = RideMissing,
            Needs = ["from", "to"],
            At = "/rides/to-start/diff?from=1&to=2",
        },
    ];

    // Each example has a ride of its own, which has come as far as that.
    private static Operation Step(string verb, string summary, string body) =>
        new($"POST /rides/{{id}}/{verb}", summary)
        {
            Answer = typeof(RideView),
            Missing = RideMissing,
            Refusals = Statuses,
            At = $"/rides/to-{(verb == "ratings" ? "rate" : verb)}/{verb}",
            Body = body,
        };
}
