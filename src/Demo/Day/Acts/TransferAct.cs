namespace Waybill.Demo.Day.Acts;

/// <summary>Money goes from one account to another, or comes back.</summary>
internal static class TransferAct
{
    private const string Name = "transfers";

    public static IEnumerable<Visit> Plan(Town town, Random random)
    {
        for (var i = 0; i < 40; i++)
        {
            var (from, to) = Two(town.Accounts, random);
            yield return Transfer("among friends", from, to, random.NextInt64(1, 20_00), new("completed"));
        }
        for (var i = 0; i < 6; i++)
        {
            yield return Transfer(
                "to a closed account",
                random.Of(town.Accounts),
                town.ClosedAccount,
                random.NextInt64(1, 20_00),
                new("compensated", "account-closed"));
        }
        for (var i = 0; i < 6; i++)
        {
            var (from, to) = (town.NewId("poor"), random.Of(town.Accounts));
            var transfer = Transfer("of more than there is", from, to, 1_01, new("failed", "insufficient-funds"));
            yield return transfer with
            {
                Happen = async () =>
                {
                    await town.Bank.Open(from, "Pit", balance: 1_00);
                    return await transfer.Happen();
                },
            };
        }
        var self = random.Of(town.Accounts);
        yield return Transfer("to oneself", self, self, 1_00, new(Outcome.Refused, "same-account"));

        Visit Transfer(string story, string from, string to, long amount, Outcome expected)
        {
            var id = town.NewId("transfer");
            return new(Name, story, async () =>
            {
                var started = await town.Bank.Transfer(id, from, to, amount);
                return Outcome.Of(started.IsSuccess ? await town.Bank.EndOfTransfer(id) : started);
            }, expected);
        }
    }

    private static (string From, string To) Two(IReadOnlyList<string> accounts, Random random)
    {
        var from = random.Next(accounts.Count);
        return (accounts[from], accounts[(from + 1 + random.Next(accounts.Count - 1)) % accounts.Count]);
    }
}
