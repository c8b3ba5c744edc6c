using System.Collections.Concurrent;
using Npgsql;
using Waybill.EventStore.ReadModels;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// Commits what projections have done: what arrives while one commit is under way goes together in the next one, so
/// that several share its round trip, its wait for the disk and, those of one projection, its statement.
/// </summary>
/// <remarks>
/// What shares a transaction fails together; then each is tried by itself. A projection that failed by itself goes by
/// itself until it succeeds, so that it holds up nobody else again.
/// </remarks>
/// <param name="execute">
/// Has steps carried out in one transaction, and tells of each whether its position was where it begins.
/// </param>
internal sealed class PostgresAdvances(
    Func<IReadOnlyList<PostgresAdvance>, CancellationToken, Task<IReadOnlyList<bool>>> execute)
{
    private readonly ConcurrentDictionary<string, bool> _failing = [];
    private readonly Lock _lock = new();
    private List<Waiting> _waiting = [];
    private bool _isBusy;

    /// <inheritdoc cref="Relational.ISessions.Advance"/>
    public Task<bool> CarryOut(PostgresAdvance advance, CancellationToken cancellation) =>
        _failing.ContainsKey(advance.View) ? Alone(advance, cancellation) : Together(advance);

    /// <summary>Executes steps, in one transaction. Several do not wait long for locks.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="advances">The steps, in their order.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Whether each one's position was where it begins.</returns>
    public static async Task<IReadOnlyList<bool>> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<PostgresAdvance> advances, CancellationToken cancellation)
    {
        var isAlone = advances.Count == 1;
        var groups = Group(advances);
        await using var batch = new NpgsqlBatch(connection);
        if (!isAlone)
            batch.BatchCommands.Add(Sql.Statement(Sql.Part("limit-locks"), []));
        foreach (var group in groups)
            batch.BatchCommands.Add(group[0].Statement(group));
        try
        {
            var moved = new List<bool>(advances.Count);
            await using var results = await batch.ExecuteReaderAsync(cancellation);
            if (!isAlone)
                await results.NextResultAsync(cancellation);
            foreach (var group in groups)
            {
                var queues = new HashSet<int>();
                while (await results.ReadAsync(cancellation))
                    queues.Add(results.GetInt32(0));
                moved.AddRange(group.Select(advance => queues.Contains(advance.Queue)));
                await results.NextResultAsync(cancellation); // The last one returns once all is committed.
            }
            return moved;
        }
        catch (PostgresException gone) when (isAlone && gone.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return [false]; // Nobody drops a table that a fence still leads to.
        }
    }

    private static List<List<PostgresAdvance>> Group(IReadOnlyList<PostgresAdvance> advances)
    {
        var groups = new List<List<PostgresAdvance>>();
        foreach (var advance in advances)
            if (groups is [.., [.., var last] group] && advance.GoesWith(last))
                group.Add(advance);
            else
                groups.Add([advance]);
        return groups;
    }

    private Task<bool> Together(PostgresAdvance advance)
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
            foreach (var (waiting, hasMoved) in some.Zip(moved))
                waiting.Answer.SetResult(hasMoved);
        }
        catch (Exception) // Of one of them, or of the database: each finds out for itself.
        {
            foreach (var waiting in some)
                _ = waiting.AnswerWith(Alone(waiting.Advance, CancellationToken.None));
        }
    }

    private async Task<bool> Alone(PostgresAdvance advance, CancellationToken cancellation)
    {
        _failing[advance.View] = true;
        var moved = await execute([advance], cancellation);
        _failing.TryRemove(advance.View, out _);
        return moved[0];
    }

    private sealed record Waiting(PostgresAdvance Advance)
    {
        public TaskCompletionSource<bool> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task AnswerWith(Task<bool> own)
        {
            await ((Task)own).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Answer.SetFromTask(own);
        }
    }
}
