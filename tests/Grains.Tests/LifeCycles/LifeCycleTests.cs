using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.Grains;
using Waybill.Grains.Accounts;
using Waybill.Grains.Notifications;
using Waybill.Grains.Orders;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Reactions;
using Waybill.Grains.Transfers;

namespace Waybill.Tests.Grains.LifeCycles;

/// <summary>
/// The diagrams in docs/life-cycles.md against the rules: what a diagram shows can happen, and what can happen is
/// shown.
/// </summary>
public sealed class LifeCycleTests
{
    private static readonly EventTypes Types = new ServiceCollection()
        .AddWaybillEvents()
        .BuildServiceProvider()
        .GetRequiredService<EventTypes>();

    private static readonly IReadOnlyList<StreamKind> Kinds = StreamKind.AllIn(typeof(WaybillGrains).Assembly);

    private static readonly AccountCommand[] AccountCommands =
    [
        new AccountCommand.Open("ann", "EUR"),
        new AccountCommand.Deposit(1, null),
        new AccountCommand.Withdraw(1, null),
        new AccountCommand.CreditInterest(1, null),
        new AccountCommand.Hold("h", 1, null),
        new AccountCommand.Release("h"),
        new AccountCommand.Capture("h", 1, null),
        new AccountCommand.Close(),
    ];

    private static readonly StockCommand[] StockCommands =
    [
        new StockCommand.Offer("Tea", 1, "EUR"),
        new StockCommand.Offer("Pot", 1, "EUR"),
        new StockCommand.Receive(1),
        new StockCommand.Reserve("o1", 1),
        new StockCommand.Release("o1"),
        new StockCommand.Ship("o1"),
    ];

    private static readonly OrderCommand[] OrderCommands =
    [
        new OrderCommand.Place("c1", "ann", "EUR", [new("tea", "Tea", 1, 1)], "here"),
        new OrderCommand.Reserve(),
        new OrderCommand.Ship("WB1"),
        new OrderCommand.Deliver(),
        new OrderCommand.Cancel("why"),
    ];

    private static readonly Transfer Some = new("ann", "bob", 5, "EUR", null);

    private static readonly DriverCommand[] DriverCommands =
    [
        new DriverCommand.Register("d", "Dora", "blue van", "acc", "EUR"),
        new DriverCommand.Register("d", "Dora", "red van", "acc", "EUR"),
        new DriverCommand.GoOnline(default),
        new DriverCommand.GoOffline(),
        new DriverCommand.Move(default),
        new DriverCommand.Assign("r", "EUR"),
        new DriverCommand.Release("r"),
    ];

    private static readonly RideCommand[] RideCommands =
    [
        new RideCommand.Request("ann", "acc", "EUR", default, default),
        new RideCommand.Match("d", "acc"),
        new RideCommand.PassOver("d", "declined"),
        new RideCommand.Arrive(),
        new RideCommand.Start(),
        new RideCommand.Complete(1),
        new RideCommand.Cancel(CancelledBy.Rider, "rain"),
        new RideCommand.FailPayment("insufficient-funds"),
        new RideCommand.FailPayment("account-closed"),
        new RideCommand.Pay(1),
        new RideCommand.Rate(RideParty.Rider, 5),
    ];

    // What can be asked of each kind. A kind that is missing here, or in the page, fails the last test.
    private static readonly Dictionary<string, Exploring> Aggregates = new()
    {
        ["account"] = new(AccountCommands, () => Exploration.OfAggregate<Account, AccountCommand, AccountEvent>(
            Types, account => Name(account.Status, AccountStatus.None), depth: 6, AccountCommands)),
        ["stock"] = new(StockCommands, () => Exploration.OfAggregate<Stock, StockCommand, StockEvent>(
            Types, stock => stock.Name == "" ? null : "listed", depth: 5, StockCommands)),
        ["order"] = new(OrderCommands, () => Exploration.OfAggregate<Order, OrderCommand, OrderEvent>(
            Types, order => Name(order.Status, OrderStatus.None), depth: 5, OrderCommands)),
        ["driver"] = new(DriverCommands, () => Exploration.OfAggregate<Driver, DriverCommand, DriverEvent>(
            Types,
            driver => !driver.IsRegistered ? null : driver.IsFree ? "free" : driver.IsOnline ? "busy" : "offline",
            depth: 6,
            DriverCommands)),
        ["ride"] = new(RideCommands, () => Exploration.OfAggregate<Ride, RideCommand, RideEvent>(
            Types, ride => Name(ride.Status, RideStatus.None), depth: 8, RideCommands)),
    };

