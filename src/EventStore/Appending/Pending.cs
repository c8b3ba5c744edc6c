using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Appending;

/// <summary>Something that waits for the writer, and is carried out with others in one transaction.</summary>
internal abstract class Pending
{
    /// <summary>True if nobody waits any more, so that it need not be begun.</summary>
    public abstract bool IsAbandoned { get; }

    /// <summary>How many events it adds to the log.</summary>
    public virtual int EventCount => 0;

    public abstract void Abandon();

    /// <summary>Tells whoever waits how it went, once it is committed.</summary>
    public abstract void Complete();

    /// <summary>Tells whoever waits that it failed; before or after the commit is not known.</summary>
    public abstract void Fail(Exception error);
}

/// <inheritdoc/>
internal abstract class Pending<TResult>(CancellationToken cancellation) : Pending
{
    // The writer's thread must not be the one on which the callers go on.
    private readonly TaskCompletionSource<TResult> _answer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResult> Answer => _answer.Task;

    /// <summary>What the writer found, to be told once it is committed.</summary>
    public TResult? Result { protected get; set; }

    /// <inheritdoc/>
    public override bool IsAbandoned => cancellation.IsCancellationRequested || _answer.Task.IsCompleted;

    /// <inheritdoc/>
    public override void Abandon() => _answer.TrySetCanceled(cancellation);

    /// <inheritdoc/>
    public override void Complete() => _answer.TrySetResult(Result!);

    /// <inheritdoc/>
    public override void Fail(Exception error) => _answer.TrySetException(error);
}

/// <summary>A write beside the log.</summary>
internal interface IPendingWrite
{
    /// <summary>Carries it out inside the writer's transaction, on the writer's thread.</summary>
    void CarryOut(StoreSession session);

    /// <summary>True if what it deletes must not be left in the files either when it is answered.</summary>
    bool LeavesNoTrace { get; }

    /// <summary>
    /// Takes note that it failed alone: was rolled back while the transaction went on, or left a trace.
    /// </summary>
    void Refuse(Exception error);
}

/// <inheritdoc cref="IPendingWrite"/>
internal sealed class PendingWrite<TResult>(
    Func<StoreSession, CancellationToken, Task<TResult>> write, CancellationToken cancellation)
    : Pending<TResult>(cancellation), IPendingWrite
{
    private Exception? _refusal;

    /// <inheritdoc/>
    public bool LeavesNoTrace { get; init; }

    /// <inheritdoc/>
    public void CarryOut(StoreSession session) =>
        // On SQLite nothing is awaited in truth: its calls block.
        Result = write(session, CancellationToken.None).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public void Refuse(Exception error) => _refusal = error;

    /// <inheritdoc/>
    public override void Complete()
    {
        if (_refusal is null)
            base.Complete();
        else
            Fail(_refusal);
    }
}
