using Orleans.Serialization;
using static Waybill.Tests.Internals.Serialization.Crossing;

namespace Waybill.Tests.Internals.Serialization;

public sealed class MarkedTypeTests
{
    [Fact]
    public void Members_with_an_id_arrive_however_they_are_declared()
    {
        var arrived = Cross(new Members(1, "made") { Initial = 2, Seen = 3 });

        (arrived.Secret(), arrived.Made, arrived.Initial, arrived.Seen).ShouldBe((1, "made", 2, 3));
    }

    [Fact]
    public void A_member_without_an_id_is_lost() =>
        Cross(new Members(1, "made") { Forgotten = "x" }).Forgotten.ShouldBeNull();

    [Fact]
    public void A_type_with_a_parameterless_constructor_is_made_by_it()
    {
        var arrived = Cross(new Constructed { Items = [1, 2] });

        arrived.WasConstructed.ShouldBeTrue();
        arrived.Items.ShouldBe([1, 2]);
    }

    [Fact]
    public void Every_level_of_a_hierarchy_arrives()
    {
        var arrived = Cross<Shape>(new Ring("ring", 3, 1) { Note = "note" });

        arrived.ShouldBe(new Ring("ring", 3, 1) { Note = "note" });
    }

    [Fact]
    public void An_open_generic_type_arrives_with_whatever_it_holds()
    {
        var arrived = Cross(new Envelope<Shape>(new Circle("a", 1), [new Ring("b", 2, 1)]));

        arrived.Body.ShouldBe(new Circle("a", 1));
        arrived.More.ShouldBe([new Ring("b", 2, 1)]);
    }

    [Fact]
    public void One_object_that_is_referred_to_twice_arrives_as_one()
    {
        var money = new Money(1, "EUR");
        var list = new List<Money> { money };

        var arrived = Cross(new object[] { money, list, list, new Money(1, "EUR") });

        arrived[1].ShouldBeSameAs(arrived[2]);
        ((List<Money>)arrived[1])[0].ShouldBeSameAs(arrived[0]);
        arrived[3].ShouldNotBeSameAs(arrived[0]);
    }

    [Fact]
    public void Identity_holds_in_a_message_of_many_objects()
    {
        var nodes = Enumerable.Range(0, 1000).Select(number => new Node { Name = $"{number}" }).ToArray();

        var arrived = Cross(nodes.Concat(nodes).ToArray());

        for (var i = 0; i < nodes.Length; i++) arrived[i].ShouldBeSameAs(arrived[i + nodes.Length]);
        arrived.Select(node => node.Name).ShouldBe(nodes.Concat(nodes).Select(node => node.Name));
    }

    [Fact]
    public void A_cycle_arrives_as_a_cycle()
    {
        var node = new Node { Name = "a" };
        node.Next = new Node { Next = node, Anything = new object[] { node } };
        node.Children = [node];

        var arrived = Cross(node);

        arrived.Next!.Next.ShouldBeSameAs(arrived);
        ((object[])arrived.Next.Anything!)[0].ShouldBeSameAs(arrived);
        arrived.Children![0].ShouldBeSameAs(arrived);
    }

    [Fact]
    public void Collections_may_contain_themselves()
    {
        var list = new List<object>();
        list.Add(new Dictionary<string, object> { ["list"] = list });
        list.Add(list);

        var arrived = Cross(list);

        arrived[1].ShouldBeSameAs(arrived);
        ((Dictionary<string, object>)arrived[0])["list"].ShouldBeSameAs(arrived);
    }

    [Fact]
    public void What_arrives_shares_nothing_with_what_was_sent()
    {
        var sent = new Node { Name = "a", Anything = new List<int> { 1 } };
        var arrived = Cross(sent);
        ((List<int>)sent.Anything!).Add(2);

        arrived.ShouldNotBeSameAs(sent);
        arrived.Anything.ShouldBe(new List<int> { 1 });
    }

    [Fact]
    public void A_chain_too_long_for_the_stack_is_an_error_and_not_the_end_of_the_process()
    {
        var first = new Node();
        for (var i = 0; i < 1_000_000; i++) first = new Node { Next = first };

        Should.Throw<SerializerException>(() => Cross(first)).Message.ShouldContain("too deeply");
    }

    [Fact]
    public void A_type_without_a_codec_is_named()
    {
        Refusal(new Unmarked(1)).ShouldContain(typeof(Unmarked).FullName!);
        Refusal(new HoldsUnmarked(1, [])).ShouldContain(typeof(Unmarked).FullName!);
        Refusal(new int[1, 1]).ShouldContain("Int32[,]");
        Refusal(Enumerable.Range(0, 3).Select(number => number)).ShouldContain("Iterator");

        static string Refusal(object value) => Should.Throw<CodecNotFoundException>(() => Cross(value)).Message;
    }

    [Fact]
    public void A_message_after_a_failed_one_is_not_touched_by_it()
    {
        Should.Throw<CodecNotFoundException>(() => Cross(new object[] { new Money(1, "EUR"), new Unmarked(1) }));

        Cross(new Money(2, "USD")).ShouldBe(new Money(2, "USD"));
    }

    [Theory]
    [InlineData(typeof(int))]
    [InlineData(typeof(object))]
    [InlineData(typeof(Node))]
    [InlineData(typeof(Members))]
    [InlineData(typeof(Envelope<Money>))]
    [InlineData(typeof(Dictionary<string, (Money?, Place?)>))]
    [InlineData(typeof(IReadOnlyList<Unmarked>))]
    [InlineData(typeof(ISomeGrain))]
    [InlineData(typeof(Exception))]
    [InlineData(typeof(TimeoutException))]
    [InlineData(typeof(MarkedException))]
    [InlineData(typeof(List<>))]
    public void A_type_that_can_cross_is_not_objected_to(Type type) => MessageSerializer.WhyNot(type).ShouldBeNull();

    [Theory]
    [InlineData(typeof(Unmarked), "Unmarked")]
    [InlineData(typeof(HoldsUnmarked), "Unmarked")]
    [InlineData(typeof(Envelope<Unmarked[]>), "Unmarked")]
    [InlineData(typeof(OfUnmarkedBase), "UnmarkedBase is not marked")]
    [InlineData(typeof(Computed), "Value has an [Id] but cannot be set")]
    [InlineData(typeof(UnmarkedException), "UnmarkedException")]
    [InlineData(typeof(Action), "System.Action")]
    [InlineData(typeof(Task<int>), "Task")]
    [InlineData(typeof(Span<int>), "Span")]
    [InlineData(typeof(int[,]), "Int32[,]")]
    public void A_type_that_cannot_cross_is_objected_to_with_a_reason(Type type, string reason) =>
        MessageSerializer.WhyNot(type)!.ShouldContain(reason);

    [Fact]
    public void The_objection_says_where_the_type_stands() =>
        MessageSerializer.WhyNot(typeof(HoldsUnmarked))!
            .ShouldStartWith($"{typeof(List<Unmarked>)}.items: {typeof(Unmarked)} cannot cross between silos: ");
}
