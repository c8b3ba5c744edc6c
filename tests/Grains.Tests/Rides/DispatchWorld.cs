using System.Text.Json;
using Waybill.Grains.Accounts;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Tests.Grains.Sagas;

namespace Waybill.Tests.Grains.Rides;

/// <summary>
/// Drivers, rides, the riders' account, and a network that loses, doubles and reorders everything between them and
/// their dispatches; the log alone keeps its order. After each act it checks that each ride's driver has that ride.
/// </summary>
internal sealed class DispatchWorld
{
    private const int RidesMax = 4;
    private const long Money = 25_00; // Enough for some of the rides.

    private readonly Dictionary<string, Driver> _drivers = [];
    private readonly List<Line> _rides = [];
    private readonly HashSet<(string Target, Guid Command)> _recorded = [];
    private readonly List<Copy> _copies = [];
    private readonly List<Reply> _replies = [];
    private Account _account = Account.Initial;

    private DispatchWorld()
    {
        Ask(new AccountCommand.Open("ann", "EUR"));
        Ask(new AccountCommand.Deposit(Money, null));
        foreach (var id in (string[])["d0", "d1", "d2"])
        {
            _drivers[id] = Driver.Initial;
            Ask(id, new DriverCommand.Register(id, "Dora", "van", $"acc-{id}", "EUR"));
            Ask(id, new DriverCommand.GoOnline(default));
        }
    }

    /// <summary>Lives through a history, and then through whatever brings everything to its end.</summary>
    /// <exception cref="HistoryException">Something is not as it must always be.</exception>
    public static void Live(IEnumerable<Act> history)
    {
        var world = new DispatchWorld();
        foreach (var act in history)
        {
            world.Do(act);
            world.Check();
        }
        world.End();
    }

    private void Do(Act act)
    {
        var line = _rides.Count > 0 ? _rides[act.Which % _rides.Count] : null;
        switch (act.Kind % 16)
        {
            case 0 or 1 when _rides.Count < RidesMax:
                _rides.Add(new($"r{_rides.Count}"));
                Ask(_rides[^1], new RideCommand.Request("ann", "acc", "EUR", default, new(0.03, 0)));
                break;
            case 2 or 3 when line is not null:
                HearLog(line);
                break;
            case 4 or 5 or 6 when line?.Dispatch.Saga.Unanswered.ToList() is { Count: > 0 } open:
                Send(line, open[act.Extra % open.Count], copies: 1 + (act.Extra % 2));
                break;
            case 7 or 8 or 9 when _copies.Count > 0:
                Deliver(Remove(_copies, act.Which), act.Extra);
                break;
            case 10 or 11 when _replies.Count > 0:
                Answer(act.Extra % 3 == 0 ? _replies[act.Which % _replies.Count] : Remove(_replies, act.Which));
                break;
            case 12 when _copies.Count > 0:
                Remove(_copies, act.Which);
                break;
            case 13 when line?.Dispatch.Saga.Deadline is { } deadline:
                line.Dispatch.TimeOut(deadline.Epoch);
                break;
            case 14 when line is not null:
                Ask(line, Wish(line, act.Extra));
                break;
            case 15:
                Ask($"d{act.Which % 3}", act.Extra % 3 == 0
                    ? new DriverCommand.GoOffline()
                    : new DriverCommand.GoOnline(default));
                break;
        }
    }

    private static RideCommand Wish(Line line, int chance) => (chance % 6) switch
    {
        0 => new RideCommand.PassOver(line.Ride.DriverId ?? "d0", "declined"),
        1 or 2 => new RideCommand.Arrive(),
        3 => new RideCommand.Start(),
        4 => new RideCommand.Complete(1_000),
        _ => new RideCommand.Cancel(CancelledBy.Rider, "rain"),
    };

