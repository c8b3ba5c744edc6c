using Waybill.Tests.Support;

namespace Waybill.Tests.Calls;

public sealed class Methods(OneSilo silo)
{
    private IManyMethods Grain => silo.Client.GetGrain<IManyMethods>($"{Guid.NewGuid()}");

    [Fact]
    public async Task A_generic_method_is_called_with_the_types_it_is_called_with()
    {
        (await Grain.Echo(42)).ShouldBe("Int32 42");
        (await Grain.Echo("x")).ShouldBe("String x");
        (await Grain.Pair<string, int>("x", 1)).ShouldBe(("x", 1));
    }

    [Fact]
    public async Task A_value_task_is_awaited_as_a_task_is()
    {
        var grain = Grain;
        await grain.Add(2);
        await grain.Add(3);
        (await grain.Sum()).ShouldBe(5);
    }

    [Fact]
    public async Task Overloads_are_told_apart()
    {
        (await Grain.Say("x")).ShouldBe("text x");
        (await Grain.Say(1)).ShouldBe("number 1");
        (await Grain.Say("x", 1)).ShouldBe("both x 1");
    }

    [Fact]
    public async Task Null_is_an_argument_and_a_result_as_any_other() => (await Grain.Null(null)).ShouldBeNull();

    [Fact]
    public async Task A_method_inherited_from_a_base_interface_is_called() =>
        (await Grain.Inherited()).ShouldBe("inherited");

    [Fact]
    public async Task Messages_cross_with_their_nested_values()
    {
        var message = new Parcel("ann", [new(1, 2.50m), new(2, null)], new() { ["k"] = DateTimeOffset.UnixEpoch });

        var returned = await Grain.Return(message);

        returned.Owner.ShouldBe("ann");
        returned.Lines.ShouldBe(message.Lines);
        returned.Times.ShouldBe(message.Times);
    }

    [Fact]
    public async Task What_a_client_changes_after_the_call_does_not_reach_the_grain()
    {
        var grain = Grain;
        var lines = new List<Line> { new(1, null) };
        await grain.Keep(new Parcel("ann", lines, []));
        lines.Add(new(2, null));

        (await grain.Kept()).ShouldBe(1);
    }

    [Fact]
    public async Task A_thousand_calls_at_once_are_all_answered_with_their_own_result()
    {
        var grains = Enumerable.Range(0, 10).Select(_ => Grain).ToList();

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => grains[i % 10].Echo(i))).Soon();

        answers.ShouldBe(Enumerable.Range(0, 1000).Select(i => $"Int32 {i}"));
    }
}

public interface IHasInherited
{
    Task<string> Inherited();
}

public interface IManyMethods : IGrainWithStringKey, IHasInherited
{
    Task<string> Echo<T>(T value);

    Task<(T1 First, T2 Second)> Pair<T1, T2>(T1 first, T2 second);

    ValueTask Add(int number);

    ValueTask<int> Sum();

    Task<string> Say(string text);

    Task<string> Say(int number);

    Task<string> Say(string text, int number);

    Task<string?> Null(string? text);

    Task<Parcel> Return(Parcel parcel);

    Task Keep(Parcel parcel);

    Task<int> Kept();
}

[GenerateSerializer]
public sealed record Parcel(
    [property: Id(0)] string Owner,
    [property: Id(1)] List<Line> Lines,
    [property: Id(2)] Dictionary<string, DateTimeOffset> Times);

[GenerateSerializer]
public readonly record struct Line([property: Id(0)] int Number, [property: Id(1)] decimal? Price);

public sealed class ManyMethodsGrain : Grain, IManyMethods
{
    private int _sum;
    private Parcel? _kept;

    public Task<string> Echo<T>(T value) => Task.FromResult($"{typeof(T).Name} {value}");

    public Task<(T1 First, T2 Second)> Pair<T1, T2>(T1 first, T2 second) => Task.FromResult((first, second));

    public ValueTask Add(int number)
    {
        _sum += number;
        return default;
    }

    public async ValueTask<int> Sum()
    {
        await Task.Yield();
        return _sum;
    }

    public Task<string> Say(string text) => Task.FromResult($"text {text}");

    public Task<string> Say(int number) => Task.FromResult($"number {number}");

    public Task<string> Say(string text, int number) => Task.FromResult($"both {text} {number}");

    public Task<string?> Null(string? text) => Task.FromResult(text);

    public Task<string> Inherited() => Task.FromResult("inherited");

    public Task<Parcel> Return(Parcel parcel) => Task.FromResult(parcel);

    public Task Keep(Parcel parcel)
    {
        _kept = parcel;
        return Task.CompletedTask;
    }

    public Task<int> Kept() => Task.FromResult(_kept!.Lines.Count);
}
