using System.Data.Common;
using Waybill.EventStore.Integrity;

namespace Waybill.EventStore.Relational;

/// <summary>
/// A connection that knows the store's statements, for one caller at a time. The stores differ in how they hold ids and
/// times, and in some statements.
/// </summary>
internal abstract class StoreSession
{
    /// <summary>The part that knows the tables of read models.</summary>
    public abstract RowSession Rows { get; }

    /// <summary>Executes a statement and reads the rows it returns, until there are no more or one is enough.</summary>
    /// <param name="name">The statement's file.</param>
    /// <param name="values">Its parameters, in order.</param>
    /// <param name="read">Takes one row; false if it needs no further ones.</param>
    /// <param name="cancellation">Ends it.</param>
    public abstract Task ReadAsync(
        string name, object?[] values, Func<DbDataReader, bool> read, CancellationToken cancellation);

    /// <summary>Executes a statement that returns nothing.</summary>
    /// <returns>How many rows it changed.</returns>
    public abstract Task<int> ExecuteAsync(string name, object?[] values, CancellationToken cancellation);

    /// <summary>Executes statements that return nothing, one after another; where it can, in one round trip.</summary>
    public virtual async Task ExecuteAllAsync(
        IReadOnlyList<(string Name, object?[] Values)> statements, CancellationToken cancellation)
    {
        foreach (var (name, values) in statements)
            await ExecuteAsync(name, values, cancellation);
    }

    /// <summary>Reads an id; false if what stands there is none.</summary>
    public abstract bool TryReadId(DbDataReader row, int column, out Guid id);

    /// <summary>Reads a time; false if what stands there is none.</summary>
    public abstract bool TryReadTime(DbDataReader row, int column, out DateTimeOffset time);

    /// <summary>Reads an id that this code wrote.</summary>
    /// <exception cref="InvalidDataException">It is none any more.</exception>
    public Guid ReadId(DbDataReader row, int column) => TryReadId(row, column, out var id)
        ? id
        : throw new InvalidDataException($"Column {row.GetName(column)} holds no id.");

    /// <summary>Reads a time that this code wrote.</summary>
    /// <exception cref="InvalidDataException">It is none any more.</exception>
    public DateTimeOffset ReadTime(DbDataReader row, int column) => TryReadTime(row, column, out var time)
        ? time
        : throw new InvalidDataException($"Column {row.GetName(column)} holds no time.");

    /// <summary>Reads a row of <c>select-audit</c> as it is stored.</summary>
    public abstract void ReadRaw(DbDataReader row, AuditPage page);

    /// <summary>Reads the first row; the default if there is none.</summary>
    public async Task<T?> ReadFirstAsync<T>(
        string name, object?[] values, Func<DbDataReader, T> read, CancellationToken cancellation)
    {
        var first = default(T);
        await ReadAsync(name, values, Take, cancellation);
        return first;

        bool Take(DbDataReader row)
        {
            first = read(row);
            return false;
        }
    }
}
