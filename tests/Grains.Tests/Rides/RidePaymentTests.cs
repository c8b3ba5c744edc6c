using Waybill.EventStore;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Orders;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Rides.RideCluster;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Rides;

/// <summary>A ride is paid by itself, though nobody coordinates it; late if need be, and once.</summary>
public sealed class RidePaymentTests : IAsyncLifetime
{
    private const long Fare = 9_34;

    private readonly RideCluster _cluster = new();

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_rider_without_money_owes_it_and_pays_when_there_is_some()
    {
        await Ride(money: 1);
        (await _cluster.Until("r1", RideStatus.Unpaid)).Reason.ShouldBe("insufficient-funds");
        await UntilAttempts(1);
        await TryAgain(attempt: 1);
        Accepted(await _cluster.Sagas.Account(AccountOf("r1")).Deposit(Command(), Fare, "salary"));
        await TryAgain(attempt: 2);

        (await _cluster.Until("r1", RideStatus.Paid)).Reason.ShouldBeNull();
        await Until(async () => (await _cluster.Account("a")).Balance == Fare);
        (await _cluster.Account("r1")).Balance.ShouldBe(1);
        (await _cluster.Recorded("ride", "r1")).Count(recorded => recorded.Type == "ride.payment-failed").ShouldBe(1);
        await Until(async () => (await Charge().Explain()).View!.Status is SagaStatus.Completed);
        (await Charge().Explain()).View!.Stuck.ShouldBeNull();
    }

    [Fact]
    public async Task A_payment_that_fails_for_a_day_is_listed_for_a_person_who_has_it_tried_again()
    {
        await Ride(money: 1);
        await UntilAttempts(1);
        for (var attempt = 1; attempt <= RideCharge.Retry.Times; attempt++)
            await TryAgain(attempt);
        await Until(async () => (await Charge().Explain()).View?.Stuck is not null);
        (await Charge().Explain()).View!.Stuck.ShouldBe("react: insufficient-funds");
        (await _cluster.Ride("r1").Get()).View!.Status.ShouldBe(RideStatus.Unpaid);

        Accepted(await _cluster.Sagas.Account(AccountOf("r1")).Deposit(Command(), Fare, "salary"));
        Accepted(await Charge().Retry(Command("eve")));

        await _cluster.Until("r1", RideStatus.Paid);
        await Until(async () => (await _cluster.Account("a")).Balance == Fare);
        (await _cluster.Account("r1")).Balance.ShouldBe(1);
        await Until(async () => (await Charge().Explain()).View!.Status is SagaStatus.Completed);
        (await Charge().Explain()).View!.Stuck.ShouldBeNull();
    }

    [Fact]
    public async Task A_fare_that_is_given_up_leaves_nothing_of_the_rider_set_aside()
    {
        var estimate = Tariff.Standard.Estimate(Here, There).Total;
        await Ride(money: estimate, metres: 100_000);
        await UntilAttempts(1);
        (await _cluster.Account("r1")).Available.ShouldBe(0);
        for (var attempt = 1; attempt <= RideCharge.Retry.Times; attempt++)
            await TryAgain(attempt);
        await Until(async () => (await Charge().Explain()).View?.Stuck is not null);

        Accepted(await Charge().Compensate(Command("eve")));

        await Until(async () => (await Charge().Explain()).View!.Status is SagaStatus.Failed);
        var explained = (await Charge().Explain()).View!;
        (explained.Reason, explained.Stuck).ShouldBe(("given-up", null));
        var rider = await _cluster.Account("r1");
        (rider.Balance, rider.Available).ShouldBe((estimate, estimate));
        (await _cluster.Ride("r1").Get()).View!.Status.ShouldBe(RideStatus.Unpaid);
    }

    [Fact]
    public async Task Each_new_reason_is_noted_once()
    {
        await Ride(money: 0);
        await UntilAttempts(1);
        Accepted(await _cluster.Sagas.Account(AccountOf("r1")).Close(Command()));
        await TryAgain(attempt: 1);
        await TryAgain(attempt: 2);

        (await _cluster.Recorded("ride", "r1")).Select(recorded => recorded.Event).OfType<RideEvent.PaymentFailed>()
            .ShouldBe([new("insufficient-funds"), new("account-closed")]);
    }

    [Fact]
    public async Task A_driver_who_cannot_be_credited_is_credited_when_that_is_possible()
    {
        await _cluster.Sagas.Open("full", long.MaxValue);
        await Ride(account: "full");
        await _cluster.Until("r1", RideStatus.Paid);
        await UntilAttempts(1, "driver-credit", "ride.paid");
        Accepted(await _cluster.Sagas.Account("full").Withdraw(Command(), 10_00, null));

        await _cluster.Pass(
            RideCharge.Retry.PauseAfter(1)!.Value,
            async () => await _cluster.Sagas.Balance("full") == long.MaxValue - 10_00 + Fare);
    }

