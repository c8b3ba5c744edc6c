using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Grains.Accounts.AccountCommand;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Transfers;

/// <summary>
/// Accounts, transfers and a network that loses, doubles and reorders everything between them. After each act it checks
/// that money is where it can be accounted for; at the end, that each transfer has ended, once, one way or the other.
/// </summary>
internal sealed class TransferWorld
{
    private const int Accounts = 4;
    private const int TransfersMax = 5;

    // The account that is never opened.
    private const int Missing = Accounts - 1;

    private readonly Account[] _accounts = [.. Enumerable.Repeat(Account.Initial, Accounts)];
    private readonly HashSet<(int Account, Guid Command)> _recorded = [];
    private readonly List<SagaSpecification<Transfer>> _transfers = [];
    private readonly List<Copy> _copies = [];
    private readonly List<Reply> _replies = [];
    private readonly List<Movement> _movements = [];

    private long _broughtIn;

    public TransferWorld()
    {
        for (var account = 0; account < Accounts; account++)
            if (account != Missing)
                Ask(account, new Open("ann", "EUR"));
    }

    /// <summary>Lives through a history, and then through whatever is needed to bring everything to its end.</summary>
    /// <exception cref="HistoryException">Something is not as it must always be.</exception>
    public static void Live(IEnumerable<Act> history)
    {
        var world = new TransferWorld();
        foreach (var act in history)
        {
            world.Do(act);
            world.Check();
        }
        world.End();
    }

    private void Do(Act act)
    {
        switch (act.Kind % 16)
        {
            case 0 or 1:
                Start(act);
                break;
            case 2 or 3 or 4:
                if (Pick(Unanswered(), act.Which) is { Command: { } command } sent)
                    Send(sent.Transfer, command, copies: 1 + act.Extra % 2);
                break;
            case 5 or 6 or 7:
                if (_copies.Count > 0)
                    Deliver(Remove(_copies, act.Which), act.Extra);
                break;
            case 8 or 9:
                if (_replies.Count > 0)
                    Answer(act.Extra % 3 == 0 ? _replies[act.Which % _replies.Count] : Remove(_replies, act.Which));
                break;
            case 10:
                if (_copies.Count > 0)
                    Remove(_copies, act.Which);
                break;
            case 11:
                if (_transfers.Count > 0)
                    TimeOut(_transfers[act.Which % _transfers.Count], stale: act.Extra % 4 == 0);
                break;
            case 12:
                AskPerson(act);
                break;
            case 13 or 14:
                Bring(act.Which % Accounts, act.Extra % 9_00);
                break;
            default:
                Take(act.Which % Accounts, act.Extra);
                break;
        }
    }

    private void Start(Act act)
    {
        if (_transfers.Count == TransfersMax)
            return;
        var started = new SagaSpecification<Transfer>($"t{_transfers.Count}");
        var (from, to) = (act.Which % Accounts, act.Which / Accounts % Accounts);
        var request = new Transfer($"{from}", $"{to}", act.Extra % 5_00, "EUR", null);
        if (started.Take(new Transfer.Requested(request)).Refusal is null)
            _transfers.Add(started);
    }

    private void Send(int transfer, CommandState command, int copies)
    {
        for (var copy = 0; copy < copies; copy++)
            _copies.Add(new(transfer, command.Id, command.Attempt, command.Message));
    }

    private void Deliver(Copy copy, int chance)
    {
        var account = int.Parse(copy.Message.Target);
        if (_recorded.Contains((account, copy.Command)))
        {
            _replies.Add(new(copy.Transfer, copy.Command, copy.Attempt, null));
            return;
        }
        var money = _transfers[copy.Transfer].Saga.Data.Amount;
        var isDeposit = copy.Message.Type == AccountMessages.Deposit.Name;
        var code = Ask(account, isDeposit ? new Deposit(money, null) : new Withdraw(money, null));
        if (code is null)
        {
            _recorded.Add((account, copy.Command));
            _movements.Add(new(copy.Transfer, account, isDeposit ? money : -money, copy.Command));
            // The event comes over the stream as well, in its own time.
            _replies.Add(new(copy.Transfer, copy.Command, copy.Attempt, null));
        }
        if (chance % 4 != 0) // Otherwise the answer is lost.
            _replies.Add(new(copy.Transfer, copy.Command, copy.Attempt, code));
    }

    private void Answer(Reply reply) =>
        _transfers[reply.Transfer].Hear(reply.Command, reply.Attempt, reply.Refusal);

    private static void TimeOut(SagaSpecification<Transfer> transfer, bool stale)
    {
        if (transfer.Saga.Deadline is { } deadline)
            transfer.TimeOut(stale ? deadline.Epoch - 1 : deadline.Epoch);
    }

    // A person acts minutes later, when nothing is under way that was sent before.
    private void AskPerson(Act act)
    {
        if (_transfers.Count == 0)
            return;
        var which = act.Which % _transfers.Count;
        if (_copies.Exists(copy => copy.Transfer == which))
            return;
        if (act.Extra % 4 == 0)
        {
            Settle(which, act.Extra / 4);
            return;
        }
        // The grain looks into the log first for what took effect, whether it was told or not.
        foreach (var done in _movements.FindAll(movement => movement.Transfer == which))
            _transfers[which].Hear(done.Command, attempt: 1, refusal: null);
        _ = act.Extra % 3 == 0 ? _transfers[which].Undo() : _transfers[which].Retry();
    }

    // A person has looked into the account, and says what is true.
    private void Settle(int which, int chance)
    {
        if (Pick(_transfers[which].Saga.Unanswered, chance) is not { } command)
            return;
        var isDone = _recorded.Contains((int.Parse(command.Message.Target), command.Id));
        _transfers[which].Settle(command.Id, isDone ? CommandOutcome.Done : CommandOutcome.NotDone);
    }

