using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Notifications;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Notifications;

/// <summary>What a receiver refuses waits for a person.</summary>
public sealed class UndeliveredTests : IAsyncLifetime
{
    private static readonly Notice Refused = new(
        new Guid("018cc251-f400-7000-8000-000000000001"),
        Position: 7,
        new("order", "o1"),
        new CustomerMessage("order.confirmed", DateTimeOffset.UnixEpoch, new("ann", OrderId: "o1", CorrelationId: "c1"))
            .ToJson());

    private readonly WebhookReceiver _receiver = WebhookReceiver.Start();
    private readonly SagaCluster _cluster;

    public UndeliveredTests() => _cluster = new()
    {
        Adds = silo => silo.AddNotifications(
            WebhookOptionsTests.Read($"{_receiver.Url}", WebhookReceiver.Secret)),
    };

    public ValueTask InitializeAsync()
    {
        _receiver.Answer = _ => Task.FromResult(410);
        return _cluster.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _receiver.Dispose();
    }

    [Fact]
    public async Task It_is_kept_once_however_often_it_is_refused_and_says_why()
    {
        await Notify();
        await UntilStuck();
        await Notify();

        (await Saga.Explain()).View!.Stuck.ShouldBe("webhook-answered-410");
        var steps = await _cluster.Recorded(new StreamName("notification", $"{Refused.EventId:N}"));
        steps.Count.ShouldBe(2);
        steps.ShouldAllBe(step => step.Metadata.CorrelationId == "c1");
    }

    [Fact]
    public async Task A_person_has_it_sent_again_under_the_same_id()
    {
        await Notify();
        await UntilStuck();
        _receiver.Answer = _ => Task.FromResult(204);

        (await Saga.Retry(Command("eve"))).Status.ShouldBe(OutcomeStatus.Accepted);

        await Until(async () => (await Saga.Explain()).View!.Status is SagaStatus.Completed);
        var taken = _receiver.Taken.ShouldHaveSingleItem();
        (taken.Id, taken.Body, taken.IsSigned).ShouldBe(($"{Refused.EventId}", Refused.Data, true));
    }

    [Fact]
    public async Task A_person_lets_it_go()
    {
        await Notify();
        await UntilStuck();
        var sent = _receiver.Attempts.Count;

        (await Saga.Compensate(Command("eve"))).Status.ShouldBe(OutcomeStatus.Accepted);

        (await Saga.Explain()).View!.Status.ShouldBe(SagaStatus.Failed);
        _receiver.Attempts.Count.ShouldBe(sent);
    }

    [Fact]
    public async Task It_is_not_forgotten_where_it_came_from_while_it_cannot_be_kept()
    {
        _cluster.Store.CrashAt(1, after: false);
        var notifying = Notify();
        await _cluster.Store.Crashed;
        notifying.IsCompletedSuccessfully.ShouldBeFalse();

        await _cluster.Restart();
        await Notify();
        await UntilStuck();
    }

    private ISagaGrain Saga =>
        _cluster.Cluster.Client.GetSaga(new StreamName("notification", $"{Refused.EventId:N}"));

    private Task UntilStuck() => Until(async () => (await Saga.Explain()).View?.Stuck is not null);

    private Task Notify() => _cluster.Cluster.GetSiloServiceProvider().GetRequiredService<INotifier>()
        .NotifyAsync("customer_notices", Refused, TestContext.Current.CancellationToken);
}
