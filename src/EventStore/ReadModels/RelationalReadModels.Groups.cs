using System.Data.Common;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.ReadModels;

// Grouping is done by the database, over ordinary tables.
internal sealed partial class RelationalReadModels
{
    /// <inheritdoc/>
    public Task<RowPage<RowGroup>> GroupAsync(
        ReadModel model, ReadModelGroups groups, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups.Limit);
        var by = model.Find(groups.By);
        if (by.Any(column => !column.IsText || column.IsNullable))
            throw new ArgumentException($"{model.Name} is grouped by something else than texts that are never empty.");
        if (groups.After is { } after && after.Count != by.Length)
            throw new ArgumentException("The group to go on after has another number of values.");

        var names = RowSession.Names(by);
        string[] sums = [.. groups.Sums.SelectMany(sum => Halves(model.Find([sum])[0]))];
        object?[] values = [.. groups.Values ?? [], .. groups.After ?? []];
        List<string> conditions = groups.Where is { } where ? [$"({where})"] : [];
        if (groups.After is not null)
            conditions.Add($"({names}) > ({Parameters(values.Length - by.Length, by.Length)})");
        var sql = $"SELECT {string.Join(", ", [names, "COUNT(*)", .. sums])} FROM {RowSession.Quote(model.View)}"
            + (conditions.Count > 0 ? $" WHERE {string.Join(" AND ", conditions)}" : "")
            + $" GROUP BY {names} ORDER BY {names} LIMIT {groups.Limit}";
        return ReadLiveAsync(
            model, sql, values, (_, row) => ReadGroup(row, by.Length, groups.Sums.Count), cancellation);
    }

    /// <summary>Reads the live generation, and the position that its rows are at least at.</summary>
    private Task<RowPage<T>> ReadLiveAsync<T>(
        ReadModel model,
        string sql,
        IReadOnlyList<object?> values,
        Func<StoreSession, DbDataReader, T> read,
        CancellationToken cancellation)
        where T : class
    {
        object?[] stored = [.. values.Select(value => value is null ? null : KeyValue.Stored(value))];
        return sessions.Read(
            async (session, c) =>
            {
                var rows = new List<T>();
                var position = await session.Rows.ReadLiveAsync(
                    model, sql, stored, row => rows.Add(read(session, row)), c);
                return new RowPage<T>(rows, position ?? 0);
            },
            cancellation);
    }

    // A sum of longs is one in neither store: SQLite fails where it overflows, PostgreSQL makes it a numeric. The high
    // and the low halves, added up apart, stay longs for two thousand million rows.
    private static IEnumerable<string> Halves(ReadModelColumn column)
    {
        var value = $"CAST({RowSession.Quote(column.Name)} AS bigint)";
        yield return $"CAST(COALESCE(SUM({value} >> 32), 0) AS bigint)";
        yield return $"CAST(COALESCE(SUM({value} & 4294967295), 0) AS bigint)";
    }

    private static RowGroup ReadGroup(DbDataReader row, int keys, int sums) => new(
        [.. Enumerable.Range(0, keys).Select(row.GetString)],
        row.GetInt64(keys),
        [
            .. from sum in Enumerable.Range(0, sums)
               let high = keys + 1 + (2 * sum)
               select ((Int128)row.GetInt64(high) << 32) + row.GetInt64(high + 1),
        ]);

    private static string Parameters(int before, int count) =>
        string.Join(", ", Enumerable.Range(before + 1, count).Select(number => $"${number}"));
}
