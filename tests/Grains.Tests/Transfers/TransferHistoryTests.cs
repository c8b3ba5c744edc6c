using Waybill.Tests.Grains.Sagas;

namespace Waybill.Tests.Grains.Transfers;

/// <summary>
/// Random histories of transfers: lost, doubled and reordered commands and answers, refusals, deadlines, people.
/// </summary>
public sealed class TransferHistoryTests(ITestOutputHelper output)
{
    [Fact]
    public void Money_is_never_made_or_lost_and_every_transfer_ends_once() =>
        Histories.Check(output, TransferWorld.Live, count: 10_000);
}
