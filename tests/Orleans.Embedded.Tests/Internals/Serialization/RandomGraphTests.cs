using System.Globalization;
using static Waybill.Tests.Internals.Serialization.Crossing;

namespace Waybill.Tests.Internals.Serialization;

public sealed class RandomGraphTests(ITestOutputHelper output)
{
    [Fact]
    public void A_random_graph_of_objects_arrives_with_its_shape()
    {
        var seed = Environment.GetEnvironmentVariable("TEST_SEED") is { } fixedSeed
            ? int.Parse(fixedSeed, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        output.WriteLine($"TEST_SEED={seed}");
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var sent = RandomGraph(random);
            Same(sent, Cross(sent), new Dictionary<object, object>(ReferenceEqualityComparer.Instance));
        }
    }

    // Nodes first, so that their links can go to any of them: forward, back, to themselves.
    private static Node[] RandomGraph(Random random)
    {
        var nodes = Enumerable.Range(0, random.Next(1, 40)).Select(number => new Node { Name = $"{number}" }).ToArray();
        foreach (var node in nodes)
        {
            node.Next = random.Next(3) == 0 ? null : Pick();
            node.Anything = RandomValue(3);
            node.Children = random.Next(3) == 0 ? null : [.. Enumerable.Range(0, random.Next(4)).Select(_ => Pick())];
        }

        return nodes;

        Node Pick() => nodes[random.Next(nodes.Length)];

        object? RandomValue(int depth) => random.Next(depth == 0 ? 6 : 11) switch
        {
            0 => null,
            1 => random.NextInt64() >> random.Next(64),
            2 => new string((char)random.Next(0x20, 0xD7FF), random.Next(50)),
            3 => new decimal(random.Next(), random.Next(), random.Next(), random.Next(2) == 0, (byte)random.Next(29)),
            4 => new Money(random.NextInt64(), "EUR"),
            5 => Pick(),
            6 => Enumerable.Range(0, random.Next(5)).Select(_ => RandomValue(depth - 1)).ToArray(),
            7 => Enumerable.Range(0, random.Next(5)).Select(_ => RandomValue(depth - 1)).ToList(),
            8 => Enumerable.Range(random.Next(99), random.Next(5)).ToDictionary(n => n, _ => RandomValue(depth - 1)),
            9 => (RandomValue(depth - 1), new Place(random.NextDouble(), random.NextDouble())),
            _ => new Envelope<object?>(RandomValue(depth - 1), [RandomValue(depth - 1)]),
        };
    }

    // Equal in value, and each object sent has exactly one object that arrived.
    private static void Same(object? sent, object? arrived, Dictionary<object, object> pairs)
    {
        if (sent is null || arrived is null)
        {
            arrived.ShouldBe(sent);
            return;
        }

        arrived.GetType().ShouldBe(sent is IReadOnlyList<Node> and not Node[] ? typeof(Node[]) : sent.GetType());
        if (!sent.GetType().IsValueType && sent is not string)
        {
            if (pairs.TryGetValue(sent, out var before))
            {
                // Empty arrays of one type may be one object on either side.
                arrived.ShouldBeSameAs(before);
                return;
            }

            pairs.Add(sent, arrived);
        }

        switch (sent, arrived)
        {
            case (Node a, Node b):
                b.Name.ShouldBe(a.Name);
                Same(a.Next, b.Next, pairs);
                Same(a.Anything, b.Anything, pairs);
                Same(a.Children, b.Children, pairs);
                break;
            case (Envelope<object?> a, Envelope<object?> b):
                Same(a.Body, b.Body, pairs);
                Same(a.More, b.More, pairs);
                break;
            case (ValueTuple<object?, Place> a, ValueTuple<object?, Place> b):
                Same(a.Item1, b.Item1, pairs);
                b.Item2.ShouldBe(a.Item2);
                break;
            case (Dictionary<int, object?> a, Dictionary<int, object?> b):
                b.Keys.ShouldBe(a.Keys);
                foreach (var key in a.Keys) Same(a[key], b[key], pairs);
                break;
            case (System.Collections.IEnumerable a and not string, System.Collections.IEnumerable b):
                var (left, right) = (a.Cast<object?>().ToArray(), b.Cast<object?>().ToArray());
                right.Length.ShouldBe(left.Length);
                for (var i = 0; i < left.Length; i++) Same(left[i], right[i], pairs);
                break;
            default:
                arrived.ShouldBe(sent);
                break;
        }
    }
}
