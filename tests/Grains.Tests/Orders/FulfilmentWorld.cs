using System.Text.Json;
using Waybill.Grains.Accounts;
using Waybill.Grains.Orders;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;

namespace Waybill.Tests.Grains.Orders;

/// <summary>
/// A shop, its customers' accounts, orders and a network that loses, doubles and reorders everything between them.
/// After each act it checks that money and stock are where they can be accounted for; at the end, that each order has
/// ended, once, one way or the other.
/// </summary>
internal sealed class FulfilmentWorld
{
    private const int Customers = 3;
    private const int OrdersMax = 5;
    private const string Merchant = "merchant-EUR";

    private static readonly string[] Skus = ["tea", "pot"];

    private readonly Street<Account, AccountCommand, AccountEvent> _accounts = new();
    private readonly Street<Stock, StockCommand, StockEvent> _stock = new();
    private readonly Street<Order, OrderCommand, OrderEvent> _orders = new();
    private readonly List<SagaSpecification<Fulfilment>> _sagas = [];
    private readonly List<Copy> _copies = [];
    private readonly List<Reply> _replies = [];

    // What the log says of each order, and how much of it its fulfilment has been told.
    private readonly List<(List<SagaInput.Request> News, int Told)> _log = [];

    public FulfilmentWorld()
    {
        foreach (var account in Enumerable.Range(0, Customers).Select(customer => $"{customer}").Append(Merchant))
            _accounts.Ask(account, new AccountCommand.Open("ann", "EUR"));
        foreach (var sku in Skus)
            _stock.Ask(sku, new StockCommand.Offer(sku, 4_50, "EUR"));
    }

    /// <summary>Lives through a history, and then through whatever is needed to bring everything to its end.</summary>
    /// <exception cref="HistoryException">Something is not as it must always be.</exception>
    public static void Live(IEnumerable<Act> history)
    {
        var world = new FulfilmentWorld();
        foreach (var act in history)
        {
            world.Do(act);
            world.Check();
        }
        world.End();
    }

    private void Do(Act act)
    {
        switch (act.Kind % 18)
        {
            case 0 or 1:
                Place(act);
                break;
            case 2 or 3 or 4:
                if (Pick(Unanswered(), act.Which) is { Command: { } command } sent)
                    Send(sent.Order, command, copies: 1 + act.Extra % 2);
                break;
            case 5 or 6 or 7:
                if (_copies.Count > 0)
                    Deliver(Remove(_copies, act.Which), act.Extra);
                break;
            case 8 or 9 or 10:
                if (_replies.Count > 0)
                    Answer(act.Extra % 3 == 0 ? _replies[act.Which % _replies.Count] : Remove(_replies, act.Which));
                break;
            case 11:
                if (_copies.Count > 0)
                    Remove(_copies, act.Which);
                break;
            case 12:
                if (_sagas.Count > 0)
                    TimeOut(_sagas[act.Which % _sagas.Count], stale: act.Extra % 4 == 0);
                break;
            case 13:
                AskPerson(act);
                break;
            case 14:
                if (_sagas.Count > 0)
                    Tell(act.Which % _sagas.Count, again: act.Extra % 4 == 0);
                break;
            case 15:
                CancelOrDeliver(act);
                break;
            case 16:
                _accounts.Ask($"{act.Which % Customers}", new AccountCommand.Deposit(act.Extra % 40_00, null));
                _stock.Ask(Skus[act.Which % Skus.Length], new StockCommand.Receive(act.Extra % 5));
                break;
            default:
                Take(act);
                break;
        }
    }

    private void Place(Act act)
    {
        if (_sagas.Count == OrdersMax)
            return;
        var id = $"o{_sagas.Count}";
        OrderItem[] items =
        [
            .. Skus.Where((_, i) => i == 0 || act.Extra % 2 == 0)
                .Select((sku, i) => new OrderItem(sku, sku, 1 + act.Extra / 2 % 4, 4_50)),
        ];
        var account = $"{act.Which % Customers}";
        _orders.Ask(id, new OrderCommand.Place("c1", account, "EUR", items, "1 High Street"));
        _sagas.Add(new(id));
        _log.Add(([new Fulfilment.OrderPlaced(new(
            id,
            account,
            "EUR",
            _orders[id].Total,
            [.. items.Select(item => new FulfilledItem(item.Sku, item.Quantity))]))], 0));
    }

