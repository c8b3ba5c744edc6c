using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Calls;

public sealed class KeysAndReferences(OneSilo silo)
{
    [Theory]
    [InlineData("ann")]
    [InlineData("with/slash, space and ü")]
    [InlineData("X")]
    public async Task A_grain_reads_its_string_key_as_it_was_given(string key) =>
        (await silo.Client.GetGrain<IStringKeyed>(key).Key()).ShouldBe(key);

    [Fact]
    public async Task A_grain_reads_its_guid_key_as_it_was_given()
    {
        var key = Guid.NewGuid();
        (await silo.Client.GetGrain<IGuidKeyed>(key).Key()).ShouldBe(key);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public async Task A_grain_reads_its_integer_key_as_it_was_given(long key) =>
        (await silo.Client.GetGrain<IIntegerKeyed>(key).Key()).ShouldBe(key);

    [Fact]
    public async Task Keys_are_told_apart_by_case_and_one_key_names_one_activation()
    {
        await silo.Client.GetGrain<IStringKeyed>("Case").Remember("upper");
        await silo.Client.GetGrain<IStringKeyed>("case").Remember("lower");

        (await silo.Grains.GetGrain<IStringKeyed>("Case").Recall()).ShouldBe("upper");
    }

    [Fact]
    public void A_reference_tells_its_key_without_a_call()
    {
        silo.Client.GetGrain<IStringKeyed>("k").GetPrimaryKeyString().ShouldBe("k");
        silo.Client.GetGrain<IIntegerKeyed>(42).GetPrimaryKeyLong().ShouldBe(42);
        var guid = Guid.NewGuid();
        silo.Client.GetGrain<IGuidKeyed>(guid).GetPrimaryKey().ShouldBe(guid);
    }

    [Fact]
    public void References_to_one_grain_are_equal_through_any_interface()
    {
        var reference = silo.Client.GetGrain<IStringKeyed>("same");
        var again = silo.Client.GetGrain<IStringKeyed>("same");

        again.ShouldBe(reference);
        again.GetHashCode().ShouldBe(reference.GetHashCode());
        ((object)reference.Cast<IAlsoStringKeyed>()).Equals(reference).ShouldBeTrue();
        silo.Client.GetGrain<IStringKeyed>("other").ShouldNotBe(reference);
    }

    [Fact]
    public async Task A_grain_is_called_through_another_of_its_interfaces()
    {
        var reference = silo.Client.GetGrain<IStringKeyed>("cast");
        await reference.Remember("the same activation");

        (await reference.Cast<IAlsoStringKeyed>().RecallToo()).ShouldBe("the same activation");
        (await silo.Client.GetGrain<IAlsoStringKeyed>(reference.GetGrainId()).RecallToo())
            .ShouldBe("the same activation");
    }

    [Fact]
    public async Task A_reference_crosses_as_argument_as_result_and_inside_a_message()
    {
        var friend = silo.Client.GetGrain<IStringKeyed>("friend");
        await friend.Remember("hello");
        var grain = silo.Client.GetGrain<IStringKeyed>("asks a friend");

        (await grain.Ask(friend)).ShouldBe("hello");
        (await grain.AskAll(new Friends([friend, friend]))).ShouldBe("hello hello");
        (await grain.Self()).ShouldBe(grain);
        (await (await grain.Self()).Key()).ShouldBe("asks a friend");
    }

    [Fact]
    public void A_grain_id_is_written_as_type_and_key_and_read_back()
    {
        var id = silo.Client.GetGrain<IStringKeyed>("k").GetGrainId();

        id.ToString().ShouldBe("stringkeyed/k");
        GrainId.Parse(id.ToString()).ShouldBe(id);
        GrainId.Create("stringkeyed", "k").ShouldBe(id);
    }

    [Fact]
    public void An_interface_without_a_grain_class_is_refused_at_once() =>
        Should.Throw<ArgumentException>(() => silo.Client.GetGrain<INobodyImplementsThis>("k"));

    [Fact]
    public async Task A_grain_type_attribute_names_the_type()
    {
        var grain = silo.Client.GetGrain<INamedByAttribute>("k");

        grain.GetGrainId().Type.ToString().ShouldBe("named-otherwise");
        (await grain.Id()).ShouldBe("named-otherwise/k");
    }
}

public interface IStringKeyed : IGrainWithStringKey
{
    Task<string> Key();

    Task Remember(string what);

    Task<string> Recall();

    Task<string> Ask(IStringKeyed friend);

    Task<string> AskAll(Friends friends);

    Task<IStringKeyed> Self();
}

public interface IAlsoStringKeyed : IGrainWithStringKey
{
    Task<string> RecallToo();
}

public interface IGuidKeyed : IGrainWithGuidKey
{
    Task<Guid> Key();
}

public interface IIntegerKeyed : IGrainWithIntegerKey
{
    Task<long> Key();
}

public interface INobodyImplementsThis : IGrainWithStringKey;

public interface INamedByAttribute : IGrainWithStringKey
{
    Task<string> Id();
}

[GenerateSerializer]
public sealed record Friends([property: Id(0)] List<IStringKeyed> All);

public sealed class StringKeyedGrain : Grain, IStringKeyed, IAlsoStringKeyed
{
    private string _memory = "";

    public Task<string> Key() => Task.FromResult(this.GetPrimaryKeyString());

    public Task Remember(string what)
    {
        _memory = what;
        return Task.CompletedTask;
    }

    public Task<string> Recall() => Task.FromResult(_memory);

    public Task<string> RecallToo() => Task.FromResult(_memory);

    public Task<string> Ask(IStringKeyed friend) => friend.Recall();

    public async Task<string> AskAll(Friends friends) =>
        string.Join(' ', await Task.WhenAll(friends.All.Select(friend => friend.Recall())));

    public Task<IStringKeyed> Self() => Task.FromResult(this.AsReference<IStringKeyed>());
}

public sealed class GuidKeyedGrain : Grain, IGuidKeyed
{
    public Task<Guid> Key() => Task.FromResult(this.GetPrimaryKey());
}

public sealed class IntegerKeyedGrain : Grain, IIntegerKeyed
{
    public Task<long> Key() => Task.FromResult(this.GetPrimaryKeyLong());
}

[GrainType("named-otherwise")]
public sealed class NamedByAttributeGrain : Grain, INamedByAttribute
{
    public Task<string> Id() => Task.FromResult(this.GetGrainId().ToString());
}
