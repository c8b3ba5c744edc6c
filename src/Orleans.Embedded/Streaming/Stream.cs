using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>A stream as its users see it. It keeps nothing: two with one identity are the same.</summary>
internal sealed class Stream<T>(PersistentStreamProvider provider, StreamId streamId) : IAsyncStream<T>
{
    public bool IsRewindable => provider.IsRewindable;

    public string ProviderName => provider.Name;

    public StreamId StreamId => streamId;

    private QualifiedStreamId Id => new(provider.Name, streamId);

    public Task OnNextAsync(T item, StreamSequenceToken? token = null) =>
        provider.Writable.QueueMessageAsync(streamId, item, token, RequestContextExtensions.Export());

    public Task OnNextBatchAsync(IEnumerable<T> batch, StreamSequenceToken? token = null) =>
        provider.Writable.QueueMessageBatchAsync(streamId, batch, token, RequestContextExtensions.Export());

    public Task OnCompletedAsync() => throw new NotImplementedException("A persistent stream has no end.");

    public Task OnErrorAsync(Exception ex) => throw new NotImplementedException("A persistent stream does not fail.");

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncObserver<T> observer) =>
        SubscribeAsync(observer, null);

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(
        IAsyncObserver<T> observer, StreamSequenceToken? token, string? filterData = null)
    {
        if (filterData is not null) throw new NotSupportedException("There are no stream filters here.");
        return SubscribeAsync(new Observer<T>(observer, null), token);
    }

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncBatchObserver<T> observer) =>
        SubscribeAsync(observer, null);

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(
        IAsyncBatchObserver<T> observer, StreamSequenceToken? token) =>
        SubscribeAsync(new Observer<T>(null, observer), token);

    public Task<IList<StreamSubscriptionHandle<T>>> GetAllSubscriptionHandles()
    {
        var (_, me) = provider.Me();
        var mine = provider.Cluster.Of(Id).Where(subscription => subscription.Consumer == me);
        var ids = ImplicitSubscriptions.Find(me, Id) is { } own ? [own] : mine.Select(subscription => subscription.Id);
        IList<StreamSubscriptionHandle<T>> handles = [.. ids.Select(id => new SubscriptionHandle<T>(this, id))];
        return Task.FromResult(handles);
    }

    public bool Equals(IAsyncStream<T>? other) => other is Stream<T> stream && stream.Id == Id;

    public override bool Equals(object? obj) => Equals(obj as IAsyncStream<T>);

    public override int GetHashCode() => Id.GetHashCode();

    public int CompareTo(IAsyncStream<T>? other) =>
        other is null ? 1
        : string.CompareOrdinal(ProviderName, other.ProviderName) is var byProvider and not 0 ? byProvider
        : StreamId.CompareTo(other.StreamId);

    public override string ToString() => Id.ToString();

    internal Task<StreamSubscriptionHandle<T>> ResumeAsync(GuidId id, Observer<T> observer, StreamSequenceToken? token)
    {
        CheckPlace(token);
        var (extension, _) = provider.Me();
        var handle = new SubscriptionHandle<T>(this, id, observer, token, IsRewindable && extension.KnowsWhatItHas);
        extension.Attach(id, handle);
        return Task.FromResult<StreamSubscriptionHandle<T>>(handle);
    }

    internal Task UnsubscribeAsync(GuidId id)
    {
        provider.Me().Extension.Detach(id);
        if (!ImplicitSubscriptions.IsImplicit(id)) provider.Cluster.Remove(Id, id);
        return Task.CompletedTask;
    }

    // The observer stands ready before anybody can hear of the subscription, because the first event may come at once.
    private async Task<StreamSubscriptionHandle<T>> SubscribeAsync(Observer<T> observer, StreamSequenceToken? token)
    {
        var (_, me) = provider.Me();
        if (ImplicitSubscriptions.Find(me, Id) is { } own) return await ResumeAsync(own, observer, token);
        if (!provider.HasExplicit)
        {
            // The type is genuine Orleans' own choice.
            throw new ArgumentOutOfRangeException(
                Id.ToString(), $"The stream provider '{ProviderName}' has implicit subscriptions only.");
        }

        var id = ImplicitSubscriptions.NewExplicitId();
        var handle = await ResumeAsync(id, observer, token);
        provider.Cluster.Add(new StreamSubscription(id, Id, me));
        return handle;
    }

    private void CheckPlace(StreamSequenceToken? token)
    {
        if (token is null || IsRewindable) return;
        throw new ArgumentException("Passing a non-null token to a non-rewindable stream.", nameof(token));
    }
}

