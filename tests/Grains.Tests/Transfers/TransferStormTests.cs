using Waybill.EventStore;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;
using Waybill.Grains.Transfers;
using Waybill.Tests.Grains.Sagas;
using static Waybill.Tests.Grains.Sagas.BadNetwork;

namespace Waybill.Tests.Grains.Transfers;

/// <summary>
/// Many transfers at once over three silos, of which some die, and a network that loses 30 % of what is sent or
/// answered and doubles and reorders half of it. WAYBILL_TRANSFERS says how many, WAYBILL_SEED which.
/// </summary>
public sealed class TransferStormTests(ITestOutputHelper output)
{
    private const int Transfers = 300;
    private const int Accounts = 20;
    private const long Balance = 1_000;
    private const int TransfersPerKill = 100;

    // What no transfer ends in; longer than many of them take one after another.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Every_transfer_ends_exactly_once_and_the_sum_holds()
    {
        var seed = Setting.Seed();
        var transfers = Setting.Of("WAYBILL_TRANSFERS") ?? Transfers;
        output.WriteLine($"{transfers} transfers, seed {seed}");
        await using var cluster = new SagaCluster
        {
            Silos = 3,
            Time = TimeProvider.System,
            Options = new SagaOptions
            {
                Pause = TimeSpan.FromMilliseconds(1),
                PauseMax = TimeSpan.FromMilliseconds(20),
                CheckPeriod = TimeSpan.FromSeconds(1),
            },
        };
        await cluster.InitializeAsync();
        for (var account = 0; account < Accounts; account++)
            await cluster.Open($"a{account}", Balance);
        for (var account = Accounts; account < Accounts + 4; account++)
        {
            await cluster.Open($"a{account}", 0);
            await cluster.Account($"a{account}").Close(SagaCluster.Command());
        }

        var network = new BadNetwork(cluster, seed);
        var random = new Random(seed);
        var killAt = Enumerable.Range(0, transfers / TransfersPerKill).Select(_ => random.Next(transfers)).ToHashSet();
        using var slots = new SemaphoreSlim(16);
        var all = new List<Task>();
        for (var number = 0; number < transfers; number++)
        {
            await slots.WaitAsync(TestContext.Current.CancellationToken);
            if (killAt.Contains(number))
            {
                await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[random.Next(cluster.Cluster.Silos.Count)]);
                await cluster.Cluster.StartAdditionalSiloAsync();
            }
            var transfer = new Transfer(
                $"a{random.Next(Accounts)}", $"a{random.Next(Accounts + 4)}", 1 + random.Next(300), "EUR", null);
            all.Add(Live(cluster, $"t{number}", transfer, slots));
        }
        try
        {
            await Task.WhenAll(all).WaitAsync(Limit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            await TellPending(cluster, transfers);
            throw;
        }
        await network.DeliverAll();
        await DeliverEvents(cluster);
        await Check(cluster, transfers);
    }

    private async Task TellPending(SagaCluster cluster, int transfers)
    {
        for (var number = 0; number < transfers; number++)
            if ((await cluster.Transfer($"t{number}").Explain()).View is { } pending && !IsEnd(pending.Status))
                output.WriteLine($"{pending} {string.Join("; ", pending.Steps)}");
    }

    private static async Task Live(SagaCluster cluster, string id, Transfer transfer, SemaphoreSlim slots)
    {
        var start = SagaCluster.Command();
        try
        {
            var outcome = await UntilAnswered(() => cluster.Transfer(id).Start(start, transfer));
            if (outcome.Status is OutcomeStatus.Accepted)
                while ((await UntilAnswered(() => cluster.Transfer(id).Get())).View!.Status is TransferStatus.Pending)
                    await Task.Yield();
        }
        finally
        {
            slots.Release();
        }
    }

    // What the stream of sagas does: a copy that took effect after another one was refused is known by its event only.
    private static async Task DeliverEvents(SagaCluster cluster)
    {
        for (var account = 0; account < Accounts; account++)
            foreach (var happened in await cluster.Recorded(new StreamName("account", $"a{account}")))
                if (happened.Metadata.SagaId is { } saga)
                {
                    var grain = cluster.Cluster.Client.GetSaga(SagaGrains.TryParse(saga)!.Value);
                    await grain.Hear(happened.Metadata.CommandId);
                    await SagaCluster.Until(async () => (await grain.Explain()).View!.Steps
                        .All(step => step.Status is not CommandStatus.Sent));
                }
    }

    private static async Task Check(SagaCluster cluster, int transfers)
    {
        var balances = 0L;
        var moved = new Dictionary<string, long>();
        var commands = new HashSet<(string, Guid)>();
        for (var account = 0; account < Accounts + 4; account++)
        {
            balances += await cluster.Balance($"a{account}");
            foreach (var happened in await cluster.Recorded(new StreamName("account", $"a{account}")))
            {
                if (happened.Metadata.SagaId is not { } saga)
                    continue;
                commands.Add((saga, happened.Metadata.CommandId)).ShouldBeTrue("a command took effect twice");
                moved[saga] = moved.GetValueOrDefault(saga) + SignedAmount(happened.Event);
            }
        }
        balances.ShouldBe(Accounts * Balance);
        moved.Values.ShouldAllBe(amount => amount == 0);

        var ends = new Dictionary<SagaStatus, int>();
        for (var number = 0; number < transfers; number++)
        {
            var steps = (await cluster.Recorded(new StreamName("transfer", $"t{number}")))
                .Select(recorded => (SagaEvent.Stepped)recorded.Event).ToList();
            if (steps.Count == 0)
                continue; // It was refused at the door.
            steps.Select(step => step.Status).Where(IsEnd).Distinct().ShouldHaveSingleItem();
            ends[steps[^1].Status] = ends.GetValueOrDefault(steps[^1].Status) + 1;
            steps.SelectMany(step => step.Sends ?? []).Where(send => send.Undoes is not null)
                .Select(send => send.Undoes).ShouldBeUnique();
        }
        foreach (var (end, count) in ends)
            TestContext.Current.TestOutputHelper?.WriteLine($"{end}: {count}");
    }

    private static bool IsEnd(SagaStatus status) =>
        status is SagaStatus.Completed or SagaStatus.Compensated or SagaStatus.Failed;

    private static long SignedAmount(object happened) => happened switch
    {
        Waybill.Grains.Accounts.AccountEvent.MoneyDeposited deposited => deposited.Amount,
        Waybill.Grains.Accounts.AccountEvent.MoneyWithdrawn withdrawn => -withdrawn.Amount,
        _ => 0,
    };
}
