using Waybill.EventStore;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using static Waybill.Grains.Accounts.AccountCommand;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>
/// Anything that can go wrong at any call to the store, with several commands in flight. Without a pause between two
/// attempts only a hanging call needs the clock to move, so that whoever is unavailable without one shows as a failure.
/// </summary>
public sealed class FaultInjectionTests(FaultInjectionTests.ImpatientCluster cluster, ITestOutputHelper output)
    : IClassFixture<FaultInjectionTests.ImpatientCluster>
{
    private readonly string _id = $"a{Guid.NewGuid():N}";
    private readonly History _history = new();

    private IAccountGrain Account => cluster.Here(_id);

    private FaultyEventStore Store => cluster.Store;

    public static TheoryData<StoreCall, Fault> AnythingAnywhere => Faults(Enum.GetValues<StoreCall>());

    // An account that is active reads no snapshot.
    public static TheoryData<StoreCall, Fault> AnythingWhileActive =>
        Faults(Enum.GetValues<StoreCall>().Except([StoreCall.ReadSnapshot]));

    [Theory, MemberData(nameof(AnythingAnywhere))]
    public async Task Commands_for_an_account_that_is_not_active_yet(StoreCall call, Fault fault)
    {
        await OpenElsewhere();
        Store.Plan(call, fault);

        var sent = Commands.Select(command => (Context: Context(), Command: command)).ToList();
        var outcomes = Task.WhenAll(sent.Select(one => History.Send(Account, one.Context, one.Command)));

        await ShouldAllBeAnswered(call, fault, sent, outcomes);
    }

    [Theory, MemberData(nameof(AnythingWhileActive))]
    public async Task Commands_that_wait_for_an_append(StoreCall call, Fault fault)
    {
        await OpenElsewhere();
        await Account.Get();
        Store.Plan(StoreCall.Append, Fault.Hold);
        var sent = new List<(CommandContext Context, AccountCommand Command)> { (Context(), new Deposit(1, null)) };
        var answers = new List<Task<Outcome<AccountView>>> { Account.Deposit(sent[0].Context, 1, null) };
        await Store.Struck(Fault.Hold);
        foreach (var command in Commands)
        {
            var arrived = cluster.Arrivals.Of(_id).Reached(cluster.Arrivals.Of(_id).Count + 1);
            sent.Add((Context(), command));
            answers.Add(History.Send(Account, sent[^1].Context, command));
            await arrived;
        }
        if (call is StoreCall.ReadStream)
            Store.Plan(StoreCall.Append, Fault.Rival); // Without one there is nothing to read.
        Store.Plan(call, fault);
        Store.Release();

        await ShouldAllBeAnswered(call, fault, sent, Task.WhenAll(answers));
    }

    [Fact]
    public async Task Two_activations_under_load_with_faults_at_random()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await OpenElsewhere();
        foreach (var call in Enum.GetValues<StoreCall>())
            for (var n = 0; n < 30; n++)
                Store.Plan(call, random.GetItems(MostlyNone, 1));

        var open = Enumerable.Range(0, 120).Select(_ => (Context: Context(), Command: RandomCommand(random))).ToList();
        var hangs = Store.Hangs();
        // Each round ends with the clock moved beyond any rest; a fault strikes once, so that the rounds end as well.
        while (open.Count > 0)
        {
            var outcomes = Task.WhenAll(open.Select(one => History.Send(
                random.Next(2) == 0 ? Account : cluster.Elsewhere(_id), one.Context, one.Command)));
            for (; await Task.WhenAny(outcomes, hangs) != outcomes; hangs = Store.Hangs())
                cluster.Clock.Advance(cluster.Options.Limit);
            open = Keep(open, await outcomes);
            cluster.Clock.Advance(cluster.Options.Rest);
        }

        Store.PlanNothing();
        _history.ShouldBeThatOf(await Recorded(), cluster.Types);
    }

    private static readonly Fault[] MostlyNone =
    [
        .. Enumerable.Repeat(Fault.None, 10),
        Fault.ThrowBefore, Fault.ThrowAfter, Fault.HangBefore, Fault.HangAfter, Fault.Rival, Fault.Rival,
    ];

    private static AccountCommand[] Commands =>
    [
        new Deposit(10, null),
        new Withdraw(1_000, null),
        new Deposit(10, null),
        new Withdraw(65, null),
        new Withdraw(1_000, null),
        new Deposit(10, null),
        new Withdraw(1, null),
    ];

    private static TheoryData<StoreCall, Fault> Faults(IEnumerable<StoreCall> calls) => new(
        from call in calls
        from fault in Enum.GetValues<Fault>().Except([Fault.None, Fault.Hold, Fault.Late])
        select (call, fault));

    private static AccountCommand RandomCommand(Random random) => random.Next(2) == 0
        ? new Deposit(random.Next(1, 20), null)
        : new Withdraw(random.Next(1, 40), null);

    private static CommandContext Context() => new(Guid.CreateVersion7(), "correlation", null, "ann");

    // Leaves 60 on the account, and a snapshot that is a little behind.
    private async Task OpenElsewhere()
    {
        var account = cluster.Elsewhere(_id);
        await account.Open(Context(), "ann", "EUR");
        for (var n = 0; n < 6; n++)
            await account.Deposit(Context(), 10, null);
        while ((await Store.Saved()).Stream.Id != _id)
        {
            // Another test's.
        }
        Store.PlanNothing();
    }

    private async Task ShouldAllBeAnswered(
        StoreCall call,
        Fault fault,
        List<(CommandContext Context, AccountCommand Command)> sent,
        Task<Outcome<AccountView>[]> outcomes)
    {
        await Store.Struck(fault);
        var isHeldUp = fault is Fault.HangBefore or Fault.HangAfter && call is not StoreCall.SaveSnapshot;
        if (isHeldUp)
            cluster.Clock.Advance(cluster.Options.Limit);

        var unanswered = Keep(sent, await outcomes.WaitAsync(FakeTimeProvider.BarrierLimit));

        if (!isHeldUp)
            unanswered.ShouldBeEmpty();
        cluster.Clock.Advance(cluster.Options.Rest);
        Keep(unanswered, await Task.WhenAll(
            unanswered.Select(one => History.Send(Account, one.Context, one.Command)))).ShouldBeEmpty();
        _history.ShouldBeThatOf(await Recorded(), cluster.Types);
    }

    // Enters what was answered into the history, and returns what was not.
    private List<(CommandContext Context, AccountCommand Command)> Keep(
        List<(CommandContext Context, AccountCommand Command)> sent, Outcome<AccountView>[] outcomes)
    {
        foreach (var ((context, command), outcome) in sent.Zip(outcomes))
            if (outcome.Status is not OutcomeStatus.Unavailable)
                _history.Add(context, command, outcome);
        return [.. sent.Where((_, i) => outcomes[i].Status is OutcomeStatus.Unavailable)];
    }

    private ValueTask<List<StoredEvent>> Recorded() =>
        Store.ReadStreamAsync(new StreamName("account", _id)).ToListAsync(TestContext.Current.CancellationToken);

    public sealed class ImpatientCluster : AccountCluster
    {
        public override SourcingOptions Options { get; } = new() { Pause = TimeSpan.Zero, SnapshotEvery = 5 };
    }
}
