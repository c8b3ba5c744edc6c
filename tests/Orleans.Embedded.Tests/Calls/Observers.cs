using Waybill.Tests.Support;

namespace Waybill.Tests.Calls;

public sealed class Observers(OneSilo silo)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_grain_calls_an_object_that_a_client_or_a_silo_offers(bool fromClient)
    {
        IGrainFactory factory = fromClient ? silo.Client : silo.Grains;
        var listener = new Listener();
        var reference = factory.CreateObjectReference<IListener>(listener);

        await factory.GetGrain<ITeller>("k").Tell(reference, "hello");

        (await listener.Heard.Task.Soon()).ShouldBe("hello");
        factory.DeleteObjectReference<IListener>(reference);
    }

    [Fact]
    public async Task What_the_object_answers_and_throws_reaches_the_grain()
    {
        var listener = new Listener();
        var reference = silo.Client.CreateObjectReference<IListener>(listener);
        var teller = silo.Client.GetGrain<ITeller>("k");

        (await teller.Ask(reference, "2")).ShouldBe("4");
        (await Should.ThrowAsync<FormatException>(() => teller.Ask(reference, "two"))).ShouldNotBeNull();
        GC.KeepAlive(listener);
    }

    [Fact]
    public async Task Calls_to_one_object_come_one_at_a_time()
    {
        var listener = new Listener();
        var reference = silo.Client.CreateObjectReference<IListener>(listener);
        var tellers = Enumerable.Range(0, 20).Select(i => silo.Client.GetGrain<ITeller>($"{i}"));

        await Task.WhenAll(tellers.Select(teller => teller.Ask(reference, "1"))).Soon();

        listener.AtOnceMax.ShouldBe(1);
    }
}

public interface IListener : IGrainObserver
{
    Task Hear(string what);

    Task<string> Twice(string number);
}

public sealed class Listener : IListener
{
    private int _atOnce;

    public TaskCompletionSource<string> Heard { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int AtOnceMax { get; private set; }

    public Task Hear(string what)
    {
        Heard.TrySetResult(what);
        return Task.CompletedTask;
    }

    public async Task<string> Twice(string number)
    {
        AtOnceMax = Math.Max(AtOnceMax, Interlocked.Increment(ref _atOnce));
        await Task.Yield();
        Interlocked.Decrement(ref _atOnce);
        return $"{2 * int.Parse(number)}";
    }
}

public interface ITeller : IGrainWithStringKey
{
    Task Tell(IListener listener, string what);

    Task<string> Ask(IListener listener, string number);
}

public sealed class TellerGrain : Grain, ITeller
{
    public Task Tell(IListener listener, string what) => listener.Hear(what);

    public Task<string> Ask(IListener listener, string number) => listener.Twice(number);
}