    private void CancelOrDeliver(Act act)
    {
        if (_sagas.Count == 0)
            return;
        var which = act.Which % _sagas.Count;
        if (act.Extra % 2 == 0)
            _orders.Ask($"o{which}", new OrderCommand.Deliver());
        else if (_orders.Ask($"o{which}", new OrderCommand.Cancel("changed my mind")) is null)
            _log[which].News.Add(new Fulfilment.OrderCancelled("changed my mind"));
    }

    // What the log says comes in order and at least once.
    private void Tell(int which, bool again)
    {
        var (news, told) = _log[which];
        if (again && told > 0)
            _sagas[which].Take(news[told - 1]);
        else if (told < news.Count)
        {
            _sagas[which].Take(news[told]);
            _log[which] = (news, told + 1);
        }
    }

    private void Send(int order, CommandState command, int copies)
    {
        for (var copy = 0; copy < copies; copy++)
            _copies.Add(new(order, command.Id, command.Attempt, command.Message));
    }

    private void Deliver(Copy copy, int chance)
    {
        var (isNew, code) = Carry(copy);
        if (isNew) // The event comes over the stream as well, in its own time.
            _replies.Add(new(copy.Order, copy.Command, copy.Attempt, null));
        if (chance % 4 != 0) // Otherwise the answer is lost.
            _replies.Add(new(copy.Order, copy.Command, copy.Attempt, code));
    }

    private (bool IsNew, string? Code) Carry(Copy copy)
    {
        var (type, target, payload) = (copy.Message.Type, copy.Message.Target, copy.Message.Payload.Text);
        var accounts = AccountMessageJson.Default;
        switch (type)
        {
            case "account.hold":
                var hold = JsonSerializer.Deserialize(payload, accounts.HoldMessage)!;
                return _accounts.Carry(copy, new AccountCommand.Hold(hold.HoldId, hold.Amount, hold.Reference));
            case "account.release":
                var release = JsonSerializer.Deserialize(payload, accounts.ReleaseMessage)!;
                return _accounts.Carry(copy, new AccountCommand.Release(release.HoldId));
            case "account.capture":
                var capture = JsonSerializer.Deserialize(payload, accounts.HoldMessage)!;
                return _accounts.Carry(
                    copy, new AccountCommand.Capture(capture.HoldId, capture.Amount, capture.Reference));
            case "account.deposit":
                var deposit = JsonSerializer.Deserialize(payload, accounts.MoneyMessage)!;
                return _accounts.Carry(copy, new AccountCommand.Deposit(deposit.Amount, deposit.Reference));
            case "account.withdraw":
                var withdraw = JsonSerializer.Deserialize(payload, accounts.MoneyMessage)!;
                return _accounts.Carry(copy, new AccountCommand.Withdraw(withdraw.Amount, withdraw.Reference));
            case "order.reserve":
                return _orders.Carry(copy, new OrderCommand.Reserve());
            case "order.ship":
                return _orders.Carry(copy, new OrderCommand.Ship("WB1"));
            case "order.cancel":
                var (isNew, code) = _orders.Carry(copy, new OrderCommand.Cancel(payload));
                return (isNew, code == "order-cancelled" ? null : code);
        }
        var part = JsonSerializer.Deserialize(payload, StockMessageJson.Default.ReservationMessage)!;
        return _stock.Carry(copy, type switch
        {
            "stock.reserve" => new StockCommand.Reserve(part.OrderId, part.Quantity),
            "stock.release" => new StockCommand.Release(part.OrderId),
            "stock.ship" => new StockCommand.Ship(part.OrderId),
            _ => throw new HistoryException($"{type} to {target} is not known"),
        });
    }

    private void Answer(Reply reply) => _sagas[reply.Order].Hear(reply.Command, reply.Attempt, reply.Refusal);

    private static void TimeOut(SagaSpecification<Fulfilment> saga, bool stale)
    {
        if (saga.Saga.Deadline is { } deadline)
            saga.TimeOut(stale ? deadline.Epoch - 1 : deadline.Epoch);
    }

    // A person acts minutes later, when nothing is under way that was sent before.
    private void AskPerson(Act act)
    {
        if (_sagas.Count == 0)
            return;
        var which = act.Which % _sagas.Count;
        if (_copies.Exists(copy => copy.Order == which))
            return;
        if (act.Extra % 4 == 0)
            Settle(which, act.Extra / 4);
        else if (act.Extra % 3 == 0)
            Undo(which);
        else
            _sagas[which].Retry();
    }

