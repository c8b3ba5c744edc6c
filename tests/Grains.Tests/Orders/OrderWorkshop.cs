using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Accounts;
using Waybill.Grains.Orders;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Orders;

/// <summary>A shop on a cluster, as its customers and its operators see it.</summary>
internal static class OrderWorkshop
{
    public const string MerchantAccount = "merchant-EUR";

    public static IStockGrain Stock(this SagaCluster cluster, string sku) =>
        cluster.Cluster.Client.GetGrain<IStockGrain>(sku);

    public static IOrderGrain Order(this SagaCluster cluster, string id) =>
        cluster.Cluster.Client.GetGrain<IOrderGrain>(id);

    public static IFulfilmentGrain Fulfilment(this SagaCluster cluster, string id) =>
        cluster.Cluster.Client.GetGrain<IFulfilmentGrain>(id);

    public static async Task Offer(this SagaCluster cluster, string sku, long unitPrice, long quantity)
    {
        (await cluster.Stock(sku).Offer(Command(), sku, unitPrice, "EUR")).Status.ShouldBe(OutcomeStatus.Accepted);
        (await cluster.Stock(sku).Receive(Command(), quantity)).Status.ShouldBe(OutcomeStatus.Accepted);
    }

    public static OrderRequest Request(string account, params (string Sku, long Quantity)[] items) => new(
        "c1", account, "EUR", [.. items.Select(item => new RequestedItem(item.Sku, item.Quantity))], "1 High Street");

    /// <summary>Tells the fulfilment of what became of its order, as the reader of the log does.</summary>
    public static async Task Deliver(this SagaCluster cluster, string order)
    {
        var queue = LogQueue.Of(new StreamName("order", order), new EventStreamOptions().QueueCount).Number;
        await cluster.Cluster.Client.GetGrain<IFulfilmentStartGrain>($"{queue}").CatchUp();
    }

    public static async Task<OrderView> UntilStatus(this SagaCluster cluster, string order, OrderStatus status)
    {
        OrderView? view = null;
        await Until(async () => (view = (await cluster.Order(order).Get()).View)?.Status == status);
        return view!;
    }

    public static async Task<SagaExplanation> UntilOver(this SagaCluster cluster, string order)
    {
        SagaExplanation? saga = null;
        await Until(async () => (saga = (await cluster.Fulfilment(order).Explain()).View)?.Status
            is SagaStatus.Completed or SagaStatus.Compensated or SagaStatus.Failed);
        return saga!;
    }

    public static async Task<(long OnHand, long Reserved)> Count(this SagaCluster cluster, string sku)
    {
        var item = (await cluster.Stock(sku).Get()).View!;
        return (item.OnHand, item.Reserved);
    }

    public static async Task<AccountView> Purse(this SagaCluster cluster, string account) =>
        (await cluster.Account(account).Get()).View!;
}