    // What the reader of the log tells, in order.
    private static void HearLog(Line line)
    {
        if (line.Heard == line.Log.Count)
            return;
        SagaInput.Request? input = line.Log[line.Heard++] switch
        {
            RideEvent.Requested e => new Dispatch.Requested(Dispatch.Initial with
            {
                RideId = line.Id,
                AccountId = e.AccountId,
                Currency = e.Currency,
                Estimate = e.Estimate,
                Radius = 1,
                ArrivalLimit = TimeSpan.FromMinutes(1),
            }),
            RideEvent.DriverPassedOver e => new Dispatch.PassedOver(e.DriverId),
            RideEvent.DriverArrived => new Dispatch.Arrived(),
            RideEvent.Completed => new Dispatch.Completed(),
            RideEvent.Cancelled e => new Dispatch.Cancelled(e.Reason),
            _ => null,
        };
        if (input is not null)
            line.Dispatch.Take(input);
    }

    private void Send(Line line, CommandState command, int copies)
    {
        for (var copy = 0; copy < copies; copy++)
            _copies.Add(new(line, command.Id, command.Attempt, command.Message));
    }

    private void Deliver(Copy copy, int chance)
    {
        var (message, json) = (copy.Message, RideMessageJson.Default);
        if (message.Type == RideMessages.Search.Name)
        {
            // The index may be wrong about who is free, but not about who was asked.
            var except = JsonSerializer.Deserialize(message.Payload.Text, json.SearchMessage)!.Query.Except!;
            var found = _drivers.Keys.Except(except).Where(id => chance % 3 == 0 || _drivers[id].IsFree).Order();
            var result = new RawJson(JsonSerializer.Serialize(new([.. found]), json.Candidates));
            _replies.Add(new(copy, Refusal: null, result));
            return;
        }
        var isRecorded = _recorded.Contains((message.Target, copy.Command));
        var (refusal, isNews) = isRecorded ? (null, false) : Carry(message);
        if (isNews)
        {
            _recorded.Add((message.Target, copy.Command));
            _replies.Add(new(copy, Refusal: null, Result: null)); // The event comes over the stream as well.
        }
        if (chance % 4 != 0) // Otherwise the answer is lost.
            _replies.Add(new(copy, refusal, Result: null));
    }

