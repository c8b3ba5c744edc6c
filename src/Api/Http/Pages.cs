namespace Waybill.Api.Http;

/// <summary>Which part of a list is asked for, by <c>?limit=</c> and <c>?cursor=</c>.</summary>
/// <param name="Limit">How many items at most.</param>
/// <param name="Cursor">Where to go on: what the page before answered as next; null for the beginning.</param>
internal sealed record PageQuery(int Limit, string? Cursor) : IQuery
{
    private const int LimitDefault = 50;

    // Bounds the memory that one answer takes.
    private const int LimitMax = 500;

    public static IReadOnlyList<string> Names { get; } = ["limit", "cursor"];

    /// <summary>The cursor of a list that goes on from a number.</summary>
    /// <exception cref="MalformedException">It is none.</exception>
    public long? CursorNumber =>
        Cursor is null ? null : Queries.Number("cursor", Cursor, 1, long.MaxValue - LimitMax);

    /// <exception cref="MalformedException">The limit is not a number, or out of range.</exception>
    public static ValueTask<PageQuery> BindAsync(HttpContext http) =>
        ValueTask.FromResult(new PageQuery(LimitOf(http), http.QueryValue("cursor")));

    /// <inheritdoc cref="BindAsync"/>
    public static int LimitOf(HttpContext http) => (int?)http.QueryNumber("limit", 1, LimitMax) ?? LimitDefault;
}

/// <summary>A part of a list.</summary>
/// <param name="Items">The items, in the list's order.</param>
/// <param name="Next">The cursor of the next part; null if this was the last.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Makes pages.</summary>
internal static class Pages
{
    /// <summary>The page of what was read with one row more than was asked for, to tell if there is more.</summary>
    public static Page<TItem> Of<TRow, TItem>(
        IReadOnlyList<TRow> rows, int limit, Func<TRow, TItem> show, Func<TRow, string> cursor) => new(
            [.. rows.Take(limit).Select(show)], rows.Count > limit ? cursor(rows[limit - 1]) : null);
}
