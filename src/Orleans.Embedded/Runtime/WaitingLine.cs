namespace Orleans.Runtime;

/// <summary>
/// The messages that wait for one activation, in order, linked through the messages themselves. Guarded by the
/// activation it belongs to; a struct, because most activations never have anybody waiting.
/// </summary>
internal struct WaitingLine
{
    // Shorter lines are not worth looking through for messages that nobody waits for any more.
    private const int SweptFrom = 64;

    private Message? _first;
    private Message? _last;
    private int _overtakers;
    private int _sweepAt;

    internal int Count { get; private set; }

    internal void Add(Message message)
    {
        if (Count >= Math.Max(_sweepAt, SweptFrom)) Sweep();
        message.NextWaiting = null;
        if (_last is null) _first = message;
        else _last.NextWaiting = message;
        _last = message;
        Count++;
        if (MayOvertake(message)) _overtakers++;
    }

    /// <summary>
    /// Offers each message in turn, and takes out those that were begun or that nobody waits for any more. It stops
    /// where no one further behind could be begun either, so that a long line costs no more than a short one.
    /// </summary>
    internal void Offer(Activation activation)
    {
        Message? before = null;
        for (var message = _first; message is not null; message = message.NextWaiting)
        {
            if (message.IsAnswered || activation.TryBegin(message)) TakeOut(message, before);
            else if (_overtakers == 0) return;
            else before = message;
        }
    }

    /// <summary>Makes room if callers have given up; they do so in about the order in which they came.</summary>
    internal void SweepIfStale()
    {
        if (_first is { IsAnswered: true }) Sweep();
    }

    internal List<Message> TakeAll()
    {
        List<Message> messages = [];
        for (var message = _first; message is not null; message = message.NextWaiting) messages.Add(message);
        this = default;
        return messages;
    }

    private static bool MayOvertake(Message message) => message.AlwaysInterleave || message.ReadOnly;

    private void Sweep()
    {
        Message? before = null;
        for (var message = _first; message is not null; message = message.NextWaiting)
        {
            if (message.IsAnswered) TakeOut(message, before);
            else before = message;
        }

        // Twice as long before it is looked through again: on the average each message is looked at once.
        _sweepAt = 2 * Count;
    }

    // Its link stays, so that whoever walks the line goes on from it.
    private void TakeOut(Message message, Message? before)
    {
        if (before is null) _first = message.NextWaiting;
        else before.NextWaiting = message.NextWaiting;
        if (_last == message) _last = before;
        Count--;
        if (MayOvertake(message)) _overtakers--;
    }
}
