namespace Waybill.Demo.Day;

/// <summary>Choices out of lists.</summary>
internal static class Dice
{
    public static T Of<T>(this Random random, IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    /// <summary>Some of the goods, a few of each.</summary>
    public static IReadOnlyList<Line> Basket(this Random random, IReadOnlyList<string> goods)
    {
        string[] shelf = [.. goods];
        random.Shuffle(shelf);
        return [.. shelf.Take(random.Next(1, 4)).Select(sku => new Line(sku, random.Next(1, 4)))];
    }
}
