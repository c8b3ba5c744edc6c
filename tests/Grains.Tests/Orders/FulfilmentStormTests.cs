using Waybill.EventStore;
using Waybill.Grains.Accounts;
using Waybill.Grains.Orders;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Projections;
using Waybill.Tests.Grains.Sagas;
using Waybill.Tests.Postgres;
using static Waybill.Tests.Grains.Orders.OrderWorkshop;
using static Waybill.Tests.Grains.Sagas.BadNetwork;

namespace Waybill.Tests.Grains.Orders;

/// <inheritdoc/>
public sealed class SqliteFulfilmentStormTests(ITestOutputHelper output) : FulfilmentStormTests(output, null);

/// <inheritdoc/>
[Collection(OnPostgres.Name)]
public sealed class PostgresFulfilmentStormTests(PostgresServer server, ITestOutputHelper output)
    : FulfilmentStormTests(output, server);

/// <summary>
/// Many orders at once over three silos, of which some die, over a bad network; there is not stock enough for all of
/// them, nor money, and some are cancelled. WAYBILL_ORDERS says how many, WAYBILL_SEED which.
/// </summary>
public abstract class FulfilmentStormTests(ITestOutputHelper output, PostgresServer? server)
{
    private const int Orders = 150;
    private const int Accounts = 10;
    private const long Balance = 15_00;
    private const int Skus = 5;
    private const long Stock = 25;
    private const int Kills = 2;

