using Waybill.Grains.Accounts;
using Waybill.Grains.Orders;
using Waybill.Grains.Sourcing;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Orders;

public sealed class StockGrainTests : IAsyncLifetime
{
    private readonly SagaCluster _cluster = new() { Silos = 2 };

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task The_last_ten_items_are_promised_to_ten_of_two_hundred_buyers()
    {
        await _cluster.Offer("tea", 4_50, quantity: 10);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(buyer =>
            _cluster.Stock("tea").Reserve(Command(), $"o{buyer}", 1)));

        answers.Count(answer => answer.Status is OutcomeStatus.Accepted).ShouldBe(10);
        answers.Where(answer => answer.Status is not OutcomeStatus.Accepted)
            .ShouldAllBe(answer => answer.Code == "insufficient-stock");
        (await _cluster.Recorded(new("stock", "tea"))).Select(recorded => recorded.Event)
            .OfType<StockEvent.Reserved>().Count().ShouldBe(10);
        (await _cluster.Count("tea")).ShouldBe((10, 10));
    }

    [Fact]
    public async Task What_can_be_bought_can_be_paid_for()
    {
        (await _cluster.Account("merchant-EUR").Get()).Status.ShouldBe(OutcomeStatus.NotFound);
        await _cluster.Offer("tea", 4_50, quantity: 10);
        await _cluster.Offer("pot", 30_00, quantity: 1);

        var merchant = (await _cluster.Account("merchant-EUR").Get()).View!;
        (merchant.Owner, merchant.Currency, merchant.Status).ShouldBe(("merchant", "EUR", AccountStatus.Open));
    }

    [Fact]
    public async Task Nothing_is_sold_into_the_account_of_somebody_else()
    {
        await _cluster.Account("merchant-EUR").Open(Command(), "eve", "EUR");

        var offered = await _cluster.Stock("tea").Offer(Command(), "Tea", 4_50, "EUR");

        (offered.Status, offered.Code).ShouldBe((OutcomeStatus.Refused, "merchant-account-taken"));
        (await _cluster.Stock("tea").Get()).Status.ShouldBe(OutcomeStatus.NotFound);
    }

    [Fact]
    public async Task An_item_in_no_currency_is_not_listed() =>
        (await _cluster.Stock("tea").Offer(Command(), "Tea", 4_50, "euro")).Code.ShouldBe("currency-invalid");
}
