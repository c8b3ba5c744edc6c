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
public sealed class SqliteSettledTransferTests() : SettledTransferTests(server: null);

/// <inheritdoc/>
[Collection(OnPostgres.Name)]
public sealed class PostgresSettledTransferTests(PostgresServer server) : SettledTransferTests(server);

/// <summary>A command that can never be answered, and a person who says what became of it.</summary>
public abstract class SettledTransferTests(PostgresServer? server) : IAsyncLifetime
{
    private static readonly StreamName Stream = new("transfer", "t1");
    private static readonly TimeSpan CompensationLimit = TimeSpan.FromMinutes(1);

    // A clock that leaps must end no command that is under way: its grain would rest for a time that never passes.
    private readonly SagaCluster _cluster = new()
    {
        Server = server, Sourcing = new() { Limit = TimeSpan.FromDays(40) },
    };

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
    public async Task A_credit_to_an_account_that_cannot_be_read_is_settled_and_the_debit_refunded()
    {
        await Start(whileCrediting: () => Break("bob"));
        await GetStuck("credit: timed-out");
        var credit = Find(await Explain(), "credit").CommandId;
        (await Explain()).Unanswered.ShouldBe([credit]);
        // Neither of the other verbs leads any further.
        await Transfer.Retry(Command("eve"));
        await _cluster.Passes(CompensationLimit, async () => (await Explain()).Stuck == "credit: timed-out");

        var word = Command("eve") with { CorrelationId = "another" };
        var settled = await Transfer.Settle(word, credit, CommandOutcome.NotDone);

        (settled.Status, settled.View!.Stuck).ShouldBe((OutcomeStatus.Accepted, null));
        settled.View.Unanswered.ShouldNotContain(credit);
        (await _cluster.UntilEnded("t1")).Status.ShouldBe(TransferStatus.Compensated);
        (await _cluster.Balance("ann")).ShouldBe(8_00);
        var steps = await _cluster.Recorded(Stream);
        var recorded = steps.Single(step => step.Metadata.CommandId == word.CommandId);
        (recorded.Metadata.Actor, recorded.Metadata.CorrelationId).ShouldBe(
            ("eve", steps[0].Metadata.CorrelationId));
        ((SagaEvent.Stepped)recorded.Event).Input.ShouldBe(
            new RecordedInput("settle", "credit", SagaCommand.Settle.NotDone));
        (await _cluster.Recorded(new("account", "ann")))[^1].Metadata.CausationId.ShouldBe($"{word.CommandId}");

        // Under the same id it is answered as it was; under another there is nothing left to do.
        (await Transfer.Settle(word, credit, CommandOutcome.NotDone)).Version.ShouldBe(settled.Version);
        (await Transfer.Settle(Command("eve"), credit, CommandOutcome.NotDone)).Status
            .ShouldBe(OutcomeStatus.Accepted);
        (await _cluster.Recorded(Stream)).Count.ShouldBe(steps.Count);
    }

    [Fact]
    public async Task What_was_settled_is_never_sent_again_though_every_silo_dies()
    {
        var sent = 0;
        _cluster.Wire.Send = (message, send) =>
        {
            if (message.Target != "bob")
                return send();
            Interlocked.Increment(ref sent);
            throw new TimeoutException("Nobody answers.");
        };
        await Start();
        await GetStuck("credit: timed-out");
        await Transfer.Settle(Command("eve"), Find(await Explain(), "credit").CommandId, CommandOutcome.NotDone);
        await _cluster.UntilEnded("t1");
        sent.ShouldBeGreaterThan(0);
        await _cluster.Restart();
        sent = 0;

        // Its row may have outlived the crash, and is settled when it is woken.
        await Until(async () =>
        {
            _cluster.Clock.Advance(TimeSpan.FromHours(1));
            await _cluster.DueIsWritten();
            return await _cluster.WakeDue() == 0;
        });
        (await _cluster.UntilEnded("t1")).Status.ShouldBe(TransferStatus.Compensated);
        sent.ShouldBe(0);
    }

    [Fact]
    public async Task What_was_settled_as_not_done_and_takes_effect_after_all_is_undone()
    {
        var isSilent = true;
        _cluster.Wire.Send = (message, send) => message.Target == "bob" && Volatile.Read(ref isSilent)
            ? throw new TimeoutException("Nobody answers.")
            : send();
        await Start();
        await GetStuck("credit: timed-out");
        var credit = Find(await Explain(), "credit").CommandId;
        await Transfer.Settle(Command("eve"), credit, CommandOutcome.NotDone);
        await _cluster.UntilEnded("t1");

        Volatile.Write(ref isSilent, false);
        await _cluster.Account("bob").Deposit(Command() with { CommandId = credit }, 5_00, null);
        await Transfer.Hear(credit);

        await Until(async () => (await Explain()).Unanswered.Count == 0);
        (await Explain()).Steps.Select(step => (step.Name, step.Status)).ShouldBe(
        [
            ("debit", CommandStatus.Done),
            ("credit", CommandStatus.Done),
            ("undo-debit", CommandStatus.Done),
            ("undo-credit", CommandStatus.Done),
        ]);
        (await _cluster.Balance("ann"), await _cluster.Balance("bob")).ShouldBe((8_00, 0));
    }