    private (string? Refusal, bool IsNews) Carry(Message message)
    {
        var (text, json) = (message.Payload.Text, RideMessageJson.Default);
        var ride = _rides.Find(line => line.Id == message.Target);
        return message.Type switch
        {
            "driver.assign" when Read(json.AssignMessage) is var m =>
                Ask(message.Target, new DriverCommand.Assign(m.RideId, m.Currency)),
            "driver.release" => Ask(message.Target, new DriverCommand.Release(Read(json.RideMessage).RideId)),
            "ride.match" when Read(json.DriverMessage) is var m =>
                Ask(ride!, new RideCommand.Match(m.DriverId, $"acc-{m.DriverId}")),
            "ride.pass-over" when Read(json.PassOverMessage) is var m =>
                Ask(ride!, new RideCommand.PassOver(m.DriverId, m.Reason)),
            "ride.cancel" => Ask(ride!, new RideCommand.Cancel(CancelledBy.System, Read(json.ReasonMessage).Reason)),
            "account.hold" when JsonSerializer.Deserialize(text, AccountMessageJson.Default.HoldMessage) is { } m =>
                Ask(new AccountCommand.Hold(m.HoldId, m.Amount, m.Reference)),
            "account.release" => Ask(new AccountCommand.Release(
                JsonSerializer.Deserialize(text, AccountMessageJson.Default.ReleaseMessage)!.HoldId)),
            var other => throw new HistoryException($"nobody carries out {other}"),
        };

        T Read<T>(System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
            JsonSerializer.Deserialize(text, type)!;
    }

    private static void Answer(Reply reply) =>
        reply.Copy.Line.Dispatch.Hear(reply.Copy.Command, reply.Copy.Attempt, reply.Refusal, reply.Result);

    private (string? Refusal, bool IsNews) Ask(AccountCommand command)
    {
        var decision = Account.Decide(command, _account, SagaSpecification.Now);
        _account = decision.Events.Aggregate(_account, Account.Evolve);
        return (decision.Refusal?.Code, decision.Events.Count > 0);
    }

    private (string? Refusal, bool IsNews) Ask(string driver, DriverCommand command)
    {
        var decision = Driver.Decide(command, _drivers[driver], SagaSpecification.Now);
        _drivers[driver] = decision.Events.Aggregate(_drivers[driver], Driver.Evolve);
        return (decision.Refusal?.Code, decision.Events.Count > 0);
    }

    private static (string? Refusal, bool IsNews) Ask(Line line, RideCommand command)
    {
        var decision = Ride.Decide(command, line.Ride, SagaSpecification.Now);
        line.Ride = decision.Events.Aggregate(line.Ride, Ride.Evolve);
        line.Log.AddRange(decision.Events);
        return (decision.Refusal?.Code, decision.Events.Count > 0);
    }

    private void Check()
    {
        foreach (var (id, ride) in _rides.Select(line => (line.Id, line.Ride)))
        {
            if (ride.Status is RideStatus.Matched or RideStatus.Arrived or RideStatus.Started)
                Must(_drivers[ride.DriverId!].RideId == id, $"{ride.DriverId} does not have {id}");
            Must(ride.PassedOver.Distinct().Count() == ride.PassedOver.Length, $"{id} asked somebody twice");
        }
        Must(_account.Balance == Money && _account.Available >= 0, "money was made or lost");
        // Silence on the way back calls for a person; a refusal there would be a fault.
        foreach (var stuck in _rides.Select(line => line.Dispatch.Saga.Stuck).OfType<string>())
            Must(stuck.EndsWith(": timed-out", StringComparison.Ordinal), $"a dispatch is stuck: {stuck}");
    }

    // From here on everything arrives, drivers drive, and time passes where nothing else happens.
    private void End()
    {
        for (var round = 0; _rides.Exists(line => !HasEnded(line)); round++)
        {
            Must(round < 200, $"it does not end: {string.Join(", ", _rides.Select(line => line.Ride.Status))}");
            foreach (var line in _rides)
            {
                while (line.Heard < line.Log.Count)
                    HearLog(line);
                if (line.Dispatch.Saga.Stuck is not null)
                    line.Dispatch.Retry();
                foreach (var command in line.Dispatch.Saga.Unanswered.ToList())
                    Send(line, command, copies: 1);
                foreach (var wish in (RideCommand[])
                    [new RideCommand.Arrive(), new RideCommand.Start(), new RideCommand.Complete(1_000)])
                    Ask(line, wish);
            }
            while (_copies.Count > 0)
                Deliver(Remove(_copies, _copies.Count / 2), chance: 1);
            while (_replies.Count > 0)
                Answer(Remove(_replies, _replies.Count / 2));
            Check();
        }
        foreach (var line in _rides.Where(line => line.Ride.Status is RideStatus.Completed))
            Ask(new AccountCommand.Capture(Dispatch.HoldIdOf(line.Id), line.Ride.Fare!.Total, null));
        Must(_drivers.Values.All(driver => driver.RideId is null), "a driver still has a ride");
        Must(_account.Available == _account.Balance || _rides.Exists(IsOwed), "money is set aside for nothing");
    }

    private static bool HasEnded(Line line) => line.Heard == line.Log.Count && line.Dispatch.Saga.IsOver
        && line.Ride.Status is RideStatus.Completed or RideStatus.Cancelled;

    // A ride that was not paid for keeps what was set aside for it until it is.
    private bool IsOwed(Line line) =>
        line.Ride.Status is RideStatus.Completed && line.Ride.Fare!.Total > _account.Available;

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

    /// <summary>A ride, its events, how many of them its dispatch has heard of, and that dispatch.</summary>
    private sealed class Line(string id)
    {
        public string Id => id;

        public Ride Ride { get; set; } = Ride.Initial;

        public List<RideEvent> Log { get; } = [];

        public int Heard { get; set; }

        public SagaSpecification<Dispatch> Dispatch { get; } = new(id);
    }

    private sealed record Copy(Line Line, Guid Command, int Attempt, Message Message);

    private sealed record Reply(Copy Copy, string? Refusal, RawJson? Result);
}
