namespace Waybill.Grains.Sourcing;

/// <summary>
/// The commands of one grain that wait to be answered, in the order in which they came, and the questions that cannot
/// be answered at once. Used from the grain's turns only, which never run side by side.
/// </summary>
internal sealed class CommandQueue<TCommand, TView>
    where TCommand : class
    where TView : class
{
    private readonly Queue<Waiting<TCommand, TView>> _queue = new();
    private readonly Dictionary<Guid, Waiting<TCommand, TView>> _unanswered = [];

    /// <summary>
    /// Lets a command wait. One that waits already is not carried out a second time: both get the one answer.
    /// </summary>
    public async Task<Outcome<TView>> Ask(CommandContext context, TCommand command, long now)
    {
        if (_unanswered.TryGetValue(context.CommandId, out var same))
            return await same.Answered;
        var waiting = new Waiting<TCommand, TView>(context, command, now);
        _unanswered.Add(context.CommandId, waiting);
        _queue.Enqueue(waiting);
        try
        {
            return await waiting.Answered;
        }
        finally
        {
            _unanswered.Remove(context.CommandId);
        }
    }

    /// <summary>Lets a question for the state wait.</summary>
    public Task<Outcome<TView>> Ask(long now, long after)
    {
        var waiting = new Waiting<TCommand, TView>(null, null, now, after);
        _queue.Enqueue(waiting);
        return waiting.Answered;
    }

    /// <summary>Takes those that have waited longest.</summary>
    public List<Waiting<TCommand, TView>> Take(int max)
    {
        var taken = new List<Waiting<TCommand, TView>>(Math.Min(max, _queue.Count));
        while (taken.Count < max && _queue.TryDequeue(out var next))
            taken.Add(next);
        return taken;
    }
}

/// <summary>A command that waits for its answer; without a command, a question for the state.</summary>
/// <param name="context">Who asks for it; null for a question.</param>
/// <param name="command">What is asked for; null for a question.</param>
/// <param name="since">The timestamp of its arrival.</param>
/// <param name="after">The position up to which the answer to a question must have read.</param>
internal sealed class Waiting<TCommand, TView>(
    CommandContext? context, TCommand? command, long since, long after = 0)
    where TCommand : class
    where TView : class
{
    // Whoever is answered goes on in a turn of its own, not in the middle of the one that answers.
    private readonly TaskCompletionSource<Outcome<TView>> _answer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CommandContext Context => context!;

    public TCommand Command => command!;

    public long Since => since;

    public long After => after;

    public bool IsQuestion => command is null;

    public bool IsAnswered => _answer.Task.IsCompleted;

    public Task<Outcome<TView>> Answered => _answer.Task;

    /// <summary>Answers it, unless it has been answered.</summary>
    public void Answer(Outcome<TView> outcome) => _answer.TrySetResult(outcome);

    /// <summary>Ends it with a bug or unreadable data.</summary>
    public void Fail(Exception error) => _answer.TrySetException(error);
}
