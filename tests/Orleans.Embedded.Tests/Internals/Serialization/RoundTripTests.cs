using System.Collections;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Net;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Serialization;
using static Waybill.Tests.Internals.Serialization.Crossing;

namespace Waybill.Tests.Internals.Serialization;

public sealed class RoundTripTests
{
    private static readonly Guid Id = new("0f8fad5b-d9cb-469f-a165-70867728950e");

    public static TheoryData<object> Values =>
    [
        true, false, (byte)255, (sbyte)-128, 'ß', short.MinValue, ushort.MaxValue, int.MinValue, int.MaxValue, 0, -1,
        uint.MaxValue, long.MinValue, long.MaxValue, ulong.MaxValue, float.NaN, 1.5f,
        double.NegativeInfinity, double.Epsilon, 1.10m, decimal.MinValue, -0.0m, Id, TimeSpan.MinValue,
        TimeSpan.FromTicks(1), DateOnly.MaxValue, TimeOnly.MaxValue,
        "", "plain", "naïve 漢字 🚕", new string('x', 100_000), Colour.Green, (Colour)77, DayOfWeek.Friday,
        new Uri("https://example.org/a?b=c"), new Uri("/relative", UriKind.Relative),
        new Version(1, 2, 3, 4), typeof(string), typeof(List<Money>),
        new KeyValuePair<string, int>("a", 1), (1, "two", 3.0), (1, 2, 3, 4, 5, 6, 7, 8, 9),
        Tuple.Create(1, "two"), ValueTuple.Create(5),
        new Money(12, "EUR"), new Place(48.1, 11.5), default(Empty),
        new Circle("c", 2), new Ring("r", 3, 1) { Note = "n" },
        IdSpan.Create("key"), GrainType.Create("kind"), default(IdSpan),
        GrainId.Create("kind", "a/b"), default(GrainId),
        SiloAddress.New(IPAddress.Loopback, 11111, 7),
    ];

    public static TheoryData<object> Collections =>
    [
        new[] { 1, 2, 3 }, Array.Empty<string>(), new[] { "a", null },
        new object?[] { 1, "a", null, new Money(1, "EUR") }, new byte[] { 1, 2 },
        new int[][] { [1], [], [2, 3] }, new List<int> { 1, 2 }, new List<List<string>> { new() { "a" } },
        new Queue<int>([1, 2, 3]), new Stack<int>([1, 2, 3]),
        new HashSet<int> { 3, 4 }, new Dictionary<string, Money> { ["a"] = new(1, "EUR") },
        new Dictionary<Colour, int?> { [Colour.Red] = null, [Colour.Green] = 1 },
        new ReadOnlyCollection<int>([1, 2]), ImmutableArray.Create(1, 2), ImmutableArray<int>.Empty,
        ImmutableList.Create("a", "b"),
        ImmutableHashSet.Create(1, 2), ImmutableDictionary<string, int>.Empty.Add("a", 1),
        new int?[] { 1, null }, new Empty[3],
        new Place[] { new(1, 2), new(3, 4) }, new Colour[] { Colour.Red, Colour.Green },
        new string[] { "covariant" } as object[],
    ];

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public void A_value_arrives_as_it_was(object value)
    {
        var arrived = Cross(value);

        arrived.ShouldBe(value);
        arrived.GetType().ShouldBe(value.GetType());
    }

    [Fact]
    public void Nothing_arrives_as_nothing() => Cross<object?>(null).ShouldBeNull();

    [Theory]
    [MemberData(nameof(Collections), DisableDiscoveryEnumeration = true)]
    public void A_collection_arrives_with_its_items_in_order(object collection)
    {
        var arrived = Cross(collection);

        arrived.GetType().ShouldBe(collection.GetType());
        Items(arrived).ShouldBe(Items(collection));

        static object?[] Items(object items) => [.. ((IEnumerable)items).Cast<object?>()];
    }

    [Theory]
    [InlineData(DateTimeKind.Unspecified)]
    [InlineData(DateTimeKind.Utc)]
    [InlineData(DateTimeKind.Local)]
    public void A_time_keeps_its_kind(DateTimeKind kind)
    {
        var time = new DateTime(2026, 10, 25, 2, 30, 0, kind);

        Cross(time).ShouldBe(time);
        Cross(time).Kind.ShouldBe(kind);
        Cross(DateTime.MaxValue).ShouldBe(DateTime.MaxValue);
    }

    [Fact]
    public void A_time_keeps_its_offset()
    {
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromMinutes(-210));

        Cross(time).EqualsExact(time).ShouldBeTrue();
    }

    [Fact]
    public void A_decimal_keeps_its_zeros() => Cross(1.100m).ToString().ShouldBe("1.100");

    [Fact]
    public void Memory_of_bytes_arrives()
    {
        Cross(new Memory<byte>([1, 2, 3], 1, 2)).ToArray().ShouldBe([2, 3]);
        Cross(new ReadOnlyMemory<byte>([1, 2, 3])).ToArray().ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void An_immutable_array_without_an_array_stays_without() =>
        Cross(default(ImmutableArray<int>)).IsDefault.ShouldBeTrue();

    [Fact]
    public void An_immutable_wrapper_arrives_with_its_value() => Cross(new Immutable<int[]>([1])).Value.ShouldBe([1]);

    [Fact]
    public void What_a_collection_expression_makes_of_a_read_only_interface_arrives()
    {
        IReadOnlyList<int> none = [], one = [1], many = [1, 2, 3];
        IEnumerable<string> spread = [.. many.Select(number => $"{number}")];

        Cross(none).ShouldBeEmpty();
        Cross(one).ShouldBe([1]);
        Cross(many).ShouldBe([1, 2, 3]);
        Cross(spread).ShouldBe(["1", "2", "3"]);
        Cross(new Node { Children = [new Node { Name = "child" }] }).Children!.Single().Name.ShouldBe("child");
    }

    [Fact]
    public void A_collection_that_compares_without_case_still_does()
    {
        Cross(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["a"] = 1 })["A"].ShouldBe(1);
        Cross(new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "a" }).Contains("A").ShouldBeTrue();
        Cross(ImmutableDictionary.Create<string, int>(StringComparer.OrdinalIgnoreCase).Add("a", 1))["A"].ShouldBe(1);
        Cross(ImmutableHashSet.Create(StringComparer.OrdinalIgnoreCase, "a")).Contains("A").ShouldBeTrue();
        Cross(new Dictionary<string, int>(StringComparer.Ordinal)).Comparer.ShouldBe(StringComparer.Ordinal);
    }

    [Fact]
    public void A_collection_with_a_comparer_of_ones_own_does_not_cross() =>
        Should.Throw<CodecNotFoundException>(() => Cross(new Dictionary<string, int>(StringComparer.InvariantCulture)))
            .Message.ShouldContain("comparer");

    [Fact]
    public void A_grain_reference_is_bound_on_the_receiving_side()
    {
        var sent = new Reference(GrainId.Create("some", "a"), typeof(ISomeGrain), "sender");

        var arrived = Cross(new HoldsGrain(sent, sent));

        arrived.Grain.ShouldBe(sent with { Silo = "receiver" });
        arrived.Again.ShouldBeSameAs(arrived.Grain);
        Cross<object[]>([sent]).ShouldBe([sent with { Silo = "receiver" }]);
    }

    [Fact]
    public void The_runtimes_own_references_cross()
    {
        var grain = GrainId.Create("some", "a");
        var sent = GrainReferenceProxy.Create(typeof(ISomeGrain), grain, null!);

        Cross(sent).ShouldBe(new Reference(grain, typeof(ISomeGrain), "receiver"));
    }
}
