namespace Orleans.Runtime;

/// <summary>
/// The calls that wait for an answer. Every call enters and leaves it, so it is cut into stripes, each a list through
/// the messages themselves: no allocation, no search, and threads seldom meet.
/// </summary>
internal sealed class CallbackTable
{
    private readonly Stripe[] _stripes = [.. Enumerable.Range(0, 16).Select(_ => new Stripe())];

    internal void Add(Message message)
    {
        message.PendingStripe = Thread.GetCurrentProcessorId() & (_stripes.Length - 1);
        var stripe = _stripes[message.PendingStripe];
        lock (stripe)
        {
            message.NextPending = stripe.First;
            if (stripe.First is not null) stripe.First.PreviousPending = message;
            stripe.First = message;
        }
    }

    /// <summary>Takes a message out; one that never entered is ignored.</summary>
    internal void Remove(Message message)
    {
        if (message.PendingStripe < 0) return;
        var stripe = _stripes[message.PendingStripe];
        lock (stripe)
        {
            if (message.PreviousPending is not null) message.PreviousPending.NextPending = message.NextPending;
            else if (stripe.First == message) stripe.First = message.NextPending;
            if (message.NextPending is not null) message.NextPending.PreviousPending = message.PreviousPending;
            message.NextPending = message.PreviousPending = null;
        }
    }

    /// <summary>Fails the calls that <paramref name="failure"/> has an exception for.</summary>
    internal void FailWhere(Func<Message, Exception?> failure)
    {
        List<(Message Message, Exception Exception)> failing = [];
        foreach (var stripe in _stripes)
        {
            lock (stripe)
            {
                for (var message = stripe.First; message is not null; message = message.NextPending)
                {
                    if (failure(message) is { } exception) failing.Add((message, exception));
                }
            }
        }

        // Outside the locks, because answering takes the message out of its stripe.
        foreach (var (message, exception) in failing) message.Fail(exception);
    }

    private sealed class Stripe
    {
        internal Message? First;
    }
}
