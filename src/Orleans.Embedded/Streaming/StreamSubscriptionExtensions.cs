namespace Orleans.Streams;

/// <summary>Subscribing with functions.</summary>
public static class AsyncObservableExtensions
{
    /// <summary>Subscribes with a function; errors are ignored.</summary>
    public static Task<StreamSubscriptionHandle<T>> SubscribeAsync<T>(
        this IAsyncObservable<T> obs, Func<T, StreamSequenceToken?, Task> onNextAsync) =>
        obs.SubscribeAsync(new FunctionObserver<T>(onNextAsync));

    /// <summary>Subscribes from a place on.</summary>
    public static Task<StreamSubscriptionHandle<T>> SubscribeAsync<T>(
        this IAsyncObservable<T> obs, Func<T, StreamSequenceToken?, Task> onNextAsync, StreamSequenceToken token) =>
        obs.SubscribeAsync(new FunctionObserver<T>(onNextAsync), token);

    /// <summary>Subscribes with functions for events and errors.</summary>
    public static Task<StreamSubscriptionHandle<T>> SubscribeAsync<T>(
        this IAsyncObservable<T> obs,
        Func<T, StreamSequenceToken?, Task> onNextAsync,
        Func<Exception, Task> onErrorAsync) =>
        obs.SubscribeAsync(new FunctionObserver<T>(onNextAsync, onErrorAsync));

    /// <summary>Subscribes with functions for events and errors, from a place on.</summary>
    public static Task<StreamSubscriptionHandle<T>> SubscribeAsync<T>(
        this IAsyncObservable<T> obs,
        Func<T, StreamSequenceToken?, Task> onNextAsync,
        Func<Exception, Task> onErrorAsync,
        StreamSequenceToken token) =>
        obs.SubscribeAsync(new FunctionObserver<T>(onNextAsync, onErrorAsync), token);
}

/// <summary>Subscribing in batches with functions.</summary>
public static class AsyncBatchObservableExtensions
{
    /// <summary>Subscribes with a function; errors are ignored.</summary>
    public static Task<StreamSubscriptionHandle<T>> SubscribeAsync<T>(
        this IAsyncBatchObservable<T> obs, Func<IList<SequentialItem<T>>, Task> onNextAsync) =>
        obs.SubscribeAsync(new FunctionBatchObserver<T>(onNextAsync));

    /// <summary>Subscribes with functions for events and errors.</summary>
    public static Task<StreamSubscriptionHandle<T>> SubscribeAsync<T>(
        this IAsyncBatchObservable<T> obs,
        Func<IList<SequentialItem<T>>, Task> onNextAsync,
        Func<Exception, Task> onErrorAsync) =>
        obs.SubscribeAsync(new FunctionBatchObserver<T>(onNextAsync, onErrorAsync));
}

/// <summary>Resuming with functions.</summary>
public static class StreamSubscriptionHandleExtensions
{
    /// <summary>Resumes with a function; errors are ignored.</summary>
    public static Task<StreamSubscriptionHandle<T>> ResumeAsync<T>(
        this StreamSubscriptionHandle<T> handle,
        Func<T, StreamSequenceToken?, Task> onNextAsync,
        StreamSequenceToken? token = null) =>
        handle.ResumeAsync(new FunctionObserver<T>(onNextAsync), token);

    /// <summary>Resumes with functions for events and errors.</summary>
    public static Task<StreamSubscriptionHandle<T>> ResumeAsync<T>(
        this StreamSubscriptionHandle<T> handle,
        Func<T, StreamSequenceToken?, Task> onNextAsync,
        Func<Exception, Task> onErrorAsync,
        StreamSequenceToken? token = null) =>
        handle.ResumeAsync(new FunctionObserver<T>(onNextAsync, onErrorAsync), token);

    /// <summary>Resumes in batches with a function; errors are ignored.</summary>
    public static Task<StreamSubscriptionHandle<T>> ResumeAsync<T>(
        this StreamSubscriptionHandle<T> handle,
        Func<IList<SequentialItem<T>>, Task> onNextAsync,
        StreamSequenceToken? token = null) =>
        handle.ResumeAsync(new FunctionBatchObserver<T>(onNextAsync), token);

    /// <summary>Resumes in batches with functions for events and errors.</summary>
    public static Task<StreamSubscriptionHandle<T>> ResumeAsync<T>(
        this StreamSubscriptionHandle<T> handle,
        Func<IList<SequentialItem<T>>, Task> onNextAsync,
        Func<Exception, Task> onErrorAsync,
        StreamSequenceToken? token = null) =>
        handle.ResumeAsync(new FunctionBatchObserver<T>(onNextAsync, onErrorAsync), token);
}

internal sealed class FunctionObserver<T>(
    Func<T, StreamSequenceToken?, Task> onNext, Func<Exception, Task>? onError = null)
    : IAsyncObserver<T>
{
    public Task OnNextAsync(T item, StreamSequenceToken? token = null) => onNext(item, token);

    public Task OnErrorAsync(Exception ex) => onError?.Invoke(ex) ?? Task.CompletedTask;
}

internal sealed class FunctionBatchObserver<T>(
    Func<IList<SequentialItem<T>>, Task> onNext, Func<Exception, Task>? onError = null)
    : IAsyncBatchObserver<T>
{
    public Task OnNextAsync(IList<SequentialItem<T>> items) => onNext(items);

    public Task OnErrorAsync(Exception ex) => onError?.Invoke(ex) ?? Task.CompletedTask;
}
