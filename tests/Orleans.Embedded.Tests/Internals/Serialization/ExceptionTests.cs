#pragma warning disable CA2201 // A plain Exception is one of those that cross.
using System.Text.Json;
using Orleans.Serialization;
using static Waybill.Tests.Internals.Serialization.Crossing;

namespace Waybill.Tests.Internals.Serialization;

public sealed class ExceptionTests
{
    [Fact]
    public void A_framework_exception_arrives_with_what_it_says()
    {
        var cause = new ArgumentNullException("name");
        var sent = Thrown(new TimeoutException("too late", cause) { HResult = 77, Data = { ["try"] = 3 } });

        var arrived = Cross(sent);

        arrived.ShouldBeOfType<TimeoutException>();
        arrived.Message.ShouldBe("too late");
        arrived.HResult.ShouldBe(77);
        arrived.Data["try"].ShouldBe(3);
        arrived.InnerException.ShouldBeOfType<ArgumentNullException>().Message.ShouldBe(cause.Message);
    }

    [Fact]
    public void The_stack_trace_says_where_it_was_thrown_on_the_other_side()
    {
        var sent = Thrown(new InvalidOperationException("x"));
        var arrived = Cross(sent);

        arrived.StackTrace!.ShouldContain(nameof(Thrown));
        Should.Throw<InvalidOperationException>(() => throw arrived).StackTrace!.ShouldContain(nameof(Thrown));
    }

    [Fact]
    public void An_exception_without_a_message_of_its_own_has_the_usual_one() =>
        Cross(new Exception()).Message.ShouldBe(new Exception().Message);

    [Fact]
    public void The_messages_of_all_inner_exceptions_stand_once_in_that_of_an_aggregate()
    {
        var sent = new AggregateException("several", new TimeoutException("one"), new MarkedException("two", 2));

        var arrived = Cross(sent);

        arrived.Message.ShouldBe(sent.Message);
        arrived.InnerExceptions[0].ShouldBeOfType<TimeoutException>();
        arrived.InnerExceptions[1].ShouldBeOfType<MarkedException>().Code.ShouldBe(2);
        arrived.InnerException.ShouldBeSameAs(arrived.InnerExceptions[0]);
    }

    [Fact]
    public void Framework_exceptions_of_every_sort_cross()
    {
        Exception[] sent =
        [
            new OperationCanceledException("a"), new KeyNotFoundException("b"), new HttpRequestException("c"),
            new JsonException("d", "$.x", 1, 2),
            new ArgumentOutOfRangeException("name", 5, "e"), new ObjectDisposedException("thing"),
            new NotSupportedException(), new CodecNotFoundException("f"), new SerializerException("g"),
        ];

        foreach (var exception in sent)
        {
            var arrived = Cross(exception);
            arrived.GetType().ShouldBe(exception.GetType());
            arrived.Message.ShouldBe(exception.Message);
        }
    }

    [Fact]
    public void A_marked_exception_arrives_as_itself_with_its_members()
    {
        var arrived = Cross<Exception>(new MarkedException("refused", 42, new MarkedException("cause", 1)));

        arrived.ShouldBeOfType<MarkedException>().Code.ShouldBe(42);
        arrived.Message.ShouldBe("refused");
        arrived.InnerException.ShouldBeOfType<MarkedException>().Code.ShouldBe(1);
    }

    [Fact]
    public void An_unmarked_exception_does_not_cross_and_what_is_thrown_instead_names_it_and_does()
    {
        var instead = Should.Throw<CodecNotFoundException>(() => Cross(new UnmarkedException("x")));

        Cross(instead).Message.ShouldContain(typeof(UnmarkedException).FullName!);
        Should.Throw<CodecNotFoundException>(() => Cross(new Exception("x", new UnmarkedException("y"))));
    }

    [Fact]
    public void Data_that_cannot_cross_stays_behind() =>
        Cross(new Exception("x") { Data = { ["lost"] = new List<int>(), ["kept"] = "k", ["none"] = null } })
            .Data.Keys.Cast<string>().ShouldBe(["kept", "none"], ignoreOrder: true);

    private static T Thrown<T>(T exception)
        where T : Exception
    {
        try
        {
            throw exception;
        }
        catch (T caught)
        {
            return caught;
        }
    }
}