    private void Bring(int account, long amount)
    {
        if (Ask(account, new Deposit(amount, null)) is null)
            _broughtIn += amount;
    }

    private void Take(int account, int chance)
    {
        var amount = Math.Min(_accounts[account].Balance, chance % 9_00);
        if (Ask(account, new Withdraw(amount, null)) is null)
            _broughtIn -= amount;
        if (chance % 5 == 0)
            Ask(account, new Close());
    }

    private string? Ask(int account, AccountCommand command)
    {
        var decision = Account.Decide(command, _accounts[account], SagaSpecification.Now);
        foreach (var happened in decision.Events)
            _accounts[account] = Account.Evolve(_accounts[account], happened);
        return decision.Refusal?.Code;
    }

    private void Check()
    {
        var inFlight = 0L;
        for (var which = 0; which < _transfers.Count; which++)
        {
            var saga = _transfers[which].Saga;
            var withdrawn = -_movements.Where(movement => movement.Transfer == which).Sum(movement => movement.Amount);
            // Who deals with a compensation by hand brings that money in, or takes it out.
            var held = withdrawn + DealtWithByHand(saga);
            Must(held == 0 || held == saga.Data.Amount, $"t{which} holds {held} of {saga.Data.Amount}{Story(which)}");
            inFlight += withdrawn;
        }
        Must(_accounts.Sum(account => account.Balance) + inFlight == _broughtIn, "money was made or lost");
        Must(_accounts.All(account => account.Balance >= 0), "an account is overdrawn");
    }

    private string Story(int which) => string.Concat(
        _transfers[which].Log.Select(step => $"\n  {step}")
            .Concat(_movements.Where(movement => movement.Transfer == which).Select(moved => $"\n  {moved}")));

    private static long DealtWithByHand(Saga<Transfer> saga) => saga.Commands
        .Where(command => command.Status is CommandStatus.ByHand)
        .Sum(command => command.Message.Type == AccountMessages.Withdraw.Name ? saga.Data.Amount : -saga.Data.Amount);

    private bool IsUnderWay =>
        _copies.Count + _replies.Count > 0 || _transfers.Exists(transfer => !transfer.Saga.IsOver);

    // From here on everything arrives, in some order, and a person sees to what is stuck.
    private void End()
    {
        for (var round = 0; IsUnderWay; round++)
        {
            Must(round < 100, "a transfer does not end");
            foreach (var (transfer, command) in Unanswered().ToList())
                Send(transfer, command!, copies: 1);
            DeliverAll();
            foreach (var stuck in _transfers.Where(transfer => transfer.Saga.Stuck is not null))
                _ = round % 2 == 0 ? stuck.Retry() : stuck.Undo();
        }
        for (var which = 0; which < _transfers.Count; which++)
            CheckEnd(which);
    }

    private void DeliverAll()
    {
        while (_copies.Count > 0)
            Deliver(Remove(_copies, _copies.Count / 2), chance: 1);
        while (_replies.Count > 0)
            Answer(Remove(_replies, _replies.Count / 2));
        Check();
    }

    private void CheckEnd(int which)
    {
        var (saga, log) = (_transfers[which].Saga, _transfers[which].Log);
        var ends = log.Select(step => step.Status).Where(IsEnd).Distinct().ToList();
        Must(ends.Count == 1 && ends[0] == saga.Status, $"t{which} ended as {string.Join(", ", ends)}");
        Must(
            log.SkipWhile(step => !IsEnd(step.Status)).All(step => IsEnd(step.Status)),
            $"t{which} went on after its end");

        var own = _movements.Where(movement => movement.Transfer == which).ToList();
        Must(own.DistinctBy(movement => movement.Command).Count() == own.Count, $"t{which} did something twice");
        Must(own.Count(movement => movement.Amount < 0) <= 2, $"t{which} withdrew too often");
        var moved = saga.Status is SagaStatus.Completed ? saga.Data.Amount : 0;
        var isByHand = saga.Commands.Any(command => command.Status is CommandStatus.ByHand);
        Must(NetOf(saga.Data.From) + NetOf(saga.Data.To) == DealtWithByHand(saga), $"t{which} did not end even");
        Must(isByHand || NetOf(saga.Data.To) == moved, $"t{which} moved {NetOf(saga.Data.To)} for {moved}");

        long NetOf(string account) =>
            own.Where(movement => $"{movement.Account}" == account).Sum(movement => movement.Amount);
    }

    private static bool IsEnd(SagaStatus status) =>
        status is SagaStatus.Completed or SagaStatus.Compensated or SagaStatus.Failed;

    private IEnumerable<(int Transfer, CommandState? Command)> Unanswered() =>
        _transfers.SelectMany((transfer, which) =>
            transfer.Saga.Unanswered.Select(command => (which, (CommandState?)command)));

    private static T? Pick<T>(IEnumerable<T> from, int which)
    {
        var all = from.ToList();
        return all.Count == 0 ? default : all[which % all.Count];
    }

    private static T Remove<T>(List<T> from, int which)
    {
        var item = from[which % from.Count];
        from.Remove(item);
        return item;
    }

    private static void Must(bool holds, string otherwise)
    {
        if (!holds)
            throw new HistoryException(otherwise);
    }

    private sealed record Copy(int Transfer, Guid Command, int Attempt, Message Message);

    private sealed record Reply(int Transfer, Guid Command, int Attempt, string? Refusal);

    private sealed record Movement(int Transfer, int Account, long Amount, Guid Command);
}
