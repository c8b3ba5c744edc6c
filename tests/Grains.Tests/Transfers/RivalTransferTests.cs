using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Transfers;

/// <summary>
/// Two activations of one transfer, as there may be while a silo dies. The rival runs in a cluster of its own, so that
/// a test decides what of its story comes to stand in the stream before the other one appends.
/// </summary>
public sealed class RivalTransferTests : IAsyncLifetime
{
    private static readonly Transfer FiveEuros = new("ann", "bob", 5_00, "EUR", "rent");
    private static readonly StreamName Stream = new("transfer", "t1");

    private readonly SagaCluster _cluster = new() { Options = new SagaOptions { Pause = TimeSpan.Zero } };
    private readonly SagaCluster _rival = new();
    private readonly CommandContext _start = Command();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ITransferGrain Transfer => _cluster.Transfer("t1");

    public async ValueTask InitializeAsync()
    {
        foreach (var cluster in new[] { _cluster, _rival })
        {
            await cluster.InitializeAsync();
            await cluster.Open("ann", 8_00);
            await cluster.Open("bob", 0);
        }
        _rival.Wire.Send = (message, send) => message.Target == "bob" ? Silence : send();
        await _rival.Transfer("t1").Start(_start, FiveEuros);
        await Until(async () => (await _rival.Recorded(Stream)).Count == 2);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _rival.DisposeAsync();
    }

    [Fact]
    public async Task What_a_rival_began_and_did_not_live_to_send_is_sent_by_the_one_that_was_to_begin_it()
    {
        await Transfer.Get(); // It has read that there is nothing.
        await TheRivalAppends(version: 1);

        (await Transfer.Start(_start, FiveEuros)).Version.ShouldBe(1);

        (await _cluster.UntilEnded("t1")).Status.ShouldBe(TransferStatus.Completed);
    }

    [Fact]
    public async Task Whoever_meets_a_rival_takes_it_that_this_has_taken_the_saga_out_of_the_due_table()
    {
        _cluster.Wire.Send = (_, _) => Silence;
        await Transfer.Start(_start, FiveEuros);
        var due = _cluster.Clock.GetUtcNow() + _cluster.Options.CheckPeriod;
        await _cluster.Store.SettleDueAsync([new DueSettlement(Stream, due)], Token);
        await TheRivalAppends(version: 2);

        // Hears what the rival has heard, and then, while its first entry would have been good for, what it has not.
        var debit = (await Transfer.Explain()).View!.Steps[0].CommandId;
        await Transfer.Hear(debit);
        (await Transfer.Explain()).View!.Steps.Count.ShouldBe(2);
        var credit = (await Transfer.Explain()).View!.Steps[1].CommandId;
        await Transfer.Settle(Command("eve"), credit, CommandOutcome.NotDone);

        (await Transfer.Explain()).View!.Status.ShouldBe(SagaStatus.Compensating);
        (await _cluster.Store.ClaimDueAsync(due, due + _cluster.Options.CheckPeriod, 10, Token)).ShouldHaveSingleItem();
    }

    private async Task TheRivalAppends(int version)
    {
        var step = (await _rival.Recorded(Stream))[version - 1];
        await _cluster.Store.AppendAsync(
            Stream, version - 1, [new NewEvent(step.EventId, step.Event, step.Metadata)], wakeAt: null, Token);
    }

    private static Task<Answer> Silence => new TaskCompletionSource<Answer>().Task;
}
