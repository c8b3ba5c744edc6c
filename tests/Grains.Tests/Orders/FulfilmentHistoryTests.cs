using Waybill.Tests.Grains.Sagas;

namespace Waybill.Tests.Grains.Orders;

/// <summary>
/// Random histories of orders: lost, doubled and reordered commands and answers, refusals, deadlines, cancellations,
/// people.
/// </summary>
public sealed class FulfilmentHistoryTests(ITestOutputHelper output)
{
    [Fact]
    public void Money_and_stock_are_where_they_belong_and_every_order_ends_once() =>
        Histories.Check(output, FulfilmentWorld.Live, count: 3_000);
}
