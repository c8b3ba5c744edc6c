namespace Waybill.Demo.Day.Acts;

/// <summary>Customers order, and get it; or something is in the way, and nothing of it remains.</summary>
internal static class OrderAct
{
    private const string Name = "orders";

    public static IEnumerable<Visit> Plan(Town town, Random random)
    {
        Outcome delivered = new("delivered"), soldOut = new("cancelled", "insufficient-stock");
        for (var i = 0; i < 60; i++)
            yield return Order("from the shelf", random.Of(town.Accounts), random.Basket(town.Goods), delivered);
        for (var i = 0; i < 20; i++)
            yield return Order("of the last ones", random.Of(town.Accounts), [new(town.Rarity, 1)], delivered, soldOut);
        for (var i = 0; i < 4; i++)
        {
            IReadOnlyList<Line> tooMany = [.. random.Basket(town.Goods), new(town.Rarity, Town.Rarities + 1)];
            yield return Order("of more than there are", random.Of(town.Accounts), tooMany, soldOut);
        }
        for (var i = 0; i < 8; i++)
        {
            var account = town.NewId("poor");
            var order = Order(
                "without the money",
                account,
                random.Basket(town.Goods),
                new Outcome("cancelled", "insufficient-funds"));
            yield return order with
            {
                Happen = async () =>
                {
                    await town.Bank.Open(account, "Pit", balance: 1_00);
                    return await order.Happen();
                },
            };
        }
        for (var i = 0; i < 3; i++)
        {
            yield return Order(
                "of something unknown",
                random.Of(town.Accounts),
                [.. random.Basket(town.Goods), new($"{town.Run}-unheard-of", 1)],
                new Outcome(Outcome.Refused, "stock-not-found"));
        }
        yield return Order(
            "from a closed account",
            town.ClosedAccount,
            random.Basket(town.Goods),
            new Outcome(Outcome.Refused, "account-closed"));

        Visit Order(string story, string account, IReadOnlyList<Line> lines, params Outcome[] expected)
        {
            var id = town.NewId("order");
            return new(Name, story, async () =>
            {
                var placed = await town.Shop.Place(id, account, lines);
                return placed.IsSuccess ? await town.Shop.Receive(id) : Outcome.Of(placed);
            }, expected);
        }
    }
}
