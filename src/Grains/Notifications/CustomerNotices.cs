using System.Collections.Frozen;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Streams;
using Waybill.Grains.Orders;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Grains.Notifications;

/// <summary>Who is told of an order or a ride, as long as there is something to tell.</summary>
/// <param name="Stream">Its stream.</param>
/// <param name="CustomerId">Its customer, or rider.</param>
/// <param name="Amount">What an order costs, in whole minor units; of a ride nobody knows yet.</param>
/// <param name="Currency">The currency.</param>
public sealed record CustomerNoticeRow(string Stream, string CustomerId, long? Amount, string Currency);

/// <summary>
/// What customers are told. The rows are only what later events do not say again; the notices are what this is for.
/// </summary>
public sealed class CustomerNotices : IProjection<CustomerNoticeRow>
{
    private static readonly FrozenSet<string> Types = FrozenSet.Create(
        "order.placed",
        "order.paid",
        "order.shipped",
        "order.cancelled",
        "ride.requested",
        "ride.matched",
        "ride.paid",
        "ride.cancelled");

    /// <inheritdoc/>
    public static ReadModel<CustomerNoticeRow> Model { get; } =
        new("customer_notices", 1, [nameof(CustomerNoticeRow.Stream)]);

    /// <inheritdoc/>
    public static RowKey? KeyOf(StoredEvent stored) =>
        Types.Contains(stored.Type) ? (RowKey?)stored.Stream.ToString() : null;

    /// <inheritdoc/>
    public static CustomerNoticeRow? Apply(CustomerNoticeRow? row, RecordedEvent recorded) => recorded.Event switch
    {
        OrderEvent.Placed e => new(recorded.Stream.ToString(), e.CustomerId, e.Total, e.Currency),
        RideEvent.Requested e => new(recorded.Stream.ToString(), e.RiderId, Amount: null, e.Currency),
        OrderEvent.Shipped or OrderEvent.Cancelled or RideEvent.Paid or RideEvent.Cancelled => null,
        _ => row,
    };

    /// <inheritdoc/>
    public static string? Notify(CustomerNoticeRow? before, CustomerNoticeRow? after, RecordedEvent recorded)
    {
        if (before is null)
            return null;
        var (id, data) = (recorded.Stream.Id, new CustomerMessageData(
            before.CustomerId, CorrelationId: recorded.Metadata.CorrelationId));
        return recorded.Event switch
        {
            OrderEvent.Paid => Message("order.confirmed", data with
            {
                OrderId = id,
                Amount = before.Amount,
                Currency = before.Currency,
            }),
            OrderEvent.Shipped e => Message("order.shipped", data with
            {
                OrderId = id,
                TrackingNumber = e.TrackingNumber,
            }),
            OrderEvent.Cancelled e => Message("order.cancelled", data with { OrderId = id, Reason = e.Reason }),
            RideEvent.Matched e => Message("ride.matched", data with { RideId = id, DriverId = e.DriverId }),
            RideEvent.Paid e => Message("ride.receipt", data with
            {
                RideId = id,
                Amount = e.Amount,
                Currency = before.Currency,
            }),
            RideEvent.Cancelled e => Message("ride.cancelled", data with { RideId = id, Reason = e.Reason }),
            _ => null,
        };

        string Message(string type, CustomerMessageData told) =>
            new CustomerMessage(type, recorded.Time, told).ToJson();
    }
}

/// <summary>The host of <see cref="CustomerNotices"/> for one queue.</summary>
[Alias("waybill.customer-notices")]
public interface ICustomerNoticesGrain : IProjectionGrain;

/// <inheritdoc cref="ICustomerNoticesGrain"/>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class CustomerNoticesGrain(ProjectionAccess access)
    : ProjectionGrain<CustomerNotices, CustomerNoticeRow>(access), ICustomerNoticesGrain;
