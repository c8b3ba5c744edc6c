using System.Collections.Concurrent;
using Npgsql;
using Waybill.EventStore.ReadModels;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Postgres;

/// <summary>A projection's step in one queue: the position moves, and rows are written.</summary>
internal abstract class PostgresAdvance(ReadModel model, LogQueue queue, long generation) : IComparable<PostgresAdvance>
{
    public string View => model.View;

    public int Queue => queue.Number;

    /// <summary>Whether one statement can carry out both: each queue has its turn in it once.</summary>
    public bool GoesWith(PostgresAdvance other) =>
        (View, Generation) == (other.View, other.Generation) && Queue != other.Queue;

    /// <inheritdoc/>
    public int CompareTo(PostgresAdvance? other) => other is null ? 1 :
        string.CompareOrdinal(View, other.View) is not 0 and var view ? view :
        Generation.CompareTo(other.Generation) is not 0 and var generation ? generation :
        Queue.CompareTo(other.Queue);

    /// <summary>
    /// The statement that carries out this one and others that go with it, and returns the queues whose positions were
    /// where their steps begin. No others are moved, and no rows are written for others.
    /// </summary>
    public abstract NpgsqlBatchCommand Statement(IReadOnlyList<PostgresAdvance> all);

    protected long Generation => generation;
}

/// <inheritdoc/>
internal sealed class PostgresAdvance<TRow>(ReadModel<TRow> model, ProjectionCommit<TRow> commit)
    : PostgresAdvance(model, commit.From.Queue, commit.From.Generation)
    where TRow : class
{
    // How many parameters move-positions has. Those of the rows follow, and then their queues.
    private const int FenceParameters = 8;

    // No column of a model has a name with a space in it.
    private const string RowQueue = "\"of queue\"";

    // Some hundred times a second the same; the last one of each model is enough.
    private static readonly ConcurrentDictionary<ReadModel, (long Generation, string Text)> Texts = new();

    private ProjectionCommit<TRow> Commit => commit;

    private string Text
    {
        get
        {
            if (Texts.TryGetValue(model, out var last) && last.Generation == Generation)
                return last.Text;
            var columns = RowSession.Names(model.Columns);
            var queue = FenceParameters + model.Columns.Count + 1;
            var text = $"WITH fence AS ({Sql.Part("move-positions")}), written AS ("
                + $"INSERT INTO {RowSession.Quote(model.Table(Generation))} ({columns}) SELECT {columns} "
                + $"FROM {PostgresRows.Unnest(model.Columns, FenceParameters + 1, $", ${queue}")} "
                + $"AS r ({columns}, {RowQueue}) WHERE {RowQueue} IN (SELECT queue FROM fence) "
                + $"{RowSession.OnConflict(model)}) SELECT queue FROM fence";
            Texts[model] = (Generation, text);
            return text;
        }
    }

    /// <inheritdoc/>
    public override NpgsqlBatchCommand Statement(IReadOnlyList<PostgresAdvance> all)
    {
        var commits = all.Select(advance => ((PostgresAdvance<TRow>)advance).Commit).ToArray();
        var statement = new NpgsqlBatchCommand(Text);
        statement.Parameters.Add(new NpgsqlParameter<string> { TypedValue = View });
        statement.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Generation });
        Add(commits.Select(one => one.From.Queue.Number));
        Add(commits.Select(one => one.From.Queue.Count));
        Add(commits.Select(one => one.From.Position));
        Add(commits.Select(one => one.From.Revision));
        Add(commits.Select(one => one.Reached.Position));
        Add(commits.Select(one => one.Reached.Revision));
        statement.Parameters.AddRange(
            PostgresRows.Values(model, [.. commits.SelectMany(one => one.Upserts)]).ToArray());
        Add(commits.SelectMany(one => one.Upserts, (one, _) => one.From.Queue.Number));
        return statement;

        void Add<T>(IEnumerable<T> values) =>
            statement.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. values] });
    }
}
