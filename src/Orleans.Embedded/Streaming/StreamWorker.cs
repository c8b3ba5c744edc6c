using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>
/// Runs functions one at a time for a part of a silo that is no grain, and dies with the silo. They start without the
/// caller's execution context: what a subscribing grain has in its context must not go along with events.
/// </summary>
internal abstract class StreamWorker(RuntimeClient runtime) : WorkItemGroup
{
    protected RuntimeClient Runtime => runtime;

    protected sealed override bool IsDead => runtime.IsDead;

    protected sealed override void RunItem(object? item) => ((Action)item!)();

    protected void Post(Action work) => Enqueue(work);

    protected Task Run(Func<Task> work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => _ = FinishAsync());
        return done.Task;

        async Task FinishAsync()
        {
            try
            {
                await work();
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        }
    }
}
