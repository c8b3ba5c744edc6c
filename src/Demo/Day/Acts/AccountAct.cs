using Waybill.Demo.Http;

namespace Waybill.Demo.Day.Acts;

/// <summary>Money comes in, earns something, and is fetched; not more of it than there is.</summary>
internal static class AccountAct
{
    private const string Name = "accounts";

    private static readonly Outcome Done = new("done");

    public static IEnumerable<Visit> Plan(Town town, Random random)
    {
        foreach (var account in random.GetItems<string>([.. town.Accounts], 20))
        {
            var amount = random.NextInt64(1_00, 500_00);
            yield return new(
                Name, "salary", async () => Of(await town.Bank.Deposit(account, amount, "salary")), Done);
        }
        foreach (var account in random.GetItems<string>([.. town.Accounts], 10))
        {
            var interest = random.NextInt64(1, 2_00);
            yield return new(
                Name, "interest", async () => Of(await town.Bank.CreditInterest(account, interest)), Done);
        }
        foreach (var account in random.GetItems<string>([.. town.Accounts], 10))
        {
            var amount = random.NextInt64(1_00, 50_00);
            yield return new(Name, "cash", async () => Of(await town.Bank.Withdraw(account, amount, "cash")), Done);
        }
        for (var i = 0; i < 4; i++)
        {
            var account = town.NewId("poor");
            yield return new(Name, "more cash than there is", async () =>
            {
                await town.Bank.Open(account, "Pit", balance: 1_00);
                return Of(await town.Bank.Withdraw(account, 1_01, "cash"));
            }, new Outcome(Outcome.Refused, "insufficient-funds"));
        }
    }

    private static Outcome Of(Reply reply) => reply.IsSuccess ? Done : Outcome.Of(reply);
}
