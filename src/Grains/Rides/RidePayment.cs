using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Reactions;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Rides;

// How a ride is paid: nobody coordinates it. Each step is an event that the next reaction reacts to:
//
//   ride.completed --(RideCharge)--> account.hold-captured --(RideSettlement)--> ride.paid
//                  --(DriverCredit)--> account.money-deposited
//
// A step is sent under one id until it is done, so that none is lost and none happens twice.

/// <summary>A ride that is over is charged to the rider's account.</summary>
public sealed class RideCharge : IReaction
{
    /// <inheritdoc/>
    public static string Name => "ride-charge";

    /// <summary>
    /// Eighteen more attempts: after 2, 8 and 32 seconds, 2, 8 and 34 minutes, and then every two hours for a day.
    /// </summary>
    public static RetryPolicy Retry { get; } =
        new(TimeSpan.FromSeconds(2), Factor: 4, TimeSpan.FromHours(2), Times: 18);

    static RetryPolicy? IReaction.Retry => Retry;

    /// <inheritdoc/>
    public static bool Concerns(StoredEvent stored) => stored.Type == "ride.completed";

    /// <inheritdoc/>
    public static Message? To(RecordedEvent recorded)
    {
        var (ride, completed) = (recorded.Stream.Id, (RideEvent.Completed)recorded.Event);
        return AccountMessages.Capture.To(
            completed.AccountId, new(Dispatch.HoldIdOf(ride), completed.Fare.Total, $"ride {ride}"));
    }

    /// <inheritdoc/>
    public static Message? WhenRefused(RecordedEvent recorded, string code) =>
        RideMessages.FailPayment.To(recorded.Stream.Id, new(code));

    /// <summary>What was set aside for the ride is the rider's again.</summary>
    public static Message? WhenGivenUp(RecordedEvent recorded)
    {
        var completed = (RideEvent.Completed)recorded.Event;
        return AccountMessages.Release.To(completed.AccountId, new(Dispatch.HoldIdOf(recorded.Stream.Id)));
    }
}

/// <summary>A ride whose rider was charged is paid.</summary>
public sealed class RideSettlement : IReaction
{
    /// <inheritdoc/>
    public static string Name => "ride-settlement";

    /// <summary>What was captured on behalf of <see cref="RideCharge"/>, and nothing else that was.</summary>
    public static bool Concerns(StoredEvent stored) => stored.Type == "account.hold-captured"
        && stored.Metadata.SagaId?.StartsWith($"reaction-{RideCharge.Name}-", StringComparison.Ordinal) is true;

    /// <inheritdoc/>
    public static Message? To(RecordedEvent recorded)
    {
        var captured = (AccountEvent.HoldCaptured)recorded.Event;
        return RideMessages.Pay.To(Dispatch.RideIdOf(captured.HoldId), new(captured.Amount));
    }
}

/// <summary>What a rider has paid is credited to the driver.</summary>
public sealed class DriverCredit : IReaction
{
    /// <inheritdoc/>
    public static string Name => "driver-credit";

    static RetryPolicy? IReaction.Retry => RideCharge.Retry;

    /// <inheritdoc/>
    public static bool Concerns(StoredEvent stored) => stored.Type == "ride.paid";

    /// <inheritdoc/>
    public static Message? To(RecordedEvent recorded)
    {
        var paid = (RideEvent.Paid)recorded.Event;
        return AccountMessages.Deposit.To(paid.DriverAccountId, new(paid.Amount, $"ride {recorded.Stream.Id}"));
    }
}

/// <summary>The host of <see cref="RideCharge"/> for one queue.</summary>
[Alias("waybill.ride-charge")]
public interface IRideChargeGrain : ILogReaderGrain;

/// <inheritdoc cref="IRideChargeGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class RideChargeGrain(LogReaderAccess access)
    : ReactionHostGrain<RideCharge>(access), IRideChargeGrain;

/// <summary>The host of <see cref="RideSettlement"/> for one queue.</summary>
[Alias("waybill.ride-settlement")]
public interface IRideSettlementGrain : ILogReaderGrain;

/// <inheritdoc cref="IRideSettlementGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class RideSettlementGrain(LogReaderAccess access)
    : ReactionHostGrain<RideSettlement>(access), IRideSettlementGrain;

/// <summary>The host of <see cref="DriverCredit"/> for one queue.</summary>
[Alias("waybill.driver-credit")]
public interface IDriverCreditGrain : ILogReaderGrain;

/// <inheritdoc cref="IDriverCreditGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class DriverCreditGrain(LogReaderAccess access)
    : ReactionHostGrain<DriverCredit>(access), IDriverCreditGrain;
