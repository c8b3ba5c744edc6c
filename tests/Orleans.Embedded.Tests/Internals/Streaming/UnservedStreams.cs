using Orleans.Runtime;
using Orleans.Streams;
using Waybill.Tests.Streaming;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Streaming;

/// <summary>Streams whose subscribers cannot be found, because a predicate of the application throws.</summary>
public sealed class UnservedStreams
{
    private readonly string _key = $"{Guid.NewGuid()}";

    private StreamId Doubtful => StreamId.Create($"{DoubtfulPredicate.Prefix}{_key}", _key);

    private Inbox Asked => Inbox.Of($"{DoubtfulPredicate.Prefix}{_key}");

    [Fact]
    public async Task A_stream_whose_subscribers_cannot_be_found_is_served_when_they_can_and_others_meanwhile()
    {
        var log = new Log();
        var mended = false;
        Asked.Before = _ => mended ? Task.CompletedTask : throw new InvalidOperationException("not yet");
        await using var cluster = Silos.Compose(1, log.AddTo).Build();

        // Read together.
        log.Append(Doubtful, "a");
        log.Append(StreamId.Create("orders", _key), "b");
        await cluster.DeployAsync();
        await Inbox.Of(_key).Has("b");
        log.Append(Doubtful, "c");
        log.Append(StreamId.Create("orders", _key), "d");
        await Inbox.Of(_key).Has("d");

        log.CheckpointOf(Doubtful).ShouldBe(0);
        mended = true;
        (await Inbox.Of($"{_key} doubtful").Has("c")).ShouldBe(["a", "c"]);
        await log.Events.Has("checkpoint 0 4");
    }

    [Fact]
    public async Task A_stream_whose_subscribers_can_never_be_found_is_given_up()
    {
        var log = new Log { MaxEventDeliveryTime = TimeSpan.FromMilliseconds(50) };
        Asked.Before = _ => throw new InvalidOperationException("never");
        await using var cluster = Silos.Compose(1, log.AddTo).Build();
        await cluster.DeployAsync();

        log.Append(Doubtful, "a");
        log.Append(StreamId.Create("orders", _key), "b");

        await log.Events.Has("checkpoint 0 2");
        Inbox.Of(_key).Items.ShouldBe(["b"]);
    }
}

public sealed class DoubtfulPredicate : IStreamNamespacePredicate
{
    public const string Prefix = "doubtful ";

    public string PredicatePattern => Prefix;

    public bool IsMatch(string streamNamespace)
    {
        if (!streamNamespace.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        Inbox.Of(streamNamespace).Before!(Prefix);
        return true;
    }
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class DoubtfulSubscriptionAttribute() : ImplicitStreamSubscriptionAttribute(new DoubtfulPredicate());

[DoubtfulSubscription]
public sealed class DoubtfulGrain : Grain, IGrainWithStringKey
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // Whichever of its streams it was activated for: the key says.
        var key = this.GetPrimaryKeyString();
        var stream = this.GetStreamProvider(Log.Provider).GetStream<string>($"{DoubtfulPredicate.Prefix}{key}", key);
        await stream.SubscribeAsync((item, _) => Inbox.Of($"{key} doubtful").Take(item));
    }
}
