using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Sagas;
using static Waybill.Grains.Sourcing.Sagas.SagaInput;

namespace Waybill.Grains.Rides;

/// <summary>
/// A ride on its way to a driver, and the driver's to the next ride: money is set aside, the nearest free driver is
/// assigned, and one who does not take the ride is passed over for the next.
/// </summary>
/// <remarks>
/// The driver says who has which ride, and the ride says where it stands: this only asks, and hears from the log what
/// became of it. So whatever crosses on the way, a decline and a deadline, a cancellation and a match, one of them is
/// refused there.
/// </remarks>
/// <param name="RideId">The ride.</param>
/// <param name="AccountId">Whom it is charged to.</param>
/// <param name="Currency">That account's.</param>
/// <param name="Pickup">Where the driver is to come.</param>
/// <param name="Estimate">What is set aside, in whole minor units.</param>
/// <param name="Radius">How far away a driver may be, in metres.</param>
/// <param name="ArrivalLimit">How long a driver may take to come.</param>
/// <param name="DriverId">Who has been asked last.</param>
/// <param name="Candidates">Who is asked next, in order.</param>
/// <param name="Asked">Who has been asked, and is not asked again.</param>
/// <param name="Reason">Why the ride is given up.</param>
[GenerateSerializer, Immutable, Alias("waybill.dispatch")]
public sealed record Dispatch(
    string RideId,
    string AccountId,
    string Currency,
    GeoPoint Pickup,
    long Estimate,
    double Radius,
    TimeSpan ArrivalLimit,
    string? DriverId,
    IReadOnlyList<string> Candidates,
    IReadOnlyList<string> Asked,
    string? Reason) : ISaga<Dispatch>
{
    /// <summary>The estimated fare is being set aside.</summary>
    public const string Holding = "holding";

    /// <summary>Free drivers are being looked for.</summary>
    public const string Searching = "searching";

    /// <summary>One of them is being given the ride.</summary>
    public const string Assigning = "assigning";

    /// <summary>The ride is being told.</summary>
    public const string Matching = "matching";

    /// <summary>The driver is on the way.</summary>
    public const string Matched = "matched";

    /// <summary>The driver did not come in time, and is being passed over.</summary>
    public const string Passing = "passing";

    /// <summary>The driver has come.</summary>
    public const string Riding = "riding";

    /// <summary>The ride is over, and the driver is being told.</summary>
    public const string Releasing = "releasing";

    /// <summary>The ride is being called off.</summary>
    public const string GivingUp = "cancelling";

    /// <summary>Far longer than a command takes, and not so long that a rider gives up.</summary>
    public static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(30);

    // Some are taken by other rides before their turn comes; who is left then is looked for anew.
    private const int CandidatesMax = 5;

    private const string HoldPrefix = "ride/";

    /// <inheritdoc/>
    public static string Category => "dispatch";

    /// <inheritdoc/>
    public static Dispatch Initial { get; } =
        new("", "", "", default, Estimate: 0, Radius: 0, TimeSpan.Zero, null, [], [], null);

    /// <inheritdoc/>
    public static JsonTypeInfo<Dispatch> DataJson => DispatchJson.Default.Dispatch;

    /// <inheritdoc/>
    public static JsonTypeInfo<Saga<Dispatch>> Json => DispatchJson.Default.SagaDispatch;

    /// <inheritdoc/>
    public static IReadOnlyList<string> Plan { get; } = ["hold", "search", "assign", "match", "release"];

    private string HoldId => HoldIdOf(RideId);

    /// <summary>The hold under which a ride's money is set aside. No id has a slash in it: no order has it.</summary>
    public static string HoldIdOf(string rideId) => HoldPrefix + rideId;

    /// <summary>The ride for which a hold was made.</summary>
    public static string RideIdOf(string holdId) => holdId[HoldPrefix.Length..];

    /// <inheritdoc/>
    public static Step React(Saga<Dispatch> saga, SagaInput input) => (saga.Stage, input) switch
    {
        ("", Requested { Dispatch: var d }) => saga.To(Holding, d).Send(
            "hold",
            AccountMessages.Hold.To(d.AccountId, new(d.HoldId, d.Estimate, $"ride {d.RideId}")),
            undo: AccountMessages.Release.To(d.AccountId, new(d.HoldId))).Within(StepLimit),
        ("", _) => Step.Ignored,

        // How the ride has ended is the ride's word, whatever is going on here.
        (Releasing, Cancelled or Completed) => Step.Ignored,
        (_, Cancelled cancelled) => saga.Compensate(cancelled.Reason),
        (_, Completed) => saga.To(Releasing).Send("release", saga.Data.Release()).Within(StepLimit),

        // Who has no money for it rides on credit.
        (Holding, Done or Refused or TimedOut) => Search(saga),
        (Searching, Done { Command: "search" } done)
            when done.Result(RideMessageJson.Default.Candidates) is { DriverIds: { Count: > 0 } found } =>
            Next(saga, found),
        (Searching, Done { Command: "search" }) => GiveUp(saga, "no-driver-found"),
        (Assigning, Done { Command: "assign" }) => saga.To(Matching)
            .Send("match", RideMessages.Match.To(saga.Data.RideId, new(saga.Data.DriverId!))).Within(StepLimit),
        (Assigning, Refused { Command: "assign" }) => Next(saga, saga.Data.Candidates),
        (Matching, Done { Command: "match" }) => saga.To(Matched).Within(saga.Data.ArrivalLimit),
        (Matching, Refused { Command: "match" } refused) => GiveUp(saga, refused.Code),

        (Matching or Matched or Passing, Arrived) => saga.To(Riding),
        (Matching or Matched or Passing, PassedOver passed) when passed.DriverId == saga.Data.DriverId =>
            PassOn(saga),
        (Matched, TimedOut) => saga.To(Passing).Send(
            "pass-over",
            RideMessages.PassOver.To(saga.Data.RideId, new(saga.Data.DriverId!, "no-reaction"))).Within(StepLimit),
        (Passing, Done { Command: "pass-over" }) => PassOn(saga),
        (Passing, Refused { Command: "pass-over" }) => saga.To(Matched), // What happened instead is about to be heard.

        (Releasing, Done { Command: "release" }) => saga.Complete(),
        (Releasing, Refused { Command: "release" } refused) => saga.Stop(refused.Code),
        (GivingUp, Done { Command: "cancel" }) => saga.Compensate(saga.Data.Reason!),
        (GivingUp, Refused { Command: "cancel", Code: "ride-cancelled" } no) => saga.Compensate(no.Code),
        (GivingUp, Refused { Command: "cancel" }) => saga.To(Riding),
        // What is sent is sent until it is answered: there is nothing else to do.
        (Passing or Releasing or GivingUp, TimedOut) => saga.To(saga.Stage).Within(StepLimit),
        (_, TimedOut) => GiveUp(saga, "timed-out"),

        _ => Step.Ignored,
    };

    private static Step Search(Saga<Dispatch> saga)
    {
        var d = saga.Data;
        var query = new DriverQuery(d.Pickup, d.Radius, CandidatesMax, d.Currency, d.Asked);
        return saga.To(Searching, d with { Candidates = [] })
            .Send("search", RideMessages.Search.To(d.RideId, new(query))).Within(StepLimit);
    }

    private static Step Next(Saga<Dispatch> saga, IReadOnlyList<string> candidates)
    {
        if (candidates.Count == 0)
            return Search(saga);
        var (driver, others) = (candidates[0], candidates.Skip(1));
        var d = saga.Data with { DriverId = driver, Candidates = [.. others], Asked = [.. saga.Data.Asked, driver] };
        return saga.To(Assigning, d).Send(
            "assign",
            RideMessages.Assign.To(driver, new(d.RideId, d.Currency)),
            undo: d.Release()).Within(StepLimit);
    }

    // The driver is let go while the next one is asked.
    private static Step PassOn(Saga<Dispatch> saga) =>
        Next(saga, saga.Data.Candidates).Undo(saga.Commands.Last(command => command.Name == "assign"));

    private static Step GiveUp(Saga<Dispatch> saga, string reason) =>
        saga.To(GivingUp, saga.Data with { Reason = reason })
            .Send("cancel", RideMessages.Cancel.To(saga.Data.RideId, new(reason))).Within(StepLimit);

    private Message Release() => RideMessages.Release.To(DriverId!, new(RideId));

    /// <summary>The ride was requested.</summary>
    public sealed record Requested(Dispatch Dispatch) : SagaInput.Request("requested");

    /// <summary>The ride has been taken from its driver.</summary>
    public sealed record PassedOver(string DriverId) : SagaInput.Request("passed-over");

    /// <summary>The driver has come.</summary>
    public sealed record Arrived() : SagaInput.Request("arrived");

    /// <summary>The ride is over.</summary>
    public sealed record Completed() : SagaInput.Request("completed");

    /// <summary>The ride was called off.</summary>
    public sealed record Cancelled(string Reason) : SagaInput.Request("cancelled");
}

/// <summary>How drivers are found.</summary>
public sealed record DispatchOptions
{
    /// <summary>How far away a driver may be, in metres: half an hour through a town.</summary>
    public double Radius { get; init; } = 10_000;

    /// <summary>How long a driver may take to come, before the next one is asked.</summary>
    public TimeSpan ArrivalLimit { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>The JSON of a dispatch; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Dispatch))]
[JsonSerializable(typeof(Saga<Dispatch>))]
internal sealed partial class DispatchJson : JsonSerializerContext;
