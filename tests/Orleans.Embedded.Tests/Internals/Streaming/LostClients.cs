using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Streams;
using Waybill.Tests.Streaming;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Streaming;

public sealed class LostClients
{
    [Fact]
    public async Task A_client_that_has_gone_loses_its_subscriptions_and_holds_nothing_up()
    {
        var log = new Log { Subscriptions = StreamPubSubType.ExplicitGrainBasedAndImplicit };
        await using var cluster = Silos.Compose(1, silo =>
        {
            silo.AddMemoryGrainStorage("PubSubStore");
            log.AddTo(silo);
        }).ConfigureClient(log.AddTo).Build();
        await cluster.DeployAsync();
        var name = $"{Guid.NewGuid()}";
        var news = StreamId.Create("news", name);
        var stream = cluster.Client.GetStreamProvider(Log.Provider).GetStream<string>(news);
        await stream.SubscribeAsync((item, _) => Inbox.Of(name).Take(item));
        log.Append(news, "a");
        await Inbox.Of(name).Has("a");

        await cluster.StopClusterClientAsync();
        log.Append(news, "b");
        log.Append(news, "c");
        await log.Events.Has("checkpoint 0 3");

        var shared = cluster.GetSiloServiceProvider().GetRequiredService<Cluster>().Shared<StreamCluster>();
        shared.Of(new QualifiedStreamId(Log.Provider, news)).ShouldBeEmpty();
        Inbox.Of(name).Items.ShouldBe(["a"]);
    }
}
