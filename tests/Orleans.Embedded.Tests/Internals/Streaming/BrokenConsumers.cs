using Orleans.Runtime;
using Orleans.Streams;
using Waybill.Tests.Streaming;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Streaming;

public sealed class BrokenConsumers
{
    private readonly string _key = $"{Guid.NewGuid()}";

    [Fact]
    public async Task A_grain_that_cannot_be_activated_holds_up_its_own_stream_alone()
    {
        var log = new Log();
        await using var cluster = Silos.Compose(1, log.AddTo).Build();
        await cluster.DeployAsync();
        var broken = StreamId.Create("breakable", _key);

        log.Append(broken, "a");
        await Inbox.Of($"{_key} attempts").Has(2);
        for (var i = 0; i < 50; i++) log.Append(StreamId.Create("orders", _key), $"{i}");
        await Inbox.Of(_key).Has("49");

        log.CheckpointOf(broken).ShouldBe(0);
        Inbox.Of($"{_key} mended").Write("yes");
        (await Inbox.Of($"{_key} heard").Has("a")).ShouldBe(["a"]);
        await log.Events.Has("checkpoint 0 51");
    }
}

[ImplicitStreamSubscription("breakable")]
public sealed class BreakableGrain : Grain, IGrainWithStringKey
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        Inbox.Of($"{key} attempts").Write("one");
        if (Inbox.Of($"{key} mended").Items.Length == 0) throw new InvalidOperationException("broken");
        var stream = this.GetStreamProvider(Log.Provider).GetStream<string>("breakable", key);
        await stream.SubscribeAsync((item, _) => Inbox.Of($"{key} heard").Take(item));
    }
}
