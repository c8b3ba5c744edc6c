using System.Globalization;
using System.Text.Json;

namespace Waybill.Api.Http;

/// <summary>What a handler takes from the query of a request, beside what others take.</summary>
internal interface IQuery
{
    /// <summary>The names of its parameters.</summary>
    static abstract IReadOnlyList<string> Names { get; }
}

/// <summary>Reads query parameters: each stands there once, and is what it must be.</summary>
internal static class Queries
{
    // ISO 8601 with the offset: a time without one is another time for each reader.
    private static readonly string[] TimeFormats = ["yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

    /// <summary>Refuses unknown query parameters: to ignore one is to answer something else than was asked.</summary>
    public static void RefuseUnknownQuery(this RouteGroupBuilder group) =>
        group.AddEndpointFilterFactory((endpoint, next) =>
        {
            string[] known =
            [
                .. endpoint.MethodInfo.GetParameters()
                    .Where(parameter => parameter.ParameterType.IsAssignableTo(typeof(IQuery)))
                    .SelectMany(parameter => NamesOf(parameter.ParameterType)),
            ];
            return call => call.HttpContext.Request.Query.Keys.All(known.Contains)
                ? next(call)
                : throw new MalformedException(known.Length == 0
                    ? "There are no query parameters here."
                    : $"The only query parameters here are {string.Join(", ", known)}.");
        });

    /// <summary>A parameter as it is written; null if it is not there.</summary>
    /// <exception cref="MalformedException">It is there more than once.</exception>
    public static string? QueryValue(this HttpContext http, string name) => http.Request.Query[name] switch
    {
        [] => null,
        [var one] => one ?? "",
        _ => throw new MalformedException($"{name} may stand there only once."),
    };

    /// <summary>A whole number.</summary>
    /// <exception cref="MalformedException">It is none, or out of range.</exception>
    public static long? QueryNumber(this HttpContext http, string name, long min, long max) =>
        http.QueryValue(name) is { } text ? Number(name, text, min, max) : null;

    /// <summary>A value such as an id.</summary>
    /// <exception cref="MalformedException">It is none.</exception>
    public static T? QueryText<T>(this HttpContext http, string name)
        where T : struct, ITextValue<T> => http.QueryValue(name) is { } text ? Text<T>(name, text) : null;

    /// <summary>One of the values of an enum, as JSON has it: <c>placed</c>, never <c>none</c>.</summary>
    /// <exception cref="MalformedException">It is none.</exception>
    public static T? QueryEnum<T>(this HttpContext http, string name)
        where T : struct, Enum
    {
        if (http.QueryValue(name) is not { } text)
            return null;
        var known = Enum.GetValues<T>().Where(value => Convert.ToInt32(value, CultureInfo.InvariantCulture) != 0)
            .ToDictionary(value => JsonNamingPolicy.CamelCase.ConvertName(value.ToString()));
        return known.TryGetValue(text, out var value)
            ? value
            : throw new MalformedException($"{name} must be one of {string.Join(", ", known.Keys)}.");
    }

    /// <summary>A time.</summary>
    /// <exception cref="MalformedException">It is none, or it is not said where.</exception>
    public static DateTimeOffset? QueryTime(this HttpContext http, string name) => http.QueryValue(name) switch
    {
        null => null,
        ['0' or '1' or '2', .., 'Z' or (>= '0' and <= '9')] text when DateTimeOffset.TryParseExact(
            text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            && (text[^1] == 'Z' || text[^6] is '+' or '-') => time.ToUniversalTime(),
        _ => throw new MalformedException(
            $"{name} must be a time such as 2026-03-31T09:00:00Z; a + in it is written as %2B."),
    };

    /// <inheritdoc cref="QueryNumber"/>
    public static long Number(string name, string text, long min, long max) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max
            ? number
            : throw new MalformedException($"{name} must be one whole number from {min} to {max}.");

    /// <inheritdoc cref="QueryText{T}"/>
    public static T Text<T>(string name, string text)
        where T : struct, ITextValue<T> => T.TryParse(text, provider: null, out var value)
            ? value
            : throw new MalformedException($"{name} must be {T.Expected}.");

    private static IReadOnlyList<string> NamesOf(Type query) =>
        (IReadOnlyList<string>)query.GetProperty(nameof(IQuery.Names))!.GetValue(null)!;
}