/// <summary>An observer of single events or of batches: one of the two.</summary>
internal sealed record Observer<T>(IAsyncObserver<T>? Single, IAsyncBatchObserver<T>? Batch)
{
    internal async Task OnNextAsync(IBatchContainer batch)
    {
        if (Single is null)
        {
            List<SequentialItem<T>> items = [];
            foreach (var (item, token) in batch.GetEvents<T>()) items.Add(new SequentialItem<T>(item, token));
            if (items.Count > 0) await Batch!.OnNextAsync(items);
            return;
        }

        if (batch is not IBatchContainerBatch several)
        {
            foreach (var (item, token) in batch.GetEvents<T>()) await Single.OnNextAsync(item, token);
            return;
        }

        // Each batch was published in a context of its own.
        foreach (var one in several.BatchContainers)
        {
            var imported = one.ImportRequestContext();
            foreach (var (item, token) in one.GetEvents<T>()) await Single.OnNextAsync(item, token);
            if (imported) RequestContext.Clear();
        }
    }

    internal Task OnErrorAsync(Exception exception) =>
        Single?.OnErrorAsync(exception) ?? Batch!.OnErrorAsync(exception);
}

/// <summary>
/// A subscription in its consumer's hands. With an observer it is also what the agent's calls end at; then, if the
/// provider can go back, it knows what it has, so that a batch delivered twice is taken once.
/// </summary>
internal sealed class SubscriptionHandle<T> : StreamSubscriptionHandle<T>, IObservingHandle
{
    private readonly Stream<T> _stream;
    private readonly GuidId _id;
    private readonly Observer<T>? _observer;
    private readonly bool _remembers;
    private bool _spent;

    internal SubscriptionHandle(Stream<T> stream, GuidId id) => (_stream, _id) = (stream, id);

    internal SubscriptionHandle(
        Stream<T> stream, GuidId id, Observer<T> observer, StreamSequenceToken? from, bool remembers)
        : this(stream, id)
    {
        (_observer, _remembers) = (observer, remembers);
        if (remembers && from is not null) Expected = new StreamHandshakeToken(from, IsDelivered: false);
    }

    public override StreamId StreamId => _stream.StreamId;

    public override string ProviderName => _stream.ProviderName;

    public override Guid HandleId => _id.Guid;

    public StreamHandshakeToken? Expected { get; private set; }

    public override async Task UnsubscribeAsync()
    {
        CheckUnspent();
        await _stream.UnsubscribeAsync(_id);
        _spent = true;
    }

    public override Task<StreamSubscriptionHandle<T>> ResumeAsync(
        IAsyncObserver<T> observer, StreamSequenceToken? token = null) =>
        ResumeAsync(new Observer<T>(observer, null), token);

    public override Task<StreamSubscriptionHandle<T>> ResumeAsync(
        IAsyncBatchObserver<T> observer, StreamSequenceToken? token = null) =>
        ResumeAsync(new Observer<T>(null, observer), token);

    public async Task<StreamHandshakeToken?> DeliverBatch(IBatchContainer batch, StreamHandshakeToken? known)
    {
        var delivered = new StreamHandshakeToken(batch.SequenceToken, IsDelivered: true);
        if (Expected is not null && (Expected != known || Expected == delivered)) return Expected;
        if (!_spent) await _observer!.OnNextAsync(batch);
        if (_remembers) Expected = delivered;
        return null;
    }

    public Task ErrorInStream(Exception exception) => _observer!.OnErrorAsync(exception);

    public override bool Equals(StreamSubscriptionHandle<T>? other) =>
        other is SubscriptionHandle<T> handle && handle._id == _id;

    public override bool Equals(object? obj) => Equals(obj as StreamSubscriptionHandle<T>);

    public override int GetHashCode() => _id.GetHashCode();

    public override string ToString() => $"{_stream}#{_id}";

    private async Task<StreamSubscriptionHandle<T>> ResumeAsync(Observer<T> observer, StreamSequenceToken? token)
    {
        CheckUnspent();
        var resumed = await _stream.ResumeAsync(_id, observer, token);
        _spent = true;
        return resumed;
    }

    private void CheckUnspent()
    {
        if (!_spent) return;
        throw new InvalidOperationException("Handle is no longer valid. It has been used to unsubscribe or resume.");
    }
}
