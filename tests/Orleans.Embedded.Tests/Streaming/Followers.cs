using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.Streams.Core;
using Waybill.Tests.Support;

namespace Waybill.Tests.Streaming;

/// <summary>Implicitly subscribed, attaching its observer when the first event comes.</summary>
[ImplicitStreamSubscription("orders")]
public sealed class OrderFollowerGrain : Grain, IOrderFollower, IStreamSubscriptionObserver, IAsyncObserver<string>
{
    private Inbox Inbox => Inbox.Of(this.GetPrimaryKeyString());

    public async Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        await handleFactory.Create<string>().ResumeAsync(this);

    public async Task OnNextAsync(string item, StreamSequenceToken? token = null)
    {
        await Inbox.Take(item);
        if (RequestContext.Get("who") is string who) Inbox.Of($"{this.GetPrimaryKeyString()} who").Write(who);
    }

    public Task OnErrorAsync(Exception ex) => Inbox.Take($"{ex.GetType().Name}");

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<SiloAddress> Whereabouts() =>
        Task.FromResult(((ILocalSiloDetails)ServiceProvider.GetService(typeof(ILocalSiloDetails))!).SiloAddress);
}

public interface IOrderFollower : ISomewhere
{
    Task End();
}

/// <summary>Implicitly subscribed, attaching its observer when it is activated.</summary>
[ImplicitStreamSubscription("rides")]
public sealed class RideFollowerGrain : Grain, IGrainWithStringKey
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        var stream = this.GetStreamProvider(Log.Provider).GetStream<string>("rides", key);
        await stream.SubscribeAsync((item, _) => Inbox.Of(key).Take(item));
    }
}

/// <summary>Implicitly subscribed, attaching nothing.</summary>
[ImplicitStreamSubscription("unheard")]
public sealed class UnheardGrain : Grain, IGrainWithStringKey
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Inbox.Of(this.GetPrimaryKeyString()).Write("activated");
        return Task.CompletedTask;
    }
}

[RegexImplicitStreamSubscription("^(guids|others)$")]
public sealed class GuidFollowerGrain : Grain, IGrainWithGuidKey, IStreamSubscriptionObserver
{
    public async Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory)
    {
        var inbox = Inbox.Of($"{this.GetPrimaryKey()}");
        var ns = handleFactory.StreamId.GetNamespace();
        await handleFactory.Create<string>().ResumeAsync((item, _) => inbox.Take($"{ns} {item}"));
    }
}

[ImplicitStreamSubscription("numbers")]
public sealed class NumberFollowerGrain : Grain, IGrainWithIntegerKey, IStreamSubscriptionObserver
{
    public async Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory)
    {
        var inbox = Inbox.Of($"number {this.GetPrimaryKeyLong()}");
        await handleFactory.Create<string>().ResumeAsync((item, _) => inbox.Take(item));
    }
}

/// <summary>Implicitly subscribed, taking whole batches.</summary>
[ImplicitStreamSubscription("chunks")]
public sealed class ChunkFollowerGrain : Grain, IGrainWithStringKey, IStreamSubscriptionObserver
{
    public async Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory)
    {
        var inbox = Inbox.Of(this.GetPrimaryKeyString());
        await handleFactory.Create<string>().ResumeAsync(
            items => inbox.Take(string.Join(' ', items.Select(item => item.Item))));
    }
}

public interface ISubscriber : IGrainWithStringKey
{
    Task Subscribe(string provider, string stream);

    Task SubscribeFrom(string provider, string stream, long place);

    Task<int> Handles(string provider, string stream);

    Task UnsubscribeAll(string provider, string stream);

    Task ResumeWhenActivated(string provider, string stream);

    Task End();
}

/// <summary>Subscribes because it was told to.</summary>
public sealed class SubscriberGrain : Grain, ISubscriber
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Inbox.Of($"{Key} lives").Write("activated");
        if (Inbox.Of($"{Key} resumes").Items is not [var provider, var stream]) return;
        var handles = await Stream(provider, stream).GetAllSubscriptionHandles();
        foreach (var handle in handles) await handle.ResumeAsync(Take);
    }

    private string Key => this.GetPrimaryKeyString();

    public Task Subscribe(string provider, string stream) => Stream(provider, stream).SubscribeAsync(Take);

    public Task SubscribeFrom(string provider, string stream, long place) => Stream(provider, stream).SubscribeAsync(
        Take, error => Inbox.Of(Key).Take(error.GetType().Name), new EventSequenceToken(place));

    public async Task<int> Handles(string provider, string stream) =>
        (await Stream(provider, stream).GetAllSubscriptionHandles()).Count;

    public async Task UnsubscribeAll(string provider, string stream)
    {
        var handles = await Stream(provider, stream).GetAllSubscriptionHandles();
        foreach (var handle in handles) await handle.UnsubscribeAsync();
    }

    public Task ResumeWhenActivated(string provider, string stream)
    {
        Inbox.Of($"{Key} resumes").Write(provider);
        Inbox.Of($"{Key} resumes").Write(stream);
        return Task.CompletedTask;
    }

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private IAsyncStream<string> Stream(string provider, string stream) =>
        this.GetStreamProvider(provider).GetStream<string>("news", stream);

    private Task Take(string item, StreamSequenceToken? token) => Inbox.Of(Key).Take(item);
}
