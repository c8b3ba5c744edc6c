using System.Collections.Immutable;
using System.Text;
using Orleans.Runtime;
using Orleans.Serialization;
using static Waybill.Tests.Internals.Serialization.Crossing;

namespace Waybill.Tests.Internals.Serialization;

public sealed class HostileBytesTests
{
    private static readonly byte[] Message = Serializer.Serialize(new object[]
    {
        1, "text", new Ring("r", 3, 1), new Envelope<Money>(new(1, "EUR"), [new(2, "USD")]),
        new Dictionary<string, DateTime> { ["a"] = DateTime.UnixEpoch },
        1.5m, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1)),
        new Uri("https://example.org"), new Version(1, 2), typeof(Money),
        new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "a" }, ImmutableArray.Create(1, 2),
        new Node { Anything = new Place(1, 2) },
        new Reference(GrainId.Create("some", "key"), typeof(ISomeGrain), ""),
        new MarkedException("m", 1, new AggregateException(new TimeoutException())),
        new Stack<int?>([1, null]), new Empty[2], Colour.Green, new Tuple<int>(1), new byte[] { 1 }, new TimeOnly(1, 2),
    });

    [Fact]
    public void A_message_cut_short_anywhere_is_refused()
    {
        for (var length = 0; length < Message.Length; length++)
            Should.Throw<SerializerException>(
                () => Serializer.Deserialize(Message.AsSpan(0, length)), $"cut at {length}");
    }

    [Fact]
    public void A_message_with_bytes_left_over_is_refused() =>
        Should.Throw<SerializerException>(() => Serializer.Deserialize([.. Message, 0]));

    [Fact]
    public void A_message_with_any_byte_changed_is_read_or_refused()
    {
        for (var at = 0; at < Message.Length; at++)
        {
            foreach (var changed in (ReadOnlySpan<byte>)[0x01, 0x80, 0xFF, 0x7F, 0x03])
            {
                var bytes = Message.ToArray();
                bytes[at] ^= changed;
                ReadOrRefuse(bytes, $"byte {at} changed by {changed:x}");
            }
        }
    }

    [Fact]
    public void Random_bytes_are_read_or_refused()
    {
        const int Seed = 20260731;
        var random = new Random(Seed);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(1, 40)];
            random.NextBytes(bytes);
            ReadOrRefuse(bytes, $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void A_huge_count_asks_for_no_memory()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var forged = Named(typeof(long[]), 0xFF, 0xFF, 0xFF, 0xFF, 0x07);

        Should.Throw<SerializerException>(() => Serializer.Deserialize(forged)).Message.ShouldContain("2147483647");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000_000);
    }

    [Theory]
    [InlineData(typeof(System.Diagnostics.Process))]
    [InlineData(typeof(Unmarked))]
    [InlineData(typeof(UnmarkedException))]
    [InlineData(typeof(int*))]
    [InlineData(typeof(Span<int>))]
    [InlineData(typeof(List<>))]
    public void A_type_that_does_not_cross_is_not_made_because_a_message_names_it(Type type) =>
        Should.Throw<CodecNotFoundException>(() => Serializer.Deserialize(Named(type, 0, 0, 0, 0)));

    [Theory]
    [InlineData("No.Such.Type, Nowhere")]
    [InlineData("System.Int32, No.Such.Assembly")]
    [InlineData("System.Collections.Generic.List`1[[")]
    [InlineData(", ,")]
    [InlineData("")]
    public void A_name_of_no_type_is_refused(string name) =>
        Should.Throw<SerializerException>(() => Serializer.Deserialize(Named(name, 0, 0)));

    [Fact]
    public void An_object_of_another_type_than_declared_is_refused()
    {
        // The name of the body's type is replaced by that of another of the same length.
        var text = Encoding.Latin1.GetString(Serializer.Serialize(new Envelope<Shape>(new Ring("a", 1, 1), [])));
        var forged = Encoding.Latin1.GetBytes(text.Replace(".Ring,", ".Node,", StringComparison.Ordinal));

        Should.Throw<SerializerException>(() => Serializer.Deserialize(forged)).Message
            .ShouldBe($"{typeof(Node)} stands where {typeof(Shape)} is declared.");
    }

    private static void ReadOrRefuse(byte[] bytes, string what)
    {
        try
        {
            Serializer.Deserialize(bytes);
        }
        catch (Exception refused)
        {
            refused.ShouldBeAssignableTo<SerializerException>(what);
        }
    }

    private static byte[] Named(Type type, params byte[] body) =>
        Named(type.AssemblyQualifiedName ?? type.FullName!, body);

    // The header "of another type", the first number that is not a built-in type's, the name, and a body.
    private static byte[] Named(string name, params byte[] body)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        byte[] length = [(byte)(0x80 | (utf8.Length & 0x7F)), (byte)(utf8.Length >> 7)];
        return [2, (byte)BuiltIns.Count, .. length, .. utf8, .. body];
    }
}
