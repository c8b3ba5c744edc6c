using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>What a consumer gives to a subscription: the events go to it one after another.</summary>
public interface IAsyncObserver<in T>
{
    /// <summary>Takes an event. A failure has it delivered again, until the provider gives it up.</summary>
    Task OnNextAsync(T item, StreamSequenceToken? token = null);

    /// <summary>No provider here completes a stream.</summary>
    Task OnCompletedAsync() => Task.CompletedTask;

    /// <summary>Told that an event was given up, or that the place asked for is no longer to be had.</summary>
    Task OnErrorAsync(Exception ex);
}

/// <summary>An event with its place.</summary>
[GenerateSerializer]
public class SequentialItem<T>(T item, StreamSequenceToken token)
{
    /// <summary>The event.</summary>
    [Id(0)]
    public T Item { get; } = item;

    /// <summary>Its place.</summary>
    [Id(1)]
    public StreamSequenceToken Token { get; } = token;
}

/// <summary>As <see cref="IAsyncObserver{T}"/>, but takes all events of a batch at once.</summary>
public interface IAsyncBatchObserver<T>
{
    /// <summary>Takes the events of a batch.</summary>
    Task OnNextAsync(IList<SequentialItem<T>> items);

    /// <inheritdoc cref="IAsyncObserver{T}.OnCompletedAsync"/>
    Task OnCompletedAsync() => Task.CompletedTask;

    /// <inheritdoc cref="IAsyncObserver{T}.OnErrorAsync"/>
    Task OnErrorAsync(Exception ex);
}

/// <summary>What can be subscribed to.</summary>
public interface IAsyncObservable<T>
{
    /// <summary>
    /// Adds a subscription for the calling grain or client. It outlives the activation, but the observer does not: a
    /// grain that is activated again resumes its subscriptions.
    /// </summary>
    Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncObserver<T> observer);

    /// <summary>The same from a place on. There are no stream filters here: the last argument is null.</summary>
    /// <exception cref="ArgumentNullException">A place is given, but the provider cannot go back.</exception>
    Task<StreamSubscriptionHandle<T>> SubscribeAsync(
        IAsyncObserver<T> observer, StreamSequenceToken? token, string? filterData = null);
}

/// <summary>What can be subscribed to in batches.</summary>
public interface IAsyncBatchObservable<T>
{
    /// <inheritdoc cref="IAsyncObservable{T}.SubscribeAsync(IAsyncObserver{T})"/>
    Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncBatchObserver<T> observer);

    /// <inheritdoc cref="IAsyncObservable{T}.SubscribeAsync(IAsyncObserver{T}, StreamSequenceToken, string)"/>
    Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncBatchObserver<T> observer, StreamSequenceToken? token);
}

/// <summary>The producer's side: publishing ends when the events are in their queue.</summary>
public interface IAsyncBatchProducer<T> : IAsyncObserver<T>
{
    /// <summary>Publishes several events as one batch, which is delivered whole.</summary>
    Task OnNextBatchAsync(IEnumerable<T> batch, StreamSequenceToken? token = null);
}

/// <summary>A stream, whatever its events are.</summary>
public interface IAsyncStream
{
    /// <summary>Whether a subscription may begin at a place in the past.</summary>
    bool IsRewindable { get; }

    /// <summary>The provider it is of.</summary>
    string ProviderName { get; }

    /// <summary>Its identity within the provider.</summary>
    StreamId StreamId { get; }
}

/// <summary>A stream. It exists as soon as it is named; nothing has to be made.</summary>
public interface IAsyncStream<T>
    : IAsyncStream,
        IEquatable<IAsyncStream<T>>,
        IComparable<IAsyncStream<T>>,
        IAsyncObservable<T>,
        IAsyncBatchObservable<T>,
        IAsyncBatchProducer<T>
{
    /// <summary>The subscriptions that the calling grain or client has to this stream.</summary>
    Task<IList<StreamSubscriptionHandle<T>>> GetAllSubscriptionHandles();
}

/// <summary>A subscription in the hands of who made or resumed it. Resuming or ending it spends the handle.</summary>
public abstract class StreamSubscriptionHandle<T> : IEquatable<StreamSubscriptionHandle<T>>
{
    /// <summary>The stream.</summary>
    public abstract StreamId StreamId { get; }

    /// <summary>The stream's provider.</summary>
    public abstract string ProviderName { get; }

    /// <summary>The subscription.</summary>
    public abstract Guid HandleId { get; }

    /// <summary>Ends the subscription.</summary>
    public abstract Task UnsubscribeAsync();

    /// <summary>Gives the subscription its observer, and a place to go on from if the provider can go back.</summary>
    public abstract Task<StreamSubscriptionHandle<T>> ResumeAsync(
        IAsyncObserver<T> observer, StreamSequenceToken? token = null);

    /// <inheritdoc cref="ResumeAsync(IAsyncObserver{T}, StreamSequenceToken)"/>
    public abstract Task<StreamSubscriptionHandle<T>> ResumeAsync(
        IAsyncBatchObserver<T> observer, StreamSequenceToken? token = null);

    /// <inheritdoc/>
    public abstract bool Equals(StreamSubscriptionHandle<T>? other);
}

/// <summary>Where streams come from.</summary>
public interface IStreamProvider
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>Whether subscriptions may begin at a place in the past.</summary>
    bool IsRewindable { get; }

    /// <summary>The stream with this identity.</summary>
    IAsyncStream<T> GetStream<T>(StreamId streamId);
}

/// <summary>Streams by their parts.</summary>
public static class StreamProviderExtensions
{
    /// <summary>The stream without a namespace and with this key.</summary>
    public static IAsyncStream<T> GetStream<T>(this IStreamProvider streamProvider, string id) =>
        streamProvider.GetStream<T>(StreamId.Create(null, id));

    /// <summary>The stream with this namespace and key.</summary>
    public static IAsyncStream<T> GetStream<T>(this IStreamProvider streamProvider, string ns, string id) =>
        streamProvider.GetStream<T>(StreamId.Create(ns, id));

    /// <inheritdoc cref="GetStream{T}(IStreamProvider, string, string)"/>
    public static IAsyncStream<T> GetStream<T>(this IStreamProvider streamProvider, string ns, Guid id) =>
        streamProvider.GetStream<T>(StreamId.Create(ns, id));

    /// <inheritdoc cref="GetStream{T}(IStreamProvider, string, string)"/>
    public static IAsyncStream<T> GetStream<T>(this IStreamProvider streamProvider, string ns, long id) =>
        streamProvider.GetStream<T>(StreamId.Create(ns, id));
}
