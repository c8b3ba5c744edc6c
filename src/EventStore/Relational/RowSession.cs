using System.Data.Common;
using Waybill.EventStore.ReadModels;

namespace Waybill.EventStore.Relational;

/// <summary>
/// The part of a session that knows the tables of read models: their statements follow from the models, so that there
/// are no files for them.
/// </summary>
internal abstract class RowSession
{
    /// <summary>
    /// True if a table gets its indexes when it is made: where to index a full one would hold up everybody who writes.
    /// </summary>
    public abstract bool IndexesAtOnce { get; }

    /// <summary>
    /// Reads the position that all of a model's live rows are at, and after that executes a query on them.
    /// </summary>
    /// <returns>The position; null if the model has not been made.</returns>
    public abstract Task<long?> ReadLiveAsync(
        ReadModel model,
        string sql,
        IReadOnlyList<object?> values,
        Action<DbDataReader> take,
        CancellationToken cancellation);

    /// <summary>The statement that reads the position; its rows must not be older, so it comes first.</summary>
    protected const string LowestPosition = "select-lowest-position";

    /// <summary>Executes what changes tables, views and indexes.</summary>
    public abstract Task ExecuteAsync(string sql, CancellationToken cancellation);

    /// <summary>Lets the transaction commit without waiting for the disk, where the store can do that.</summary>
    public abstract Task DeferDurabilityAsync(CancellationToken cancellation);

    /// <summary>Makes what indexes a generation lacks, however long it takes, and gets it ready for queries.</summary>
    public abstract Task IndexAsync(ReadModel model, long generation, CancellationToken cancellation);

    /// <summary>
    /// Deletes some rows of a table that is to be dropped, where to drop a full one would hold up everybody who writes.
    /// </summary>
    /// <returns>True if there may be more.</returns>
    public abstract Task<bool> TrimAsync(ReadModel model, long generation, CancellationToken cancellation);

    /// <summary>Adds rows whose keys are not in the table.</summary>
    public abstract Task AddAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<TRow> rows, CancellationToken cancellation)
        where TRow : class;

    /// <summary>Adds rows, each in the place of one with its key.</summary>
    public abstract Task UpsertAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<TRow> rows, CancellationToken cancellation)
        where TRow : class;

    /// <summary>Deletes the rows that there are of these keys.</summary>
    public abstract Task DeleteAsync<TRow>(
        ReadModel<TRow> model, long generation, IReadOnlyList<RowKey> keys, CancellationToken cancellation)
        where TRow : class;

    /// <summary>Loads the rows that there are of these keys.</summary>
    public abstract Task LoadAsync<TRow>(
        ReadModel<TRow> model,
        long generation,
        IReadOnlyCollection<RowKey> keys,
        Action<TRow> take,
        CancellationToken cancellation)
        where TRow : class;

    /// <summary>Makes a generation's table.</summary>
    public async Task CreateTableAsync(
        ReadModel model, long generation, bool withIndexes, CancellationToken cancellation)
    {
        await ExecuteAsync(CreateTable(model, generation), cancellation);
        if (withIndexes)
            await CreateIndexesAsync(model, generation, cancellation);
    }

    /// <summary>Makes what indexes a generation lacks.</summary>
    public async Task CreateIndexesAsync(ReadModel model, long generation, CancellationToken cancellation)
    {
        foreach (var index in CreateIndexes(model, generation))
            await ExecuteAsync(index, cancellation);
    }

    /// <summary>Drops a generation's table, if it is there.</summary>
    public Task DropTableAsync(ReadModel model, long generation, CancellationToken cancellation) =>
        ExecuteAsync($"DROP TABLE IF EXISTS {Quote(model.Table(generation))}", cancellation);

    /// <summary>Lets readers see a generation.</summary>
    public async Task ShowAsync(ReadModel model, long generation, CancellationToken cancellation)
    {
        foreach (var statement in CreateView(Quote(model.View), Select(model, model.Table(generation))))
            await ExecuteAsync(statement, cancellation);
    }

    /// <summary>Selects a model's columns out of its view, or a generation's table.</summary>
    public static string Select(ReadModel model, string table) => $"SELECT {Names(model.Columns)} FROM {Quote(table)}";

    /// <summary>The columns' names, one after another.</summary>
    public static string Names(IEnumerable<ReadModelColumn> columns) =>
        string.Join(", ", columns.Select(column => Quote(column.Name)));

    /// <summary>A name that may be a word of SQL.</summary>
    public static string Quote(string name) => $"\"{name}\"";

    /// <summary>What an upsert does where the key is there.</summary>
    public static string OnConflict(ReadModel model)
    {
        var others = model.Columns.Except(model.Key).Select(column => Quote(column.Name)).ToList();
        var action = others.Count == 0
            ? "NOTHING"
            : $"UPDATE SET {string.Join(", ", others.Select(name => $"{name} = excluded.{name}"))}";
        return $"ON CONFLICT ({Names(model.Key)}) DO {action}";
    }

    protected static IEnumerable<string> CreateIndexes(ReadModel model, long generation) =>
        model.Indexes.Select((columns, i) =>
            $"CREATE INDEX IF NOT EXISTS {Quote($"{model.Table(generation)}_i{i + 1}")} "
            + $"ON {Quote(model.Table(generation))} ({Names(columns)})");

    /// <summary>The type in which a column's values are stored.</summary>
    protected abstract string StoredType(ReadModelColumn column);

    /// <summary>What follows a table's columns.</summary>
    protected abstract string TableOptions { get; }

    /// <summary>Makes a view, or makes it show something else.</summary>
    protected abstract IEnumerable<string> CreateView(string view, string select);

    private string CreateTable(ReadModel model, long generation)
    {
        var columns = model.Columns.Select(column =>
            $"{Quote(column.Name)} {StoredType(column)}{(column.IsNullable ? "" : " NOT NULL")}");
        return $"CREATE TABLE {Quote(model.Table(generation))} ({string.Join(", ", columns)}, "
            + $"PRIMARY KEY ({Names(model.Key)})){TableOptions}";
    }
}
