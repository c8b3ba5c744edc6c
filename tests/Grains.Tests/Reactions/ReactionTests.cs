using System.Globalization;
using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Reactions;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Reactions;

/// <summary>An event leads to a command, exactly once in effect, and nobody coordinates it.</summary>
public sealed class ReactionTests : IAsyncLifetime
{
    private static readonly int QueueCount = new EventStreamOptions().QueueCount;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly SagaCluster _cluster = new()
    {
        Adds = silo => silo.AddReaction<Welcome, IWelcomeGrain>(),
    };

    public ValueTask InitializeAsync()
    {
        Welcome.Fault = null;
        return _cluster.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task What_happened_leads_to_a_command_once_however_often_it_comes()
    {
        await _cluster.Open("ann", 0);
        var opened = await _cluster.Store.ReadStreamAsync(new("account", "ann"), cancellation: Cancellation)
            .FirstAsync(Cancellation);
        var queue = LogQueue.Of(opened.Stream, QueueCount).Number;
        var chunk = new LogChunk(queue, QueueCount, opened.Position - 1, opened.Position, [opened]);
        await Host().Take(chunk);
        await Host().Take(chunk);
        await UntilBalance(1_00);
        // As if the process had died before it could keep its position.
        _cluster.ForgetsPositions = true;
        await _cluster.Restart();
        await Host().Take(chunk);
        await Host().CatchUp();

        var deposited = (await _cluster.Recorded(new("account", "ann"))).Skip(1).ShouldHaveSingleItem();
        deposited.Metadata.CausationId.ShouldBe($"{opened.EventId}");
        deposited.Metadata.CorrelationId.ShouldBe(opened.Metadata.CorrelationId);
    }

    [Fact]
    public async Task What_was_never_delivered_is_found_in_the_store()
    {
        await _cluster.Open("ann", 0);
        await Host().CatchUp();

        await UntilBalance(1_00);
    }

    [Fact]
    public async Task One_that_fails_waits_for_a_person_and_is_asked_anew_when_it_is_tried_again()
    {
        Welcome.Fault = "broken";
        await _cluster.Open("ann", 0);
        await Host().CatchUp();
        var opened = (await _cluster.Recorded(new("account", "ann")))[0];
        var saga = _cluster.Cluster.Client.GetSaga(new StreamName("reaction", $"welcome-{opened.EventId:N}"));
        await Until(async () => (await saga.Explain()).View?.Stuck is not null);
        (await saga.Explain()).View!.Stuck.ShouldBe("react: InvalidOperationException: broken");

        Welcome.Fault = null;
        (await saga.Retry(Command("eve"))).Status.ShouldBe(OutcomeStatus.Accepted);
        await UntilBalance(1_00);
        await Until(async () => (await saga.Explain()).View!.Status is SagaStatus.Completed);
        (await saga.Explain()).View!.Stuck.ShouldBeNull();
    }

    private IWelcomeGrain Host() => _cluster.Cluster.Client.GetGrain<IWelcomeGrain>(
        LogQueue.Of(new StreamName("account", "ann"), QueueCount).Number.ToString(CultureInfo.InvariantCulture));

    private Task UntilBalance(long balance) => Until(async () => await _cluster.Balance("ann") == balance);
}
