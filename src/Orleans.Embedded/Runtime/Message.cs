namespace Orleans.Runtime;

/// <summary>
/// Work for one activation: a call, or a timer's tick. A call is answered once: by its result, its failure, its
/// timeout, its caller's cancellation or the death of the silo it went to, whichever is first.
/// </summary>
internal abstract class Message
{
    private int _answered;
    private CancellationTokenRegistration _cancellation;

    /// <summary>The next in the waiting line of the activation; guarded by that activation.</summary>
    internal Message? NextWaiting;

    /// <summary>Its neighbours among the calls not yet answered; guarded by the <see cref="CallbackTable"/>.</summary>
    internal Message? NextPending, PreviousPending;

    internal int PendingStripe = -1;

    /// <summary>How many activations ended while it waited for them.</summary>
    internal int Forwards;

    internal virtual bool AlwaysInterleave => false;

    internal virtual bool ReadOnly => false;

    /// <summary>
    /// The activation it was last given to; volatile, so that a dying silo's calls are found
    /// (see <see cref="Cluster.Kill"/>).
    /// </summary>
    internal volatile Activation? Receiver;

    internal RuntimeClient Sender { get; private set; } = null!;

    internal Activation? SourceActivation { get; private set; }

    internal Dictionary<string, object>? RequestContext { get; private set; }

    /// <summary>When it was sent, by the sender's <see cref="TimeProvider.GetTimestamp"/>.</summary>
    internal long SentAt { get; private set; }

    /// <summary>How long the sender waits.</summary>
    internal TimeSpan Timeout { get; set; }

    internal abstract GrainId TargetId { get; }

    internal bool IsAnswered => Volatile.Read(ref _answered) != 0;

    /// <summary>Does the work on the activation's scheduler and never throws.</summary>
    internal abstract void Run(Activation activation);

    /// <summary>
    /// Takes what it needs for <paramref name="activation"/>; what comes from another silo is copied by serialization.
    /// </summary>
    internal virtual void DeliverTo(Activation activation) => Receiver = activation;

    /// <summary>Ends the call with an exception, if it has not ended.</summary>
    internal abstract void Fail(Exception exception);

    /// <summary>Fails with what happened at the called grain, which crosses as any other value does.</summary>
    internal virtual void FailFromReceiver(Exception exception) => Fail(exception);

    internal void From(RuntimeClient sender, Activation? source)
    {
        Sender = sender;
        SourceActivation = source;
        RequestContext = Runtime.RequestContext.Current;
        SentAt = sender.TimeProvider.GetTimestamp();
    }

    /// <summary>
    /// Lets the caller stop waiting when <paramref name="token"/> is cancelled; the callee has the same token.
    /// </summary>
    internal void CancelWith(CancellationToken token)
    {
        if (!token.CanBeCanceled) return;
        _cancellation = token.UnsafeRegister(
            static (message, token) => ((Message)message!).Fail(new OperationCanceledException(token)), this);

        // The barrier keeps the store above before the look below, so that this or TryAnswer sees the other.
        Interlocked.MemoryBarrier();
        if (IsAnswered) _cancellation.Dispose();
    }

    /// <summary>True for the first that answers.</summary>
    protected bool TryAnswer()
    {
        if (Interlocked.Exchange(ref _answered, 1) != 0) return false;
        Sender.Callbacks.Remove(this);
        _cancellation.Dispose();
        return true;
    }
}

/// <summary>A call of a grain's method that answers with a <typeparamref name="TResult"/>.</summary>
internal sealed class Message<TResult>(GrainMethod<TResult> method, GrainReferenceProxy target, object?[] arguments)
    : Message
{
    private readonly TaskCompletionSource<TResult>? _completion =
        method.OneWay ? null : new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly object?[] _sent = arguments;

    internal GrainMethod<TResult> Method => method;

    internal GrainReferenceProxy Target => target;

    internal override GrainId TargetId => target.GrainId;

    internal Task<TResult> Answer => _completion!.Task;

    /// <summary>The arguments as the receiver has them.</summary>
    internal object?[] Arguments { get; private set; } = arguments;

    internal Dictionary<string, object>? ReceivedContext { get; private set; }

    internal override bool AlwaysInterleave => method.AlwaysInterleave;

    internal override bool ReadOnly => method.ReadOnly;

    private bool Crosses => Receiver is { } receiver && receiver.Runtime != Sender;

    internal override void DeliverTo(Activation activation)
    {
        base.DeliverTo(activation);
        Arguments = Crosses ? method.Transfer(_sent, Sender, activation.Runtime) : _sent;
        ReceivedContext = Crosses && RequestContext is not null
            ? (Dictionary<string, object>?)activation.Runtime.Receive(Sender.Serializer.Serialize(RequestContext))
            : RequestContext;
    }

    internal override void Run(Activation activation) => _ = method.Run(activation, this);

    /// <summary>What a timeout's message says of it.</summary>
    public override string ToString() =>
        $"{SourceActivation?.GrainId.ToString() ?? "client"} -> {TargetId} {method.Interface.Name}.{method.Info.Name}";

    internal void Succeed(TResult result)
    {
        if (_completion is null || IsAnswered) return;
        if (Crosses && typeof(TResult) != typeof(GrainMethod.Nothing))
        {
            try
            {
                result = (TResult)Sender.Receive(Receiver!.Runtime.Serializer.Serialize(result))!;
            }
            catch (Exception exception)
            {
                Fail(exception);
                return;
            }
        }

        if (TryAnswer()) _completion.TrySetResult(result);
    }

    internal override void Fail(Exception exception)
    {
        if (TryAnswer()) _completion?.TrySetException(exception);
    }

    internal override void FailFromReceiver(Exception exception)
    {
        if (IsAnswered) return;
        if (Crosses)
        {
            try
            {
                exception = (Exception)Sender.Receive(Receiver!.Runtime.Serializer.Serialize(exception))!;
            }
            catch (Exception uncrossable)
            {
                exception = uncrossable;
            }
        }

        Fail(exception);
    }
}
