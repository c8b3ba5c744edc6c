using Waybill.Demo.Http;

namespace Waybill.Demo.Day.Acts;

/// <summary>Customers cancel what they have ordered: in time, too late, or just as it is shipped.</summary>
internal static class ChangeOfMindAct
{
    private const string Name = "orders";

    private const string Why = "changed my mind";

    public static IEnumerable<Visit> Plan(Town town, Random random)
    {
        Outcome cancelled = new("cancelled", Why), tooLate = new("delivered");
        for (var i = 0; i < 8; i++)
            yield return Cancel("cancelled at once", looks: 0, cancelled, tooLate);
        // How far the order gets while it is looked at, nobody can say: the last look is when something has happened.
        for (var i = 0; i < 12; i++)
            yield return Cancel("cancelled in a race with shipping", looks: random.Next(2, 200), cancelled, tooLate);
        for (var i = 0; i < 4; i++)
        {
            var (id, account, lines) = (town.NewId("order"), random.Of(town.Accounts), random.Basket(town.Goods));
            yield return new(Name, "cancelled after it came", async () =>
            {
                (await town.Shop.Place(id, account, lines)).OrThrow(id);
                await town.Shop.Receive(id);
                return Outcome.Of(await town.Shop.Cancel(id, Why));
            }, new Outcome(Outcome.Refused, "order-delivered"));
        }

        Visit Cancel(string story, int looks, params Outcome[] expected)
        {
            var (id, account, lines) = (town.NewId("order"), random.Of(town.Accounts), random.Basket(town.Goods));
            return new(Name, story, async () =>
            {
                (await town.Shop.Place(id, account, lines)).OrThrow(id);
                for (var look = 0; look < looks; look++)
                {
                    if ((await town.Shop.Look(id)).Text("status") != "placed")
                        break;
                }
                var answer = await town.Shop.Cancel(id, Why);
                var end = await town.Shop.Receive(id);
                // Who is told that it is cancelled does not get it, and who is told that it is too late does.
                return answer.IsSuccess == (end.Status == "cancelled")
                    ? end
                    : throw new UnexpectedReplyException(
                        $"{id}: cancelling was {Outcome.Of(answer)}, the end is {end}");
            }, expected);
        }
    }
}
