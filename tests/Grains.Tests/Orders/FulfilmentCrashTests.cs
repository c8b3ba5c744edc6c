using Waybill.EventStore;
using Waybill.Grains.Orders;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Projections;
using Waybill.Tests.Grains.Sagas;
using Waybill.Tests.Postgres;
using static Waybill.Tests.Grains.Orders.OrderWorkshop;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Orders;

/// <inheritdoc/>
public sealed class SqliteFulfilmentCrashTests() : FulfilmentCrashTests(server: null);

/// <inheritdoc/>
[Collection(OnPostgres.Name)]
public sealed class PostgresFulfilmentCrashTests(PostgresServer server) : FulfilmentCrashTests(server);

/// <summary>
/// The process dies at each write of an order in turn, from its placing on, just before or just after it. What is on
/// disk then is brought to its end by the next process.
/// </summary>
public abstract class FulfilmentCrashTests(PostgresServer? server) : IAsyncLifetime
{
    // The placing, one of the due table, and the appends of the saga, the order, the stock and the accounts; answers
    // that come together are one append, so that there may be fewer than this.
    private const int WritesMax = 17;

    private readonly SagaCluster _cluster =
        new() { Server = server, Options = new SagaOptions { Pause = TimeSpan.Zero } };

    public static TheoryData<int, bool> Boundaries =>
    [
        .. from write in Enumerable.Range(1, WritesMax)
           from after in new[] { false, true }
           select (write, after),
    ];

    public async ValueTask InitializeAsync()
    {
        await _cluster.InitializeAsync();
        await _cluster.Open("ann", 50_00);
        await _cluster.Offer("tea", 4_50, quantity: 10);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [MemberData(nameof(Boundaries))]
    public async Task It_is_shipped_exactly_once_wherever_the_process_dies(int write, bool after)
    {
        var place = Command();
        var request = Request("ann", ("tea", 2));
        _cluster.Store.CrashAt(write, after);
        var begun = Begin(place, request);
        await Task.WhenAny(_cluster.Store.Crashed, begun);

        await _cluster.Restart();
        _cluster.Clock.Set(_cluster.Clock.GetUtcNow() + _cluster.Options.CheckPeriod);
        await _cluster.WakeDue();
        // Nobody was answered before the first append, and whoever asked asks again. From then on it goes by itself.
        var isPlaced = (await _cluster.Order("o1").Get()).Status is OutcomeStatus.Accepted;
        isPlaced.ShouldBe(write > 1 || after);
        if (!isPlaced)
            await _cluster.Order("o1").Place(place, request);
        await _cluster.Deliver("o1");

        (await _cluster.UntilOver("o1")).Status.ShouldBe(SagaStatus.Completed);
        (await _cluster.Order("o1").Get()).View!.Status.ShouldBe(OrderStatus.Shipped);
        (await _cluster.Count("tea")).ShouldBe((8, 0));
        var purse = await _cluster.Purse("ann");
        (purse.Balance, purse.Available).ShouldBe((41_00, 41_00));
        (await _cluster.Balance(MerchantAccount)).ShouldBe(9_00);
    }

    // Until it is over, if the process does not die before.
    private async Task Begin(CommandContext place, OrderRequest request)
    {
        await _cluster.Order("o1").Place(place, request);
        await _cluster.Deliver("o1");
        await _cluster.UntilOver("o1");
    }
}