    // Who deals with a compensation by hand lets go what it would have let go.
    private void Undo(int which)
    {
        _sagas[which].Undo();
        foreach (var command in _sagas[which].Saga.Commands)
            if (command is { Status: CommandStatus.ByHand, Message.Type: "account.release" or "stock.release" })
                Carry(new(which, NameBasedId.Of(command.Id, "by hand"), command.Attempt, command.Message));
    }

    // A person has looked whether a command took effect, and says what is true.
    private void Settle(int which, int chance)
    {
        if (Pick(_sagas[which].Saga.Unanswered, chance) is not { } command)
            return;
        var (id, target) = (command.Id, command.Message.Target);
        var isDone = _accounts.HasRecorded(target, id) || _stock.HasRecorded(target, id)
            || _orders.HasRecorded(target, id);
        // Of what has only to be told, that person tells it.
        if (!isDone && command.Message.Type == "order.cancel")
            isDone = _orders.Ask(target, new OrderCommand.Cancel("by hand"))
                is null or "order-cancelled";
        _sagas[which].Settle(command.Id, isDone ? CommandOutcome.Done : CommandOutcome.NotDone);
    }

    private void Take(Act act)
    {
        var account = act.Which % 4 is var which and < Customers ? $"{which}" : Merchant;
        var amount = Math.Min(_accounts[account].Available, act.Extra % 9_00);
        _accounts.Ask(account, new AccountCommand.Withdraw(amount, null));
        if (act.Extra % 5 == 0 && account != Merchant)
            _accounts.Ask(account, new AccountCommand.Close());
    }

    private void Check()
    {
        foreach (var sku in Skus)
        {
            var stock = _stock[sku];
            var events = _stock.EventsOf(sku);
            var received = events.OfType<StockEvent.Received>().Sum(e => e.Quantity);
            var shipped = events.OfType<StockEvent.Shipped>().Sum(e => e.Quantity);
            Must(stock.OnHand == received - shipped, $"{sku}: {stock.OnHand} of {received} - {shipped}");
            Must(stock.Reserved == stock.Reservations.Values.Sum(), $"{sku}: the promises do not add up");
            Must(stock.Reserved >= 0 && stock.Reserved <= stock.OnHand, $"{sku}: promised {stock.Reserved} twice");
        }
        foreach (var account in _accounts.Ids)
            Must(_accounts[account] is { Available: >= 0, Balance: >= 0 }, $"{account} is overdrawn");
        for (var which = 0; which < _sagas.Count; which++)
            CheckOrder(which);
    }

    private void CheckOrder(int which)
    {
        var (saga, order) = (_sagas[which].Saga, _orders[$"o{which}"]);
        var (customer, merchant) = (Net(which, saga.Data.AccountId), Net(which, Merchant));
        if (!IsByHand(saga))
        {
            Must(customer == 0 || customer == -order.Total, $"o{which} has taken {customer} of {order.Total}");
            Must(merchant == 0 || merchant == order.Total, $"o{which} has paid {merchant} of {order.Total}");
        }
        var isShipped = order.Status is OrderStatus.Shipped or OrderStatus.Delivered;
        Must(!isShipped || (customer, merchant) == (-order.Total, order.Total), $"o{which} is shipped and not paid");
        var isUndone = saga.Commands.Any(command => command.Undoes is not null);
        Must(!isShipped || !isUndone, $"o{which} is shipped and undone");
        Must(isShipped || !HasLeft(which), $"o{which} has left without being shipped");
    }

    private bool IsUnderWay => _copies.Count + _replies.Count > 0
        || _sagas.Exists(saga => !saga.Saga.IsOver) || _log.Exists(log => log.Told < log.News.Count);

    // From here on everything arrives, in some order, and a person sees to what is stuck.
    private void End()
    {
        for (var round = 0; IsUnderWay; round++)
        {
            Must(round < 100, "an order does not end");
            for (var which = 0; which < _sagas.Count; which++)
                Tell(which, again: false);
            foreach (var (order, command) in Unanswered().ToList())
                Send(order, command!, copies: 1);
            while (_copies.Count > 0)
                Deliver(Remove(_copies, _copies.Count / 2), chance: 1);
            while (_replies.Count > 0)
                Answer(Remove(_replies, _replies.Count / 2));
            Check();
            for (var which = 0; which < _sagas.Count; which++)
                if (_sagas[which].Saga.Stuck is not null && round % 2 == 0)
                    _sagas[which].Retry();
                else if (_sagas[which].Saga.Stuck is not null)
                    Undo(which);
        }
        for (var which = 0; which < _sagas.Count; which++)
            CheckEnd(which);
    }

