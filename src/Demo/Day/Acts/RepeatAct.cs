using System.Net;

namespace Waybill.Demo.Day.Acts;

/// <summary>Clients who do not know whether they were heard send again, and nothing happens twice.</summary>
internal static class RepeatAct
{
    private const string Name = "repeats";

    public static IEnumerable<Visit> Plan(Town town, Random random)
    {
        for (var i = 0; i < 6; i++)
        {
            var (account, amount, times) = (town.NewId("doubter"), random.NextInt64(1, 90_00), random.Next(2, 9));
            yield return new(Name, "one deposit, sent at once and again", async () =>
            {
                await town.Bank.Open(account, "Tom");
                var replies = await town.Bank.DepositInDoubt(account, amount, times);
                var same = replies.SkipLast(1).All(reply => reply.IsSuccess && reply.Number("balance") == amount);
                var balance = (await town.Bank.Look(account)).Number("balance");
                return same && balance == amount && replies[^1].Status == HttpStatusCode.UnprocessableEntity
                    ? new("once")
                    : new("wrong", $"balance {balance} instead of {amount}");
            }, new Outcome("once"));
        }
        for (var i = 0; i < 4; i++)
        {
            var (id, account, lines) = (town.NewId("order"), random.Of(town.Accounts), random.Basket(town.Goods));
            yield return new(Name, "one order, placed at once and again", async () =>
            {
                var replies = await Task.WhenAll(
                    Enumerable.Range(0, 3).Select(_ => town.Shop.Place(id, account, lines, key: $"{id}-key")));
                var withoutKey = await town.Shop.Place(id, account, lines);
                var end = await town.Shop.Receive(id);
                return replies.All(reply => reply.IsSuccess) && withoutKey.Code == "order-already-exists"
                    ? end with { Reason = "once" }
                    : end with { Reason = $"again: {Outcome.Of(withoutKey)}" };
            }, new Outcome("delivered", "once"));
        }
    }
}