    // What no order ends in; longer than many of them take one after another.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Every_order_is_shipped_or_cancelled_and_money_and_stock_are_where_they_belong()
    {
        var seed = Setting.Seed();
        var orders = Setting.Of("WAYBILL_ORDERS") ?? Orders;
        output.WriteLine($"{orders} orders, seed {seed}");
        await using var cluster = new SagaCluster
        {
            Server = server,
            Silos = 3,
            HasStreams = true,
            Time = TimeProvider.System,
            Options = new SagaOptions
            {
                Pause = TimeSpan.FromMilliseconds(1),
                PauseMax = TimeSpan.FromMilliseconds(20),
                CheckPeriod = TimeSpan.FromSeconds(1),
            },
        };
        await cluster.InitializeAsync();
        for (var account = 0; account < Accounts; account++)
            await cluster.Open($"a{account}", Balance);
        for (var sku = 0; sku < Skus; sku++)
            await cluster.Offer($"s{sku}", unitPrice: 1_00 + sku, Stock);

        var network = new BadNetwork(cluster, seed);
        var random = new Random(seed);
        var killAt = Enumerable.Range(0, Kills).Select(_ => random.Next(orders)).ToHashSet();
        using var slots = new SemaphoreSlim(16);
        var all = new List<Task>();
        for (var number = 0; number < orders; number++)
        {
            await slots.WaitAsync(TestContext.Current.CancellationToken);
            if (killAt.Contains(number))
            {
                await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[random.Next(cluster.Cluster.Silos.Count)]);
                await cluster.Cluster.StartAdditionalSiloAsync();
            }
            var first = random.Next(Skus);
            (string, long)[] items = [($"s{first}", 1 + random.Next(3)), ($"s{(first + 1) % Skus}", 1)];
            var request = Request($"a{random.Next(Accounts)}", items[..(1 + random.Next(2))]);
            all.Add(Live(cluster, $"o{number}", request, random.Next(5) == 0 ? random.Next(20) : null, slots));
        }
        await Task.WhenAll(all).WaitAsync(Limit, TestContext.Current.CancellationToken);
        await network.DeliverAll();
        await UntilQuiet(cluster, orders).WaitAsync(Limit, TestContext.Current.CancellationToken);
        await Check(cluster, orders);
    }

    private static async Task Live(
        SagaCluster cluster, string id, OrderRequest request, int? cancelAfter, SemaphoreSlim slots)
    {
        var (place, cancel) = (SagaCluster.Command(), SagaCluster.Command());
        try
        {
            (await UntilAnswered(() => cluster.Order(id).Place(place, request))).Status
                .ShouldBe(OutcomeStatus.Accepted);
            for (var look = 0; look < cancelAfter; look++)
                await UntilAnswered(() => cluster.Order(id).Get());
            var cancelled = cancelAfter is null
                ? null
                : await UntilAnswered(() => cluster.Order(id).Cancel(cancel, "changed my mind"));
            while ((await UntilAnswered(() => cluster.Fulfilment(id).Explain())).View is not { } saga
                || !IsEnd(saga.Status))
                await Task.Yield();
            var order = (await UntilAnswered(() => cluster.Order(id).Get())).View!;
            if (cancelled is { Status: OutcomeStatus.Accepted })
                order.Status.ShouldBe(OrderStatus.Cancelled);
            if (cancelled is { Code: "order-shipped" })
                order.Status.ShouldBe(OrderStatus.Shipped);
        }
        finally
        {
            slots.Release();
        }
    }

    // What took effect after all, as a copy that came late, is undone as soon as the log has told of it.
    private static async Task UntilQuiet(SagaCluster cluster, int orders)
    {
        foreach (var stream in Streams())
            foreach (var happened in await cluster.Recorded(stream))
                if (happened.Metadata.SagaId is { } saga)
                    await cluster.Cluster.Client.GetSaga(SagaGrains.TryParse(saga)!.Value)
                        .Hear(happened.Metadata.CommandId);
        for (var number = 0; number < orders; number++)
        {
            var saga = cluster.Fulfilment($"o{number}");
            while ((await saga.Explain()).View!.Steps.Any(step => step.Status is CommandStatus.Sent))
                await Task.Yield();
        }
    }

    private static IEnumerable<StreamName> Streams() =>
    [
        .. Enumerable.Range(0, Accounts).Select(account => new StreamName("account", $"a{account}")),
        .. Enumerable.Range(0, Skus).Select(sku => new StreamName("stock", $"s{sku}")),
        new StreamName("account", MerchantAccount),
    ];

    private async Task Check(SagaCluster cluster, int orders)
    {
        var commands = new HashSet<(StreamName, Guid)>();
        foreach (var stream in Streams())
            foreach (var happened in await cluster.Recorded(stream))
                commands.Add((stream, happened.Metadata.CommandId)).ShouldBeTrue("a command took effect twice");

        var (paid, left, ends) = (0L, new Dictionary<string, long>(), new Dictionary<string, int>());
        for (var number = 0; number < orders; number++)
        {
            var order = (await cluster.Order($"o{number}").Get()).View!;
            var saga = (await cluster.Fulfilment($"o{number}").Explain()).View!;
            (saga.Status is SagaStatus.Completed).ShouldBe(order.Status is OrderStatus.Shipped, $"{order} {saga}");
            var end = order.Reason ?? $"{order.Status}";
            ends[end] = ends.GetValueOrDefault(end) + 1;
            if (order.Status is not OrderStatus.Shipped)
            {
                order.Status.ShouldBe(OrderStatus.Cancelled);
                continue;
            }
            paid += order.Total;
            foreach (var item in order.Items)
                left[item.Sku] = left.GetValueOrDefault(item.Sku) + item.Quantity;
        }
        foreach (var (end, count) in ends)
            output.WriteLine($"{end}: {count}");

        (await cluster.Balance(MerchantAccount)).ShouldBe(paid);
        var purses = await Task.WhenAll(Enumerable.Range(0, Accounts).Select(number => cluster.Purse($"a{number}")));
        purses.Sum(purse => purse.Balance).ShouldBe(Accounts * Balance - paid);
        purses.ShouldAllBe(purse => purse.Available == purse.Balance);
        for (var sku = 0; sku < Skus; sku++)
            (await cluster.Count($"s{sku}")).ShouldBe((Stock - left.GetValueOrDefault($"s{sku}"), 0));
    }

    private static bool IsEnd(SagaStatus status) =>
        status is SagaStatus.Completed or SagaStatus.Compensated or SagaStatus.Failed;
}
