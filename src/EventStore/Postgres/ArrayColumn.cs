using Npgsql;
using NpgsqlTypes;

namespace Waybill.EventStore.Postgres;

/// <summary>A parameter of a prepared statement that takes one value of each of some things, as an array.</summary>
internal abstract class ArrayColumn<TSource>
{
    public abstract NpgsqlParameter Parameter { get; }

    public abstract void Set(IReadOnlyList<TSource> from);
}

/// <inheritdoc/>
internal sealed class ArrayColumn<TSource, T>(Func<TSource, T> value, NpgsqlDbType? type = null) : ArrayColumn<TSource>
{
    private readonly NpgsqlParameter<T[]> _parameter = type is { } given ? new() { NpgsqlDbType = given } : new();

    /// <inheritdoc/>
    public override NpgsqlParameter Parameter => _parameter;

    /// <inheritdoc/>
    public override void Set(IReadOnlyList<TSource> from) => _parameter.TypedValue = [.. from.Select(value)];
}

/// <summary>Several of them.</summary>
internal static class ArrayColumns
{
    public static IEnumerable<NpgsqlParameter> Parameters<TSource>(this ArrayColumn<TSource>[] columns) =>
        columns.Select(column => column.Parameter);

    public static void Set<TSource>(this ArrayColumn<TSource>[] columns, IReadOnlyList<TSource> from)
    {
        foreach (var column in columns)
            column.Set(from);
    }
}