    private static readonly Dictionary<string, Func<HashSet<Transition>>> Sagas = new()
    {
        ["transfer"] = () => Exploration.OfSaga<Transfer>([new Transfer.Requested(Some)]),
        ["notification"] = () => Exploration.OfSaga<Undelivered>([new Undelivered.WasRefused(new(Guid.Empty, "{}"))]),
        ["fulfilment"] = () => Exploration.OfSaga<Fulfilment>(
        [
            new Fulfilment.OrderPlaced(new("o1", "ann", "EUR", 1, [new("tea", 1)])),
            new Fulfilment.OrderCancelled("why"),
        ]),
        ["reaction"] = () => Exploration.OfSaga<Reaction>(
        [
            new Reaction.Happened(new("welcome", "account", "ann", 1)),
            new Reaction.Happened(new(
                "ride-charge", "ride", "r", 5, new(TimeSpan.FromSeconds(1), 2, TimeSpan.FromHours(1), Times: 1))),
        ]),
        ["dispatch"] = () => Exploration.OfSaga<Dispatch>(
            [
                new Dispatch.Requested(Dispatch.Initial with { RideId = "r", ArrivalLimit = TimeSpan.FromMinutes(1) }),
                new Dispatch.PassedOver("d"),
                new Dispatch.Arrived(),
                new Dispatch.Completed(),
                new Dispatch.Cancelled("rain"),
            ],
            (_, question) => question == "search"
                ? [new("""{"driverIds":[]}"""), new("""{"driverIds":["d"]}""")]
                : [null],
            ["ride-cancelled"],
            depth: 9).Where(IsAStep).ToHashSet(),
    };

    // Answers that come late change nothing: with so many commands they would hide the rest.
    private static bool IsAStep(Transition transition) =>
        transition.From != transition.To || transition.Happened == "timed-out";

    // Where a saga's life is the same whatever saga it is.
    private static readonly string[] Ends = ["compensating", "compensated", "completed", "failed", "stuck"];

    public static TheoryData<string> AggregateNames => [.. Aggregates.Keys];

    public static TheoryData<string> SagaNames => [.. Sagas.Keys];

    [Theory]
    [MemberData(nameof(AggregateNames))]
    public void The_diagram_of_an_aggregate_shows_all_that_can_happen_and_nothing_else(string category) =>
        Compare(category, Aggregates[category].Explore());

    [Theory]
    [MemberData(nameof(SagaNames))]
    public void The_diagram_of_a_saga_shows_all_of_its_way_forward_and_nothing_else(string category) =>
        Compare(category, Sagas[category]().Where(transition => !Ends.Contains(transition.From)));

    [Fact]
    public void The_diagram_of_the_way_back_is_that_of_every_saga() => Compare("saga", (
        from explore in Sagas.Values
        from transition in explore()
        where Ends.Contains(transition.From)
        select new Transition(
            transition.From,
            InAnySaga(transition.Happened),
            Ends.Contains(transition.To) ? transition.To : "running")).Distinct());

    [Theory]
    [MemberData(nameof(AggregateNames))]
    public void Everything_that_can_be_asked_is_asked_and_every_event_comes_of_it(string category)
    {
        var (asked, explore) = Aggregates[category];
        var happened = explore().Select(transition => Types.Find(transition.Happened)!.Json.Type).Distinct();

        asked.Select(command => command.GetType()).Distinct().ShouldBe(
            Declared(asked[0].GetType().BaseType!), ignoreOrder: true);
        happened.ShouldBe(Declared(Kinds.Single(kind => kind.Category == category).Event), ignoreOrder: true);

        static IEnumerable<Type> Declared(Type of) => of.GetNestedTypes().Where(type => type.IsSubclassOf(of));
    }

    [Fact]
    public void Every_kind_of_aggregate_and_saga_has_its_diagram()
    {
        Diagrams.Categories.Order().ShouldBe(Kinds.Select(kind => kind.Category).Append("saga").Order());
        Sagas.Keys.Order().ShouldBe(Kinds.Where(kind => kind.IsSaga).Select(kind => kind.Category).Order());
        Aggregates.Keys.Order().ShouldBe(Kinds.Where(kind => !kind.IsSaga).Select(kind => kind.Category).Order());
    }

    private static void Compare(string category, IEnumerable<Transition> possible)
    {
        var can = possible.ToHashSet();
        var shown = Diagrams.Of(category).ToList();

        can.ShouldNotBeEmpty();
        shown.ShouldBeUnique();
        List<string> faults =
        [
            .. can.Except(shown).Select(transition => $"not shown:     {transition}"),
            .. shown.Except(can).Select(transition => $"cannot happen: {transition}"),
        ];
        if (faults.Count > 0)
            Assert.Fail($"The diagram of {category} in docs/life-cycles.md is wrong.\n"
                + string.Join('\n', faults.Order(StringComparer.Ordinal)));
    }

    // What happened, without the name that the command has in its saga.
    private static string InAnySaga(string happened) => happened.Split(' ') switch
    {
        [var undo, var answer] when undo.StartsWith("undo-", StringComparison.Ordinal) => $"undo {answer}",
        [_, var answer] => answer,
        _ => happened,
    };

    private sealed record Exploring(IReadOnlyList<object> Asked, Func<HashSet<Transition>> Explore);

    private static string? Name<TStatus>(TStatus status, TStatus before)
        where TStatus : struct, Enum => status.Equals(before) ? null : status.ToString().ToLowerInvariant();
}