    [Fact]
    public async Task Answers_that_are_lost_and_copies_that_come_late_charge_nobody_twice()
    {
        var copies = new List<Func<IGrainFactory, Task<Answer>>>();
        _cluster.Sagas.Wire.Repeat = copy =>
        {
            lock (copies)
                copies.Add(copy);
        };
        var sent = 0;
        _cluster.Sagas.Wire.Send = async (message, send) =>
        {
            var answer = await send();
            return message.Type == "account.capture" && Interlocked.Increment(ref sent) == 1
                ? throw new TimeoutException("The answer was lost.")
                : answer;
        };
        await Ride();
        await Until(() => Task.FromResult(Volatile.Read(ref sent) > 0));
        await _cluster.Pass(TimeSpan.FromSeconds(1), async () => (await _cluster.Account("a")).Balance == Fare);

        foreach (var copy in copies.ToArray())
            await copy(_cluster.Sagas.Cluster.Client);

        (await _cluster.Account("a")).Balance.ShouldBe(Fare);
        (await _cluster.Account("r1")).Balance.ShouldBe(Money - Fare);
    }

    [Fact]
    public async Task An_order_that_is_called_as_a_ride_might_be_has_money_of_its_own_set_aside()
    {
        await _cluster.Sagas.Offer("tea", 4_50, quantity: 10);
        await _cluster.Free("a", 1);
        await _cluster.Request("1");
        await _cluster.UntilMatched("1", "a");

        Accepted(await _cluster.Sagas.Order("ride-1").Place(
            Command(), OrderWorkshop.Request(AccountOf("1"), ("tea", 2))));

        (await _cluster.Sagas.UntilOver("ride-1")).Status.ShouldBe(SagaStatus.Completed);
        var rider = await _cluster.Account("1");
        rider.Balance.ShouldBe(Money - 9_00);
        (rider.Balance - rider.Available).ShouldBe(Tariff.Standard.Estimate(Here, There).Total);
        await _cluster.Go("1");
        await _cluster.Until("1", RideStatus.Paid);
        rider = await _cluster.Account("1");
        (rider.Balance, rider.Available).ShouldBe((Money - 9_00 - Fare, Money - 9_00 - Fare));
    }

    [Fact]
    public void A_day_is_how_long_it_is_tried()
    {
        var pauses = Enumerable.Range(1, RideCharge.Retry.Times)
            .Select(attempt => RideCharge.Retry.PauseAfter(attempt)!.Value).ToList();

        pauses.ShouldBe(pauses.Order());
        pauses.Aggregate(TimeSpan.Zero, (sum, pause) => sum + pause).TotalHours.ShouldBeInRange(24, 25);
        RideCharge.Retry.PauseAfter(RideCharge.Retry.Times + 1).ShouldBeNull();
    }

    private async Task Ride(long money = Money, string? account = null, long metres = 3_200)
    {
        await _cluster.Free("a", 1, account);
        await _cluster.Request("r1", money);
        await _cluster.UntilMatched("r1", "a");
        await _cluster.Go("r1", metres);
        await _cluster.UntilDispatch("r1", SagaStatus.Completed);
    }

    private Task UntilAttempts(int attempts, string reaction = "ride-charge", string type = "ride.completed") =>
        Until(async () => await Attempts(reaction, type) >= attempts);

    // How often it has been tried and refused, and the next attempt is waited for or a person is.
    private async Task<int> Attempts(string reaction = "ride-charge", string type = "ride.completed")
    {
        if (await Saga(reaction, type) is not { } saga)
            return 0;
        var steps = (await _cluster.Sagas.Recorded(saga)).Select(recorded => (SagaEvent.Stepped)recorded.Event);
        return steps.Count(step => step.Input.Name == "refused");
    }

    private Task TryAgain(int attempt) => _cluster.Pass(
        RideCharge.Retry.PauseAfter(attempt)!.Value,
        async () => await Attempts() > attempt || (await _cluster.Ride("r1").Get()).View!.Status is RideStatus.Paid);

    private ISagaGrain Charge() =>
        _cluster.Sagas.Cluster.Client.GetSaga(Saga("ride-charge", "ride.completed").Result!.Value);

    private async Task<StreamName?> Saga(string reaction, string type) =>
        (await _cluster.Recorded("ride", "r1")).Find(recorded => recorded.Type == type) is { } happened
            ? new StreamName("reaction", $"{reaction}-{happened.EventId:N}")
            : null;
}