    private void CheckEnd(int which)
    {
        var (saga, log) = (_sagas[which].Saga, _sagas[which].Log);
        var ends = log.Select(step => step.Status).Where(IsEnd).Distinct().ToList();
        Must(ends.Count == 1 && ends[0] == saga.Status, $"o{which} ended as {string.Join(", ", ends)}");
        Must(
            log.SkipWhile(step => !IsEnd(step.Status)).All(step => IsEnd(step.Status)),
            $"o{which} went on after its end");

        var order = _orders[$"o{which}"];
        var isShipped = order.Status is OrderStatus.Shipped or OrderStatus.Delivered;
        Must(isShipped || order is { Status: OrderStatus.Cancelled, Reason: not null }, $"o{which} is {order.Status}");
        Must(isShipped == saga.Status is SagaStatus.Completed, $"o{which} is {order.Status}, its saga {saga.Status}");
        Must(isShipped == HasLeft(which), $"o{which} is {order.Status}, and has left: {HasLeft(which)}");
        foreach (var sku in Skus)
            Must(!_stock[sku].Reservations.ContainsKey($"o{which}"), $"o{which} holds {sku} for ever");
        Must(_accounts[saga.Data.AccountId].Holds.Amount($"o{which}") == 0, $"o{which} holds money for ever");
        if (!isShipped && !IsByHand(saga))
            Must(
                (Net(which, saga.Data.AccountId), Net(which, Merchant)) == (0, 0), $"o{which} did not end even");
    }

    private bool HasLeft(int which) => Skus.Any(sku =>
        _stock.EventsOf(sku).OfType<StockEvent.Shipped>().Any(shipped => shipped.OrderId == $"o{which}"));

    // What an order has brought to an account, or taken from it.
    private long Net(int which, string account) => _accounts.MovedBy(which, account).Sum(happened => happened switch
    {
        AccountEvent.MoneyDeposited e => e.Amount,
        AccountEvent.MoneyWithdrawn e => -e.Amount,
        AccountEvent.HoldCaptured e => -e.Amount,
        _ => 0,
    });

    // Who deals with a compensation by hand brings that money in, or takes it out.
    private static bool IsByHand(Saga<Fulfilment> saga) =>
        saga.Commands.Any(command => command.Status is CommandStatus.ByHand);

    private static bool IsEnd(SagaStatus status) =>
        status is SagaStatus.Completed or SagaStatus.Compensated or SagaStatus.Failed;

    private IEnumerable<(int Order, CommandState? Command)> Unanswered() => _sagas.SelectMany((saga, which) =>
        saga.Saga.Unanswered.Select(command => (which, (CommandState?)command)));

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

    private sealed record Copy(int Order, Guid Command, int Attempt, Message Message);

    private sealed record Reply(int Order, Guid Command, int Attempt, string? Refusal);

    /// <summary>All aggregates of a kind, which answer a command that they have recorded as they did then.</summary>
    private sealed class Street<TState, TCommand, TEvent>
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TEvent : class
    {
        private readonly Dictionary<string, TState> _states = [];
        private readonly Dictionary<string, List<(Copy? By, TEvent Happened)>> _events = [];

        public TState this[string id] => _states.GetValueOrDefault(id, TState.Initial);

        public IEnumerable<string> Ids => _states.Keys;

        public IEnumerable<TEvent> EventsOf(string id) =>
            _events.GetValueOrDefault(id, []).Select(recorded => recorded.Happened);

        public IEnumerable<TEvent> MovedBy(int order, string id) =>
            _events.GetValueOrDefault(id, []).Where(recorded => recorded.By?.Order == order)
                .Select(recorded => recorded.Happened);

        public bool HasRecorded(string id, Guid command) =>
            _events.GetValueOrDefault(id, []).Exists(recorded => recorded.By?.Command == command);

        public string? Ask(string id, TCommand command) => Ask(id, command, by: null).Code;

        public (bool IsNew, string? Code) Carry(Copy copy, TCommand command) =>
            HasRecorded(copy.Message.Target, copy.Command)
                ? (false, null)
                : Ask(copy.Message.Target, command, copy);

        private (bool IsNew, string? Code) Ask(string id, TCommand command, Copy? by)
        {
            var decision = TState.Decide(command, this[id], SagaSpecification.Now);
            _states[id] = decision.Events.Aggregate(this[id], TState.Evolve);
            _events.TryAdd(id, []);
            _events[id].AddRange(decision.Events.Select(happened => (by, happened)));
            return (decision.Events.Count > 0, decision.Refusal?.Code);
        }
    }
}
