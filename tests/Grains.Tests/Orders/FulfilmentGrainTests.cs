using Waybill.Grains.Accounts;
using Waybill.Grains.Orders;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Orders.OrderWorkshop;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Orders;

/// <summary>Orders from their placing to their end, over the grains that they concern.</summary>
public sealed class FulfilmentGrainTests : IAsyncLifetime
{
    // Without a pause, what is sent again is sent at once.
    private readonly SagaCluster _cluster = new() { Options = new SagaOptions { Pause = TimeSpan.Zero } };

    public async ValueTask InitializeAsync()
    {
        await _cluster.InitializeAsync();
        await _cluster.Open("ann", 50_00);
        await _cluster.Offer("tea", 4_50, quantity: 10);
        await _cluster.Offer("pot", 30_00, quantity: 1);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task An_order_is_paid_and_shipped()
    {
        var placed = await Place("o1", ("tea", 2), ("pot", 1));
        placed.View!.Total.ShouldBe(39_00);
        placed.View.Items.ShouldBe([new("tea", "tea", 2, 4_50), new("pot", "pot", 1, 30_00)]);
        await _cluster.Deliver("o1");

        (await _cluster.UntilOver("o1")).Status.ShouldBe(SagaStatus.Completed);
        var shipped = (await _cluster.Order("o1").Get()).View!;
        (shipped.Status, shipped.TrackingNumber).ShouldBe((OrderStatus.Shipped, TrackingNumber.Of("o1")));
        (await _cluster.Count("tea"), await _cluster.Count("pot")).ShouldBe(((8, 0), (0, 0)));
        (await _cluster.Purse("ann")).ShouldBe(new AccountView(
            "ann", "ann", "EUR", 11_00, 11_00, AccountStatus.Open, 4));
        (await _cluster.Balance(MerchantAccount)).ShouldBe(39_00);
        (await Types("o1")).ShouldBe(["order.placed", "order.reserved", "order.paid", "order.shipped"]);

        (await _cluster.Order("o1").Cancel(Command(), "too late")).Code.ShouldBe("order-shipped");
        (await _cluster.Fulfilment("o1").Compensate(Command("eve"))).Status.ShouldNotBe(OutcomeStatus.Accepted);
        (await _cluster.Order("o1").Deliver(Command())).View!.Status.ShouldBe(OrderStatus.Delivered);
    }

    [Fact]
    public async Task Every_event_says_what_led_to_it()
    {
        var context = Command();
        await _cluster.Order("o1").Place(context, Request("ann", ("tea", 2)));
        await _cluster.Deliver("o1");
        await _cluster.UntilOver("o1");

        var order = await _cluster.Recorded(new("order", "o1"));
        var saga = await _cluster.Recorded(new("fulfilment", "o1"));
        saga[0].Metadata.CausationId.ShouldBe($"{order[0].EventId}");
        var held = (await _cluster.Recorded(new("account", "ann")))[2].Metadata;
        (held.SagaId, held.CausationId).ShouldBe(("fulfilment-o1", $"{saga[0].Metadata.CommandId}"));
        order.Concat(saga).Append((await _cluster.Recorded(new("account", "ann")))[2])
            .ShouldAllBe(recorded => recorded.Metadata.CorrelationId == context.CorrelationId);
    }

    [Theory]
    [InlineData("tea", 11, "insufficient-stock", SagaStatus.Compensated)]
    [InlineData("pot", 2, "insufficient-stock", SagaStatus.Compensated)]
    [InlineData("tea", 10, "insufficient-funds", SagaStatus.Compensated)]
    public async Task What_cannot_be_is_cancelled_and_nothing_remains(
        string sku, long quantity, string reason, SagaStatus end)
    {
        if (reason == "insufficient-funds")
            await _cluster.Account("ann").Withdraw(Command(), 10_00, null);
        else // Or which of the two is refused first would be the reason.
            await _cluster.Account("ann").Deposit(Command(), 1_000_00, null);
        var before = (await _cluster.Purse("ann"), await _cluster.Count("tea"), await _cluster.Count("pot"));
        await Place("o1", (sku, quantity));
        await _cluster.Deliver("o1");

        var saga = await _cluster.UntilOver("o1");
        (saga.Status, saga.Reason).ShouldBe((end, reason));
        var order = (await _cluster.Order("o1").Get()).View!;
        (order.Status, order.Reason).ShouldBe((OrderStatus.Cancelled, reason));
        var after = await _cluster.Purse("ann");
        (after with { Version = 0 }, await _cluster.Count("tea"), await _cluster.Count("pot"))
            .ShouldBe((before.Item1 with { Version = 0 }, before.Item2, before.Item3));
        (await _cluster.Balance(MerchantAccount)).ShouldBe(0);
    }

    [Theory]
    [InlineData("account.hold")]
    [InlineData("account.capture")]
    [InlineData("account.deposit")]
    [InlineData("order.ship")]
    public async Task An_order_that_is_cancelled_in_the_middle_is_undone_before_anything_else_is_done(string at)
    {
        var (reached, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _cluster.Wire.Send = async (message, send) =>
        {
            if (message.Type == at && reached.TrySetResult())
                await goOn.Task;
            return await send();
        };
        await Place("o1", ("tea", 2));
        await _cluster.Deliver("o1");
        await reached.Task.WaitAsync(FakeTimeProvider.BarrierLimit, TestContext.Current.CancellationToken);

        var cancelled = await _cluster.Order("o1").Cancel(Command(), "changed my mind");
        cancelled.View!.Status.ShouldBe(OrderStatus.Cancelled);
        await _cluster.Deliver("o1");
        var saga = (await _cluster.Fulfilment("o1").Explain()).View!;
        (saga.Status, saga.Reason).ShouldBe((SagaStatus.Compensating, "changed my mind"));
        goOn.SetResult();

        (await _cluster.UntilOver("o1")).Status.ShouldBe(SagaStatus.Compensated);
        (await _cluster.Order("o1").Get()).View!.Reason.ShouldBe("changed my mind");
        await NothingRemains();
        (await Types("o1")).ShouldNotContain("order.shipped");
    }

    [Fact]
    public async Task An_order_that_was_cancelled_before_its_fulfilment_began_is_undone()
    {
        await Place("o1", ("tea", 2));
        await _cluster.Order("o1").Cancel(Command(), "changed my mind");
        await _cluster.Deliver("o1");

        await _cluster.UntilOver("o1");
        await NothingRemains();
    }

    [Fact]
    public async Task A_person_who_sends_an_order_back_has_it_cancelled()
    {
        _cluster.Wire.Send = (message, send) =>
            message.Type == "account.capture" ? new TaskCompletionSource<Answer>().Task : send();
        await Place("o1", ("tea", 2));
        await _cluster.Deliver("o1");
        await UntilStage(Fulfilment.Charging);

        (await _cluster.Fulfilment("o1").Compensate(Command("eve"))).Status.ShouldBe(OutcomeStatus.Accepted);
        (await _cluster.UntilStatus("o1", OrderStatus.Cancelled)).Reason.ShouldBe("asked-to-compensate");
    }

    [Fact]
    public async Task A_deadline_sends_it_back_and_what_comes_late_is_undone()
    {
        var late = new TaskCompletionSource();
        _cluster.Wire.Send = async (message, send) =>
        {
            if (message is { Type: "account.deposit", Target: MerchantAccount })
                await late.Task;
            return await send();
        };
        await Place("o1", ("tea", 2));
        await _cluster.Deliver("o1");
        await UntilStage(Fulfilment.Charging);
        // Whatever is under way when the clock leaps has taken too long.
        await Until(async () => (await _cluster.Fulfilment("o1").Explain()).View!.Steps.All(
            step => step.Name == "pay" || step.Status is CommandStatus.Done));
        _cluster.Clock.Advance(Fulfilment.StageLimit);
        (await _cluster.UntilStatus("o1", OrderStatus.Cancelled)).Reason.ShouldBe("timed-out");

        late.SetResult();
        (await _cluster.UntilOver("o1")).Status.ShouldBe(SagaStatus.Compensated);
        await NothingRemains();
    }

    [Fact]
    public async Task What_the_log_delivers_starts_it_and_calls_it_off()
    {
        await using var cluster = new SagaCluster { HasStreams = true };
        await cluster.InitializeAsync();
        await cluster.Open("ann", 50_00);
        await cluster.Offer("tea", 4_50, quantity: 10);
        await cluster.Order("o1").Place(Command(), Request("ann", ("tea", 2)));
        await cluster.UntilStatus("o1", OrderStatus.Shipped);

        var sent = new TaskCompletionSource();
        cluster.Wire.Send = (message, send) => message.Type == "order.reserve" && sent.TrySetResult()
            ? new TaskCompletionSource<Answer>().Task
            : message.Type == "account.capture" ? new TaskCompletionSource<Answer>().Task : send();
        await cluster.Order("o2").Place(Command(), Request("ann", ("tea", 2)));
        await sent.Task.WaitAsync(FakeTimeProvider.BarrierLimit, TestContext.Current.CancellationToken);
        await cluster.Order("o2").Cancel(Command(), "changed my mind");
        await Until(async () =>
            (await cluster.Fulfilment("o2").Explain()).View!.Status is SagaStatus.Compensating);
    }

    [Fact]
    public async Task An_order_is_placed_once_at_the_prices_of_that_moment()
    {
        var context = Command();
        await _cluster.Order("o1").Place(context, Request("ann", ("tea", 2)));
        await _cluster.Stock("tea").Offer(Command(), "tea", 9_00, "EUR");

        var again = await _cluster.Order("o1").Place(context, Request("ann", ("tea", 2)));
        (again.Status, again.View!.Total, again.Version).ShouldBe((OutcomeStatus.Accepted, 9_00, 1));
        (await Place("o1", ("tea", 2))).Code.ShouldBe("order-already-exists");
    }

    [Theory]
    [InlineData("nothing", "ann", "EUR", OutcomeStatus.NotFound, "stock-not-found")]
    [InlineData("tea", "nobody", "EUR", OutcomeStatus.NotFound, "account-not-found")]
    [InlineData("tea", "ann", "USD", OutcomeStatus.Refused, "currency-mismatch")]
    [InlineData("tea", "dora", "EUR", OutcomeStatus.Refused, "currency-mismatch")]
    [InlineData("book", "ann", "EUR", OutcomeStatus.Refused, "currency-mismatch")]
    [InlineData("tea", "carl", "EUR", OutcomeStatus.Refused, "account-closed")]
    public async Task What_makes_no_sense_is_refused_and_leaves_nothing_behind(
        string sku, string account, string currency, OutcomeStatus status, string code)
    {
        await _cluster.Account("dora").Open(Command(), "dora", "USD");
        await _cluster.Open("carl", 0);
        await _cluster.Account("carl").Close(Command());
        await _cluster.Stock("book").Offer(Command(), "Book", 20_00, "USD");

        var refused = await _cluster.Order("o1").Place(
            Command(), Request(account, (sku, 1)) with { Currency = currency });

        (refused.Status, refused.Code).ShouldBe((status, code));
        (await _cluster.Order("o1").Get()).Code.ShouldBe("order-not-found");
    }

    private Task<Outcome<OrderView>> Place(string order, params (string Sku, long Quantity)[] items) =>
        _cluster.Order(order).Place(Command(), Request("ann", items));

    private async Task<IEnumerable<string>> Types(string order) =>
        (await _cluster.Recorded(new("order", order))).Select(recorded => recorded.Type);

    private Task UntilStage(string stage) =>
        Until(async () => (await _cluster.Fulfilment("o1").Explain()).View!.Stage == stage);

    private async Task NothingRemains()
    {
        var purse = await _cluster.Purse("ann");
        (purse.Balance, purse.Available).ShouldBe((50_00, 50_00));
        (await _cluster.Balance(MerchantAccount)).ShouldBe(0);
        (await _cluster.Count("tea")).ShouldBe((10, 0));
    }
}
