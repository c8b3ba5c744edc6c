using Waybill.EventStore;
using Waybill.Grains.Accounts;
using static Waybill.Grains.Accounts.AccountCommand;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Tests.Grains.Accounts;

/// <summary>Random histories of one account; WAYBILL_SEED says which.</summary>
public sealed class AccountHistoryTests(ITestOutputHelper output)
{
    private const int Acts = 20_000;

    [Fact]
    public void Whatever_is_asked_for_nothing_is_below_zero_and_the_read_models_say_the_same()
    {
        var seed = Setting.Seed();
        output.WriteLine($"WAYBILL_SEED={seed}");
        var random = new Random(seed);
        var opened = new Opened("ann", "EUR");
        var (account, version) = (Account.Evolve(Account.Initial, opened), 1L);
        var row = AccountList.Apply(null, Recorded(opened, version));
        var line = Statement.Apply(null, Recorded(opened, version));

        for (var act = 0; act < Acts; act++)
            foreach (var happened in Account.Decide(Some(random), account, default).Events)
            {
                account = Account.Evolve(account, happened);
                row = AccountList.Apply(row, Recorded(happened, ++version));
                line = Statement.Apply(line, Recorded(happened, version));

                account.Available.ShouldBeInRange(0, account.Balance);
                (row!.Balance, row.Held, row.Holds, row.Version)
                    .ShouldBe((account.Balance, account.Holds.Total, account.Holds.ToString(), version));
                (line!.Balance, line.Version).ShouldBe((account.Balance, version));
            }

        version.ShouldBeGreaterThan(Acts / 4, "most was refused");
    }

    private static AccountCommand Some(Random random)
    {
        var (hold, amount) = ($"h{random.Next(4)}", random.NextInt64(-1, 20));
        return random.Next(8) switch
        {
            0 or 1 => new Deposit(amount, null),
            2 => new CreditInterest(amount, null),
            3 => new Withdraw(amount, null),
            4 or 5 => new Hold(hold, amount, null),
            6 => new Release(hold),
            _ => new Capture(hold, amount, null),
        };
    }

    private static RecordedEvent Recorded(AccountEvent happened, long version) => new(
        new(
            Guid.Empty,
            new StreamName(Account.Category, "a1"),
            version,
            Position: version,
            happened.GetType().Name,
            SchemaVersion: 1,
            DateTimeOffset.UnixEpoch,
            Data: [],
            new EventMetadata(Guid.Empty, "correlation", null, "ann")),
        happened);
}
