using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Transfers;

/// <summary>
/// The process dies at each write of a transfer in turn, just before or just after it. What is on disk then is brought
/// to its end by the next process. Orders, which stand on the same shell, do so on PostgreSQL as well.
/// </summary>
public sealed class TransferCrashTests : IAsyncLifetime
{
    private readonly SagaCluster _cluster = new() { Options = new SagaOptions { Pause = TimeSpan.Zero } };

    public static TheoryData<int, bool, bool> Boundaries =>
    [
        .. from targetIsClosed in new[] { false, true }
           // Five appends, one more for a credit that is refused and a refund, and one of the due table.
           from write in Enumerable.Range(1, targetIsClosed ? 7 : 6)
           from after in new[] { false, true }
           select (write, after, targetIsClosed),
    ];

    public async ValueTask InitializeAsync()
    {
        await _cluster.InitializeAsync();
        await _cluster.Open("ann", 8_00);
        await _cluster.Open("bob", 0);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [MemberData(nameof(Boundaries))]
    public async Task It_ends_exactly_once_wherever_the_process_dies(int write, bool after, bool targetIsClosed)
    {
        if (targetIsClosed)
            await _cluster.Account("bob").Close(Command());
        var start = Command();
        _cluster.Store.CrashAt(write, after);
        _ = _cluster.Transfer("t1").Start(start, new Transfer("ann", "bob", 5_00, "EUR", null));
        await _cluster.Store.Crashed;

        await _cluster.Restart();
        _cluster.Clock.Set(_cluster.Clock.GetUtcNow() + _cluster.Options.CheckPeriod);
        await _cluster.WakeDue();
        // Nobody was answered before the first append, and whoever asked asks again. From then on it goes by itself.
        var isUnderWay = (await _cluster.Transfer("t1").Get()).Status is OutcomeStatus.Accepted;
        isUnderWay.ShouldBe(write > 1 || after);
        if (!isUnderWay)
            await _cluster.Transfer("t1").Start(start, new Transfer("ann", "bob", 5_00, "EUR", null));

        var ended = await _cluster.UntilEnded("t1");
        ended.Status.ShouldBe(targetIsClosed ? TransferStatus.Compensated : TransferStatus.Completed);
        (await _cluster.Balance("ann"), await _cluster.Balance("bob"))
            .ShouldBe(targetIsClosed ? (8_00, 0) : (3_00, 5_00));
        var commands = (await _cluster.Recorded(new("account", "ann")))
            .Concat(await _cluster.Recorded(new("account", "bob")))
            .Where(happened => happened.Metadata.SagaId is not null)
            .Select(happened => happened.Metadata.CommandId)
            .ToList();
        commands.Count.ShouldBe(2);
        commands.ShouldBeUnique();
        (await _cluster.Recorded(new("transfer", "t1"))).Count.ShouldBe(targetIsClosed ? 4 : 3);
    }
}
