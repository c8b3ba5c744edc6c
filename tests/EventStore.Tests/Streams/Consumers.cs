using Orleans.Runtime;
using Orleans.Streams;
using Orleans.Streams.Core;
using Waybill.EventStore;
using Waybill.EventStore.Streams;

namespace Waybill.Tests.EventStore.Streams;

/// <summary>
/// What the consumers on all silos of a test got, in order. A test waits for it to come, and may step in before
/// something is taken: wait, or throw.
/// </summary>
public sealed class Consumers
{
    // Real time after which what does not come fails its test.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<(string Stream, StoredEvent Event)> _events = [];
    private readonly List<LogChunk> _chunks = [];
    private readonly List<(Func<bool> Condition, TaskCompletionSource Met)> _waiting = [];

    public Func<string, StoredEvent, Task> BeforeEvent { get; set; } = (_, _) => Task.CompletedTask;

    public Func<LogChunk, Task> BeforeChunk { get; set; } = _ => Task.CompletedTask;

    /// <summary>The events of one stream, as they came.</summary>
    public List<StoredEvent> Events(string stream)
    {
        lock (_lock)
            return [.. _events.Where(taken => taken.Stream == stream).Select(taken => taken.Event)];
    }

    /// <summary>The versions on one stream as they came first, without those that came again.</summary>
    public IEnumerable<long> Versions(string stream) =>
        Events(stream).Select(stored => stored.Version).Distinct();

    /// <summary>The chunks of one queue, as they came.</summary>
    public List<LogChunk> Chunks(int queue)
    {
        lock (_lock)
            return [.. _chunks.Where(chunk => chunk.Queue == queue)];
    }

    /// <summary>The positions that came in chunks of any queue.</summary>
    public IEnumerable<long> Positions()
    {
        lock (_lock)
            return [.. _chunks.SelectMany(chunk => chunk.Events).Select(stored => stored.Position)];
    }

    public async Task Take(string stream, StoredEvent stored)
    {
        await BeforeEvent(stream, stored);
        lock (_lock)
            _events.Add((stream, stored));
        Changed();
    }

    public async Task Take(LogChunk chunk)
    {
        await BeforeChunk(chunk);
        lock (_lock)
            _chunks.Add(chunk);
        Changed();
    }

    /// <summary>Completes when the condition holds; it is looked at whenever something has changed.</summary>
    public Task Until(Func<bool> condition)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
            _waiting.Add((condition, met));
        Changed();
        return met.Task.WaitAsync(Limit);
    }

    public void Changed()
    {
        lock (_lock)
            foreach (var (condition, met) in _waiting)
                if (condition())
                    met.TrySetResult();
    }
}

/// <summary>Consumes the stream of an aggregate.</summary>
[ImplicitStreamSubscription("note")]
public sealed class NoteConsumerGrain(Consumers consumers)
    : Grain, IGrainWithStringKey, IStreamSubscriptionObserver, IAsyncObserver<StoredEvent>
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<StoredEvent>().ResumeAsync(this);

    public Task OnNextAsync(StoredEvent item, StreamSequenceToken? token = null) =>
        consumers.Take($"note/{this.GetPrimaryKeyString()}", item);

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}

/// <summary>Consumes the stream of a saga.</summary>
[ImplicitStreamSubscription(EventStreams.SagaNamespace)]
public sealed class SagaConsumerGrain(Consumers consumers)
    : Grain, IGrainWithStringKey, IStreamSubscriptionObserver, IAsyncObserver<StoredEvent>
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<StoredEvent>().ResumeAsync(this);

    public Task OnNextAsync(StoredEvent item, StreamSequenceToken? token = null) =>
        consumers.Take($"saga/{this.GetPrimaryKeyString()}", item);

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}

/// <summary>Consumes the log, queue by queue.</summary>
[ImplicitStreamSubscription(EventStreams.LogNamespace)]
public sealed class LogConsumerGrain(Consumers consumers)
    : Grain, IGrainWithStringKey, IStreamSubscriptionObserver, IAsyncObserver<LogChunk>
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<LogChunk>().ResumeAsync(this);

    public Task OnNextAsync(LogChunk item, StreamSequenceToken? token = null) => consumers.Take(item);

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}
