using System.Text.Json.Serialization;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Rides;

/// <summary>What sagas and reactions ask of rides and drivers.</summary>
public static class RideMessages
{
    /// <summary>Gives a ride its driver, who is paid into the account that the driver has then.</summary>
    public static MessageType<DriverMessage> Match { get; } = new(
        "ride.match",
        RideMessageJson.Default.DriverMessage,
        async (grains, ride, message, context) => await grains.GetGrain<IDriverGrain>(message.DriverId).Get() switch
        {
            { View: { } driver } => Answer.Of(
                await grains.GetGrain<IRideGrain>(ride).Match(context, driver.DriverId, driver.AccountId)),
            var nobody => Answer.Of(nobody),
        });

    /// <summary>Takes a ride from its driver.</summary>
    public static MessageType<PassOverMessage> PassOver { get; } = new(
        "ride.pass-over",
        RideMessageJson.Default.PassOverMessage,
        async (grains, ride, message, context) => Answer.Of(
            await grains.GetGrain<IRideGrain>(ride).PassOver(context, message.DriverId, message.Reason)));

    /// <summary>Calls a ride off.</summary>
    public static MessageType<ReasonMessage> Cancel { get; } = new(
        "ride.cancel",
        RideMessageJson.Default.ReasonMessage,
        async (grains, ride, message, context) => Answer.Of(
            await grains.GetGrain<IRideGrain>(ride).Cancel(context, CancelledBy.System, message.Reason)));

    /// <summary>Notes why the rider could not be charged.</summary>
    public static MessageType<ReasonMessage> FailPayment { get; } = new(
        "ride.fail-payment",
        RideMessageJson.Default.ReasonMessage,
        async (grains, ride, message, context) => Answer.Of(
            await grains.GetGrain<IRideGrain>(ride).FailPayment(context, message.Reason)));

    /// <summary>Notes that the rider was charged.</summary>
    public static MessageType<AmountMessage> Pay { get; } = new(
        "ride.pay",
        RideMessageJson.Default.AmountMessage,
        async (grains, ride, message, context) => Answer.Of(
            await grains.GetGrain<IRideGrain>(ride).Pay(context, message.Amount)));

    /// <summary>Asks for the nearest free drivers.</summary>
    public static MessageType<SearchMessage> Search { get; } = new(
        "driver.search",
        RideMessageJson.Default.SearchMessage,
        async (grains, _, message, _) =>
        {
            var found = await grains.GetGrain<IDriverSearchGrain>(0).Nearest(message.Query);
            return Answer.Of(new([.. found.Select(fix => fix.DriverId)]), RideMessageJson.Default.Candidates);
        },
        isQuestion: true);

    /// <summary>Gives a driver a ride.</summary>
    public static MessageType<AssignMessage> Assign { get; } = new(
        "driver.assign",
        RideMessageJson.Default.AssignMessage,
        async (grains, driver, message, context) => Answer.Of(
            await grains.GetGrain<IDriverGrain>(driver).Assign(context, message.RideId, message.Currency)));

    /// <summary>Takes a ride from a driver.</summary>
    public static MessageType<RideMessage> Release { get; } = new(
        "driver.release",
        RideMessageJson.Default.RideMessage,
        async (grains, driver, message, context) => Answer.Of(
            await grains.GetGrain<IDriverGrain>(driver).Release(context, message.RideId)));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MessageType> All { get; } =
        [Match, PassOver, Cancel, FailPayment, Pay, Search, Assign, Release];
}

/// <summary>A driver of a ride.</summary>
public sealed record DriverMessage(string DriverId);

/// <summary>A driver of a ride, and why another one is to be found.</summary>
public sealed record PassOverMessage(string DriverId, string Reason);

/// <summary>Why something is so.</summary>
public sealed record ReasonMessage(string Reason);

/// <summary>Money, in whole minor units of the ride's currency.</summary>
public sealed record AmountMessage(long Amount);

/// <summary>Which drivers are looked for.</summary>
public sealed record SearchMessage(DriverQuery Query);

/// <summary>Who was found, the nearest first.</summary>
public sealed record Candidates(IReadOnlyList<string> DriverIds);

/// <summary>A ride for a driver, and what it is paid in.</summary>
public sealed record AssignMessage(string RideId, string Currency);

/// <summary>A ride of a driver.</summary>
public sealed record RideMessage(string RideId);

/// <summary>The JSON of what is asked of rides and drivers; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DriverMessage))]
[JsonSerializable(typeof(PassOverMessage))]
[JsonSerializable(typeof(ReasonMessage))]
[JsonSerializable(typeof(AmountMessage))]
[JsonSerializable(typeof(SearchMessage))]
[JsonSerializable(typeof(Candidates))]
[JsonSerializable(typeof(AssignMessage))]
[JsonSerializable(typeof(RideMessage))]
internal sealed partial class RideMessageJson : JsonSerializerContext;
