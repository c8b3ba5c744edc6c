using System.Collections.Concurrent;
using Npgsql;
using Waybill.EventStore.ReadModels;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// Commits what projections have done: what arrives while one commit is under way goes together in the next one, so
/// that several share its round trip and its wait for the disk.
/// </summary>
/// <remarks>
/// What shares a transaction fails together; then each is tried by itself. A projection that failed by itself goes by
/// itself until it succeeds, so that it holds up nobody else again.
/// </remarks>
/// <param name="execute">Has statements executed in one transaction, and returns the number that each returns.</param>
internal sealed class PostgresAdvances(
    Func<IReadOnlyList<PostgresAdvance>, CancellationToken, Task<IReadOnlyList<long>>> execute)
{
    private readonly ConcurrentDictionary<(ReadModel, long Generation, bool WithRows), string> _texts = [];
    private readonly ConcurrentDictionary<string, bool> _failing = [];
    private readonly Lock _lock = new();
    private List<Waiting> _waiting = [];
    private bool _isBusy;

    /// <inheritdoc cref="Relational.ISessions.Advance"/>
    public async Task<bool> CarryOut<TRow>(
        ReadModel<TRow> model, ProjectionCommit<TRow> commit, CancellationToken cancellation)
        where TRow : class
    {
        var text = _texts.GetOrAdd(
            (model, commit.Generation, commit.Upserts.Count > 0),
            key => PostgresRows.Advance(key.Item1, key.Generation, key.WithRows));
        var advance = new PostgresAdvance(
            model.View, commit.Queue.Number, text, () => PostgresRows.AdvanceValues(model, commit));
        return await (_failing.ContainsKey(model.View) ? Alone(advance, cancellation) : Together(advance)) == 1;
    }

    private Task<long> Together(PostgresAdvance advance)
    {
        var waiting = new Waiting(advance);
        lock (_lock)
        {
            _waiting.Add(waiting);
            if (_isBusy)
                return waiting.Answer.Task;
            _isBusy = true;
        }
        _ = Task.Run(CommitAll);
        return waiting.Answer.Task;
    }

    private async Task CommitAll()
    {
        while (TakeAll() is { Count: > 0 } some)
            await Commit(some);
    }

    private List<Waiting> TakeAll()
    {
        lock (_lock)
        {
            var all = _waiting;
            (_waiting, _isBusy) = ([], all.Count > 0);
            return all;
        }
    }

    private async Task Commit(List<Waiting> some)
    {
        // In one order, so that two processes that commit the same positions do not wait for each other.
        some.Sort((one, other) => one.Advance.CompareTo(other.Advance));
        try
        {
            var moved = await execute([.. some.Select(waiting => waiting.Advance)], CancellationToken.None);
            foreach (var (waiting, count) in some.Zip(moved))
                waiting.Answer.SetResult(count);
        }
        catch (Exception) // Of one of them, or of the database: each finds out for itself.
        {
            foreach (var waiting in some)
                _ = waiting.AnswerWith(Alone(waiting.Advance, CancellationToken.None));
        }
    }

    private async Task<long> Alone(PostgresAdvance advance, CancellationToken cancellation)
    {
        _failing[advance.View] = true;
        var moved = await execute([advance], cancellation);
        _failing.TryRemove(advance.View, out _);
        return moved[0];
    }

    private sealed record Waiting(PostgresAdvance Advance)
    {
        public TaskCompletionSource<long> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task AnswerWith(Task<long> own)
        {
            await ((Task)own).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Answer.SetFromTask(own);
        }
    }
}

/// <summary>One projection's step in one queue: a statement, and the parameters for each time it is tried.</summary>
internal sealed record PostgresAdvance(string View, int Queue, string Text, Func<IEnumerable<NpgsqlParameter>> Values)
{
    public int CompareTo(PostgresAdvance other) =>
        (string.CompareOrdinal(View, other.View), Queue.CompareTo(other.Queue)) switch
        {
            (0, var queue) => queue,
            (var view, _) => view,
        };
}