    [Fact]
    public async Task What_the_log_knows_has_the_last_word_over_a_person()
    {
        var isLost = true;
        _cluster.Wire.Send = async (message, send) =>
        {
            var answer = await send();
            return message.Target == "bob" && Volatile.Read(ref isLost)
                ? throw new TimeoutException("The answer was lost.")
                : answer;
        };
        await Start();
        await GetStuck("credit: timed-out");
        Volatile.Write(ref isLost, false);

        var refused = await Transfer.Settle(
            Command("eve"), Find(await Explain(), "credit").CommandId, CommandOutcome.NotDone);

        (refused.Status, refused.Code).ShouldBe((OutcomeStatus.Refused, "command-answered"));
        (await _cluster.UntilEnded("t1")).Status.ShouldBe(TransferStatus.Compensated);
        (await _cluster.Balance("ann"), await _cluster.Balance("bob")).ShouldBe((8_00, 0));
    }

    [Fact]
    public async Task A_compensation_that_is_never_answered_is_settled_or_dealt_with_by_hand()
    {
        await _cluster.Account("bob").Close(Command());
        await Start(whileCrediting: () => Break("ann"));
        await Until(async () => (await Explain()).Steps.Any(step => step.Name == "undo-debit"));
        await _cluster.Passes(CompensationLimit, async () => (await Explain()).Stuck == "undo-debit: timed-out");
        var undo = Find(await Explain(), "undo-debit").CommandId;
        await Transfer.Compensate(Command("eve"));
        (await Explain()).Unanswered.ShouldBe([undo]);

        await Transfer.Settle(Command("eve"), undo, CommandOutcome.NotDone);
        (await Explain()).Stuck.ShouldBe("undo-debit: settled-as-not-done");
        (await Transfer.Settle(Command("eve"), undo, CommandOutcome.Done)).Code.ShouldBe("command-answered");
        await Transfer.Compensate(Command("eve"));

        var ended = await Explain();
        (ended.Status, ended.Stuck, ended.Unanswered.Count).ShouldBe((SagaStatus.Compensated, null, 0));
        Find(ended, "undo-debit").Status.ShouldBe(CommandStatus.ByHand);
        (await Transfer.Settle(Command("eve"), undo, CommandOutcome.Done)).Code.ShouldBe("saga-ended");
    }

    [Fact]
    public async Task What_it_never_sent_cannot_be_settled()
    {
        _cluster.Wire.Send = (_, _) => new TaskCompletionSource<Answer>().Task;
        (await Transfer.Settle(Command("eve"), Guid.NewGuid(), CommandOutcome.Done)).Code
            .ShouldBe("transfer-not-found");
        await Start(stage: Waybill.Grains.Transfers.Transfer.Debiting);

        var unknown = await Transfer.Settle(Command("eve"), Guid.NewGuid(), CommandOutcome.Done);

        (unknown.Status, unknown.Code).ShouldBe((OutcomeStatus.NotFound, "command-not-found"));
        (await _cluster.Recorded(Stream)).Count.ShouldBe(1);
    }

    private async Task Start(
        Func<Task>? whileCrediting = null, string stage = Waybill.Grains.Transfers.Transfer.Crediting)
    {
        var through = _cluster.Wire.Send;
        _cluster.Wire.Send = async (message, send) =>
        {
            if (message.Target == "bob" && whileCrediting is { } before)
            {
                whileCrediting = null;
                await before();
            }
            return await through(message, send);
        };
        await Transfer.Start(Command(), new Transfer("ann", "bob", 5_00, "EUR", "rent"));
        await Until(async () => (await Explain()).Stage == stage);
    }

    private async Task GetStuck(string on)
    {
        await _cluster.Passes(
            Waybill.Grains.Transfers.Transfer.StageLimit,
            async () => (await Explain()).Status is SagaStatus.Compensating);
        await _cluster.Passes(CompensationLimit, async () => (await Explain()).Stuck == on);
    }

    // Puts something into an account's stream that does not belong there: whatever the account is asked, it throws.
    private async Task Break(string account)
    {
        var stream = new StreamName("account", account);
        var version = await _cluster.Store.ReadStreamAsync(stream).CountAsync();
        var stray = new SagaEvent.Stepped(new RecordedInput("stray"), SagaStatus.Running, "stray", Guid.Empty);
        var metadata = new EventMetadata(Guid.CreateVersion7(), "stray", null, "nobody");
        (await _cluster.Store.AppendAsync(stream, version, [new(Guid.CreateVersion7(), stray, metadata)], wakeAt: null))
            .ShouldBeOfType<AppendResult.Appended>();
    }

    private async Task<SagaExplanation> Explain() => (await Transfer.Explain()).View!;

    private static ExplainedStep Find(SagaExplanation saga, string name) =>
        saga.Steps.Single(step => step.Name == name);
}
