using System.Text.Json;
using System.Text.Json.Serialization;
using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.EventStore;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing;

namespace Waybill.Api.Rides;

internal static class RideEndpoints
{
    public static RouteGroupBuilder MapRides(this IEndpointRouteBuilder app)
    {
        var rides = app.MapGroup("/rides").WithTags("Rides");
        rides.RefuseUnknownQuery();
        rides.TakeIdempotencyKeys();
        rides.MapPost("/",              Request);
        rides.MapGet("/",               RideListEndpoint.Get);
        rides.MapGet("/{id}",           Get);
        rides.MapPost("/{id}/decline",  Decline);
        rides.MapPost("/{id}/arrive",   Arrive);
        rides.MapPost("/{id}/start",    Start);
        rides.MapPost("/{id}/complete", Complete);
        rides.MapPost("/{id}/cancel",   Cancel);
        rides.MapPost("/{id}/ratings",  Rate);
        rides.MapEvents(Ride.Category);
        rides.MapDiff<Ride, RideCommand, RideEvent, RideView>(RideView.Of);
        return rides;
    }

    private static async Task<IResult> Request(NewRide body, HttpContext http, IGrainFactory grains)
    {
        var id = body.RideId ?? http.NewId();
        var requested = await grains.RideGrain(id).Request(
            http.Command(),
            body.RiderId.Value,
            body.AccountId.Value,
            body.Currency.Value,
            body.Pickup.ToPoint(),
            body.Dropoff.ToPoint());
        return http.Answer(requested, ride => Results.Accepted($"/rides/{id}", ride));
    }

    private static async Task<IResult> Get(
        ResourceId id, Moment moment, Freshness freshness, HttpContext http, IGrainFactory grains, History history)
    {
        await http.ReachAsync(freshness);
        return moment.IsNow
            ? http.Answer(await grains.RideGrain(id).Get(freshness.After ?? 0))
            : await history.AnswerThen<Ride, RideCommand, RideEvent, RideView>(
                http, id.Value, moment, (ride, version) => RideView.Of(id.Value, ride, version));
    }

    private static Task<IResult> Decline(ResourceId id, Refusal body, HttpContext http, IGrainFactory grains) =>
        http.Ask(grains, id, (ride, context) => ride.PassOver(context, body.DriverId.Value, "declined"));

    private static Task<IResult> Arrive(ResourceId id, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        http.Ask(grains, id, (ride, context) => ride.Arrive(context));

    private static Task<IResult> Start(ResourceId id, NoArguments? body, HttpContext http, IGrainFactory grains) =>
        http.Ask(grains, id, (ride, context) => ride.Start(context));

    private static Task<IResult> Complete(ResourceId id, Way body, HttpContext http, IGrainFactory grains) =>
        http.Ask(grains, id, (ride, context) => ride.Complete(context, body.DistanceMetres.Value));

    private static Task<IResult> Cancel(ResourceId id, Cancellation body, HttpContext http, IGrainFactory grains) =>
        http.Ask(grains, id, (ride, context) => ride.Cancel(context, body.By, body.Reason.Value));

    private static Task<IResult> Rate(ResourceId id, RatingBody body, HttpContext http, IGrainFactory grains) =>
        http.Ask(grains, id, (ride, context) => ride.Rate(context, body.By, body.Stars.Value));

    private static async Task<IResult> Ask(
        this HttpContext http,
        IGrainFactory grains,
        ResourceId id,
        Func<IRideGrain, CommandContext, Task<Outcome<RideView>>> ask) =>
        http.Answer(await ask(grains.RideGrain(id), http.Command()));

    private static IRideGrain RideGrain(this IGrainFactory grains, ResourceId id) =>
        grains.GetGrain<IRideGrain>(id.Value);

    private sealed record NewRide(
        ResourceId RiderId,
        ResourceId AccountId,
        Currency Currency,
        Place Pickup,
        Place Dropoff,
        ResourceId? RideId = null);

    private sealed record Refusal(ResourceId DriverId);

    private sealed record Way(Metres DistanceMetres);

    private sealed record Cancellation(CancelledBy By, Text Reason);

    private sealed record RatingBody(RideParty By, Stars Stars);

    private sealed record NoArguments;
}

/// <summary>The length of a way: whole metres.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct Metres(long Value)
{
    private sealed class Converter : JsonConverter<Metres>
    {
        public override Metres Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value)
                && value is >= 0 and <= Ride.DistanceMax
                ? new(value)
                : throw new WrongValueException($"a whole number of metres from 0 to {Ride.DistanceMax}");

        public override void Write(Utf8JsonWriter writer, Metres value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Value);
    }
}

/// <summary>How good a ride was.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct Stars(int Value)
{
    private sealed class Converter : JsonConverter<Stars>
    {
        public override Stars Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value) && value is >= 1 and <= 5
                ? new(value)
                : throw new WrongValueException("a whole number of stars from 1 to 5");

        public override void Write(Utf8JsonWriter writer, Stars value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Value);
    }
}
