namespace Waybill.Demo.Day.Acts;

/// <summary>Rides that do not take place, and those that are paid later.</summary>
internal static class RideTroubleAct
{
    private const string Name = "rides";

    public static IEnumerable<Visit> Plan(Town town, Random random)
    {
        Outcome nobody = new("cancelled", "no-driver-found");
        for (var i = 0; i < 3; i++)
            yield return Ride("where no driver is", town.Wilderness, id => town.Taxis.Until(id, "cancelled"), nobody);
        for (var i = 0; i < 3; i++)
        {
            yield return Ride("declined by the only driver", town.Hamlet, async id =>
            {
                await town.TakeDriver(id, declines: int.MaxValue);
                return await town.Taxis.Until(id, "cancelled");
            }, nobody);
        }
        foreach (var (by, why) in new[] { ("rider", "took the bus"), ("driver", "flat tyre"), ("rider", "it rains") })
        {
            yield return Ride($"cancelled by the {by}", town.Centre.Near(random, 2_000), async id =>
            {
                await town.TakeDriver(id, declines: 0);
                return Outcome.Of(await town.Taxis.Cancel(id, by, why));
            }, new("cancelled", why));
        }
        for (var i = 0; i < 4; i++)
        {
            var account = town.NewId("poor");
            yield return OnCredit(account, town.NewId("ride"), town.Centre.Near(random, 2_000), random);
        }

        Visit Ride(string story, Place from, Func<string, Task<Outcome>> onward, Outcome expected)
        {
            var (id, account, to) = (town.NewId("ride"), random.Of(town.Accounts), from.Near(random, 4_000));
            return new(Name, story, async () =>
            {
                (await town.Taxis.Request(id, account, from, to)).OrThrow(id);
                return await onward(id);
            }, expected);
        }

        // The ride is over, the account is empty: the fare stays due, and is charged when there is money.
        Visit OnCredit(string account, string id, Place from, Random random)
        {
            var (to, metres) = (from.Near(random, 4_000), random.NextInt64(800, 9_000));
            return new(Name, "unpaid, and paid after a deposit", async () =>
            {
                await town.Bank.Open(account, "Pit", balance: 1_00);
                await town.Taxis.Seats.WaitAsync();
                try
                {
                    (await town.Taxis.Request(id, account, from, to)).OrThrow(id);
                    if (await town.TakeDriver(id, declines: 0) is null)
                        return await town.Taxis.Until(id, "cancelled");
                    await town.Taxis.Drive(id, metres);
                }
                finally
                {
                    town.Taxis.Seats.Release();
                }
                var unpaid = await town.Taxis.Until(id, "unpaid");
                (await town.Bank.Deposit(account, 100_00, "pocket money")).OrThrow(account);
                var paid = await town.Taxis.Until(id, "paid");
                return paid with { Reason = $"after {unpaid.Reason}" };
            }, new Outcome("paid", "after insufficient-funds"));
        }
    }
}
