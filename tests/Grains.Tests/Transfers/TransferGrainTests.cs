using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;
using Waybill.Tests.Grains.Projections;
using Waybill.Tests.Grains.Sagas;
using Waybill.Tests.Postgres;
using static Waybill.Tests.Grains.Sagas.SagaCluster;

namespace Waybill.Tests.Grains.Transfers;

/// <inheritdoc/>
public sealed class SqliteTransferGrainTests() : TransferGrainTests(server: null);

/// <inheritdoc/>
[Collection(OnPostgres.Name)]
public sealed class PostgresTransferGrainTests(PostgresServer server) : TransferGrainTests(server);

/// <summary>The shell around every saga, shown on the transfer.</summary>
public abstract class TransferGrainTests(PostgresServer? server) : IAsyncLifetime
{
    private static readonly Transfer FiveEuros = new("ann", "bob", 5_00, "EUR", "rent");
    private static readonly StreamName Stream = new("transfer", "t1");

    // Without a pause, what is sent again is sent at once.
    private readonly SagaCluster _cluster =
        new() { Server = server, Options = new SagaOptions { Pause = TimeSpan.Zero } };

    private ITransferGrain Transfer => _cluster.Transfer("t1");

    public async ValueTask InitializeAsync()
    {
        await _cluster.InitializeAsync();
        await _cluster.Open("ann", 8_00);
        await _cluster.Open("bob", 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task It_reaches_its_end_in_five_appends_and_one_more_write_of_the_due_table()
    {
        var before = _cluster.Store.Writes;
        var started = await Transfer.Start(Command(), FiveEuros);
        (started.Status, started.View!.Status).ShouldBe((OutcomeStatus.Accepted, TransferStatus.Pending));

        (await _cluster.UntilEnded("t1")).Status.ShouldBe(TransferStatus.Completed);
        (await _cluster.Balance("ann"), await _cluster.Balance("bob")).ShouldBe((3_00, 5_00));
        _cluster.Store.Writes.Appends.ShouldBe(before.Appends + 5);
        _cluster.Store.Writes.DueWrites.ShouldBeLessThanOrEqualTo(before.DueWrites + 1);
    }

    [Fact]
    public async Task Every_event_says_what_led_to_it()
    {
        var context = Command();
        await Transfer.Start(context, FiveEuros);
        await _cluster.UntilEnded("t1");

        var steps = await _cluster.Recorded(Stream);
        var debit = (await _cluster.Recorded(new("account", "ann")))[^1].Metadata;
        steps[0].Metadata.CommandId.ShouldBe(context.CommandId);
        (debit.SagaId, debit.CausationId).ShouldBe(("transfer-t1", $"{context.CommandId}"));
        steps[1].Metadata.CausationId.ShouldBe($"{debit.CommandId}");
        steps.Append(steps[0]).ShouldAllBe(step => step.Metadata.CorrelationId == context.CorrelationId);
        debit.CorrelationId.ShouldBe(context.CorrelationId);
    }

    [Fact]
    public async Task Started_again_under_the_same_command_it_answers_the_same_and_otherwise_refuses()
    {
        var context = Command();
        await Transfer.Start(context, FiveEuros);
        await _cluster.UntilEnded("t1");

        (await Transfer.Start(context, FiveEuros)).Version.ShouldBe(1);
        (await Transfer.Start(Command(), FiveEuros)).Code.ShouldBe("transfer-already-exists");
        (await _cluster.Balance("bob")).ShouldBe(5_00);
    }

    [Theory]
    [InlineData("nobody", "EUR", OutcomeStatus.NotFound, "account-not-found")]
    [InlineData("bob", "USD", OutcomeStatus.Refused, "currency-mismatch")]
    [InlineData("ann", "EUR", OutcomeStatus.Refused, "same-account")]
    public async Task What_cannot_be_is_refused_and_leaves_nothing_behind(
        string to, string currency, OutcomeStatus status, string code)
    {
        var refused = await Transfer.Start(Command(), FiveEuros with { To = to, Currency = currency });

        (refused.Status, refused.Code).ShouldBe((status, code));
        (await Transfer.Get()).Status.ShouldBe(OutcomeStatus.NotFound);
        await NobodyIsDue();
    }

    [Fact]
    public async Task A_debit_that_is_refused_ends_it()
    {
        await Transfer.Start(Command(), FiveEuros with { Amount = 9_00 });

        var ended = await _cluster.UntilEnded("t1");
        (ended.Status, ended.Reason).ShouldBe((TransferStatus.Failed, "insufficient-funds"));
        (await _cluster.Balance("ann")).ShouldBe(8_00);
    }

    [Fact]
    public async Task A_credit_that_is_refused_is_refunded()
    {
        await _cluster.Account("bob").Close(Command());
        await Transfer.Start(Command(), FiveEuros);

        var ended = await _cluster.UntilEnded("t1");
        (ended.Status, ended.Reason).ShouldBe((TransferStatus.Compensated, "account-closed"));
        ended.Steps.Select(step => (step.Name, step.Status, step.Undoes)).ShouldBe(
        [
            ("debit", CommandStatus.Done, null),
            ("credit", CommandStatus.Refused, null),
            ("undo-debit", CommandStatus.Done, "debit"),
        ]);
        (await _cluster.Balance("ann")).ShouldBe(8_00);
    }

    [Fact]
    public async Task An_answer_that_is_lost_is_asked_for_again_and_found()
    {
        var lost = 0;
        _cluster.Wire.Send = async (_, send) =>
        {
            var answer = await send();
            return Interlocked.Increment(ref lost) <= 2 ? throw new TimeoutException("Lost.") : answer;
        };
        await Transfer.Start(Command(), FiveEuros);
        await _cluster.UntilEnded("t1");

        (await _cluster.Balance("ann"), await _cluster.Balance("bob")).ShouldBe((3_00, 5_00));
        (await _cluster.Recorded(new("account", "ann"))).Count.ShouldBe(3);
    }

    [Fact]
    public async Task An_answer_that_never_comes_comes_as_an_event()
    {
        _cluster.Wire.Send = async (_, send) =>
        {
            await send();
            return await new TaskCompletionSource<Answer>().Task;
        };
        await Transfer.Start(Command(), FiveEuros);

        for (var account = 0; account < 2; account++)
        {
            var stream = new StreamName("account", account == 0 ? "ann" : "bob");
            await Until(async () => (await _cluster.Recorded(stream))[^1].Metadata.SagaId is not null);
            var happened = (await _cluster.Recorded(stream))[^1];
            await Transfer.Hear(happened.Metadata.CommandId);
            await Transfer.Hear(happened.Metadata.CommandId);
        }
        (await Transfer.Get()).View!.Status.ShouldBe(TransferStatus.Completed);
        (await _cluster.Recorded(Stream)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task What_the_log_delivers_brings_it_to_its_end_though_no_call_is_ever_answered()
    {
        await using var cluster = new SagaCluster { Server = server, HasStreams = true };
        await cluster.InitializeAsync();
        await cluster.Open("ann", 8_00);
        await cluster.Open("bob", 0);
        cluster.Wire.Send = async (_, send) =>
        {
            await send();
            return await new TaskCompletionSource<Answer>().Task;
        };
        await cluster.Transfer("t1").Start(Command(), FiveEuros);

        (await cluster.UntilEnded("t1")).Status.ShouldBe(TransferStatus.Completed);
        (await cluster.Balance("ann"), await cluster.Balance("bob")).ShouldBe((3_00, 5_00));
    }

    [Fact]
    public async Task A_credit_that_succeeds_after_its_deadline_is_undone()
    {
        var late = new TaskCompletionSource();
        _cluster.Wire.Send = async (message, send) =>
        {
            if (message.Target == "bob")
                await late.Task;
            return await send();
        };
        await Transfer.Start(Command(), FiveEuros);
        await UntilStage(Waybill.Grains.Transfers.Transfer.Crediting);
        _cluster.Clock.Advance(Waybill.Grains.Transfers.Transfer.StageLimit);
        await Until(async () => (await Explain()).Status is SagaStatus.Compensating);
        (await Explain()).ToCome.ShouldBe(["undo-credit", "undo-debit"]);

        late.SetResult();
        var ended = await _cluster.UntilEnded("t1");
        (ended.Status, ended.Reason).ShouldBe((TransferStatus.Compensated, "timed-out"));
        ended.Steps.Select(step => step.Name).ShouldBe(["debit", "credit", "undo-credit", "undo-debit"]);
        (await _cluster.Balance("ann"), await _cluster.Balance("bob")).ShouldBe((8_00, 0));
    }

    [Fact]
    public async Task A_deadline_is_kept_though_every_silo_has_died()
    {
        _cluster.Wire.Send = (_, _) => new TaskCompletionSource<Answer>().Task;
        await Transfer.Start(Command(), FiveEuros);
        await _cluster.Restart();
        _cluster.Clock.Set(_cluster.Clock.GetUtcNow() + Waybill.Grains.Transfers.Transfer.StageLimit);
        await _cluster.WakeDue(); // Or the silo's own first look, just after its start, has woken it.

        await Explain();
        // The silo's own look may be reading it still, for whose read the leap of the clock is an outage.
        await _cluster.Passes(
            _cluster.Options.TakeOverGrace,
            async () => (await Transfer.Explain()).View?.Status is SagaStatus.Compensating);
        (await Explain()).Reason.ShouldBe("timed-out");
    }

    [Fact]
    public async Task An_outage_that_lasts_beyond_a_deadline_is_nobodys_silence()
    {
        _cluster.Wire.Send = (_, _) => new TaskCompletionSource<Answer>().Task;
        await Transfer.Start(Command(), FiveEuros);
        _cluster.Wire.Send = Wire.Through;
        _cluster.Clock.Set(_cluster.Clock.GetUtcNow() + (2 * Waybill.Grains.Transfers.Transfer.StageLimit));
        await _cluster.Restart();
        await _cluster.WakeDue();

        (await _cluster.UntilEnded("t1")).Status.ShouldBe(TransferStatus.Completed);
    }

    [Fact]
    public async Task A_compensation_that_is_refused_waits_for_a_person_who_can_have_it_tried_again_or_settle_it()
    {
        await GetStuck();
        (await Explain()).Stuck.ShouldBe("undo-debit: account-closed");

        (await Transfer.Retry(Command("eve") with { CorrelationId = "another" })).Status
            .ShouldBe(OutcomeStatus.Accepted);
        await Until(async () => (await Explain()).Stuck is not null);
        await NobodyIsDue();

        (await Transfer.Compensate(Command("eve"))).View!.Status.ShouldBe(SagaStatus.Compensated);
        await NobodyIsDue();
        var acts = await _cluster.Recorded(Stream);
        acts.ShouldAllBe(step => step.Metadata.CorrelationId == acts[0].Metadata.CorrelationId);
        acts.Where(step => step.Metadata.Actor == "eve").Select(step => ((SagaEvent.Stepped)step.Event).Input.Name)
            .ShouldBe(["retry", "compensate"]);
        (await Transfer.Retry(Command("eve"))).Code.ShouldBe("saga-not-stuck");
    }

    [Fact]
    public async Task What_took_effect_after_all_is_found_before_a_person_settles_it_by_hand()
    {
        var late = new TaskCompletionSource();
        _cluster.Wire.Send = async (message, send) =>
        {
            if (message.Target == "bob" && message.Type == "account.deposit")
                await late.Task;
            var answer = await send();
            if (message.Target == "bob" && message.Type == "account.deposit") // And bob has spent it at once.
                await _cluster.Account("bob").Withdraw(Command(), 5_00, null);
            return answer;
        };
        await Transfer.Start(Command(), FiveEuros);
        await UntilStage(Waybill.Grains.Transfers.Transfer.Crediting);
        _cluster.Clock.Advance(Waybill.Grains.Transfers.Transfer.StageLimit);
        await Until(async () => (await Explain()).Status is SagaStatus.Compensating);
        late.SetResult();
        await Until(async () => (await Explain()).Stuck == "undo-credit: insufficient-funds");

        // A copy of what was refused was on its way still, and nobody hears of its success.
        var undo = (await Explain()).Steps.Single(step => step.Name == "undo-credit");
        await _cluster.Account("bob").Deposit(Command(), 9_00, null);
        await _cluster.Account("bob").Withdraw(Command() with { CommandId = undo.CommandId }, 5_00, null);

        await Transfer.Compensate(Command("eve"));
        (await _cluster.UntilEnded("t1")).Status.ShouldBe(TransferStatus.Compensated);
        (await Explain()).Steps.ShouldAllBe(step => step.Status == CommandStatus.Done);
        (await _cluster.Balance("ann"), await _cluster.Balance("bob")).ShouldBe((8_00, 4_00));
    }

    [Fact]
    public async Task It_explains_itself_on_its_way_and_at_its_end()
    {
        _cluster.Wire.Send = (message, send) =>
            message.Target == "bob" ? new TaskCompletionSource<Answer>().Task : send();
        var deadline = _cluster.Clock.GetUtcNow() + Waybill.Grains.Transfers.Transfer.StageLimit;
        await Transfer.Start(Command(), FiveEuros);
        await UntilStage(Waybill.Grains.Transfers.Transfer.Crediting);

        var explained = await Explain();
        (explained.SagaId, explained.Type, explained.Status).ShouldBe(
            ("transfer-t1", "transfer", SagaStatus.Running));
        explained.Steps.Select(step => (step.Name, step.Type, step.Target, step.Status)).ShouldBe(
        [
            ("debit", "account.withdraw", "ann", CommandStatus.Done),
            ("credit", "account.deposit", "bob", CommandStatus.Sent),
        ]);
        (explained.ToCome.Count, explained.Deadline).ShouldBe((0, deadline));

        await Transfer.Hear(explained.Steps[1].CommandId);
        (await Explain()).Status.ShouldBe(SagaStatus.Completed);
        (await Explain()).Deadline.ShouldBeNull();
    }

    [Fact]
    public async Task What_ended_stays_readable_and_is_never_woken()
    {
        await Transfer.Start(Command(), FiveEuros);
        await _cluster.UntilEnded("t1");
        await _cluster.Restart();

        (await Transfer.Get()).View!.Status.ShouldBe(TransferStatus.Completed);
        _cluster.Clock.Advance(TimeSpan.FromHours(1));
        await _cluster.WakeDue(); // The row may have outlived the crash, and is settled now.
        _cluster.Clock.Advance(TimeSpan.FromHours(1));
        await _cluster.DueIsWritten();
        (await _cluster.WakeDue()).ShouldBe(0);
    }

    private async Task GetStuck()
    {
        var closed = new TaskCompletionSource();
        _cluster.Wire.Send = async (message, send) =>
        {
            if (message.Target == "bob")
                await closed.Task;
            return await send();
        };
        await Transfer.Start(Command(), FiveEuros with { Amount = 8_00 });
        await UntilStage(Waybill.Grains.Transfers.Transfer.Crediting);
        (await _cluster.Account("ann").Close(Command())).Status.ShouldBe(OutcomeStatus.Accepted);
        (await _cluster.Account("bob").Close(Command())).Status.ShouldBe(OutcomeStatus.Accepted);
        closed.SetResult();
        await Until(async () => (await Explain()).Stuck is not null);
    }

    private async Task NobodyIsDue()
    {
        await _cluster.DueIsWritten();
        _cluster.Clock.Advance(TimeSpan.FromMinutes(5));
        (await _cluster.WakeDue()).ShouldBe(0);
    }

    private async Task UntilStage(string stage) =>
        await Until(async () => (await Explain()).Stage == stage);

    private async Task<SagaExplanation> Explain() => (await Transfer.Explain()).View!;
}
