using System.Globalization;

namespace Waybill.Api.Http;

/// <summary>Which part of a list is asked for, by <c>?limit=</c> and <c>?cursor=</c>.</summary>
/// <param name="Limit">How many items at most.</param>
/// <param name="Cursor">Where to go on: what the page before answered as next; null for the beginning.</param>
internal sealed record PageQuery(int Limit, long? Cursor)
{
    private const int LimitDefault = 50;

    // Bounds the memory that one answer takes.
    private const int LimitMax = 500;

    public static readonly string[] Names = ["limit", "cursor"];

    /// <exception cref="MalformedException">One of them is not a number, or out of range.</exception>
    public static ValueTask<PageQuery> BindAsync(HttpContext http) => ValueTask.FromResult(new PageQuery(
        (int?)Number(http, "limit", LimitMax) ?? LimitDefault,
        Number(http, "cursor", long.MaxValue - LimitMax)));

    private static long? Number(HttpContext http, string name, long max) => http.Request.Query[name] switch
    {
        [] => null,
        [var text] when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= 1 && number <= max => number,
        _ => throw new MalformedException($"{name} must be one whole number from 1 to {max}."),
    };
}

/// <summary>A part of a list.</summary>
/// <param name="Items">The items, in the list's order.</param>
/// <param name="Next">The cursor of the next part; null if this was the last.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
