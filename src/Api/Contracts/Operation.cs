using System.Text.RegularExpressions;

namespace Waybill.Api.Contracts;

/// <summary>
/// What the contract says of a route beside what its handler shows: what it is for, what it answers, and an example
/// that a test sends. What holds for all routes stands in <see cref="OperationDescriber"/>.
/// </summary>
/// <param name="Route">Method and path, for example <c>POST /accounts/{id}/close</c>.</param>
/// <param name="Summary">What it does, in a sentence.</param>
internal sealed partial record Operation(string Route, string Summary)
{
    /// <summary>The status if all is well.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>The type of the body then; null if there is none, or none to describe.</summary>
    public Type? Answer { get; init; }

    /// <summary>The body's media type, where it is not JSON.</summary>
    public string MediaType { get; init; } = "application/json";

    /// <summary>The code of the 404.</summary>
    public string? Missing { get; init; }

    /// <summary>The codes of the 409.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];

    /// <summary>The query parameters that must be there.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>Header parameters of its own, with what they mean.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The path of the example, with its query; the route's own where that has no parameters.</summary>
    public string? At { get; init; }

    /// <summary>The JSON body of the example.</summary>
    public string? Body { get; init; }

    /// <summary>Whether it is a command, and so takes a key.</summary>
    public bool IsCommand => !Route.StartsWith("GET ", StringComparison.Ordinal);

    /// <summary>Whether it acts on what has versions, of which it takes the one that is expected.</summary>
    public bool TakesVersion => IsCommand
        && (!Route.Contains(" /admin/", StringComparison.Ordinal)
            || Route.Contains(" /admin/sagas/", StringComparison.Ordinal));

    /// <summary>All that is said, by route.</summary>
    public static IReadOnlyDictionary<string, Operation> All { get; } = new[]
    {
        AccountOperations.All,
        TransferOperations.All,
        OrderOperations.All,
        RideOperations.All,
        AdminOperations.All,
        AnalyticsOperations.All,
        ContractOperations.All,
    }.SelectMany(operations => operations).ToDictionary(operation => operation.Route);

    /// <summary>What is said of a route; null if nobody has said anything.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="pattern">The path as it is mapped.</param>
    public static Operation? Find(string method, string pattern) =>
        All.GetValueOrDefault($"{method} {PathOf(pattern)}");

    /// <summary>A path as clients know it: without the constraints of its parameters.</summary>
    public static string PathOf(string pattern) => $"/{Constraint().Replace(pattern, "}").Trim('/')}";

    /// <summary>The values that the example has for the parameters of the path.</summary>
    public IEnumerable<KeyValuePair<string, string>> PathExamples()
    {
        var names = Route.Split(' ')[1].Split('/');
        var values = (At ?? "").Split('?')[0].Split('/');
        return names.Zip(values)
            .Where(part => part.First.StartsWith('{'))
            .Select(part => KeyValuePair.Create(part.First.Trim('{', '}'), part.Second));
    }

    /// <summary>The values that the example has in its query.</summary>
    public IEnumerable<KeyValuePair<string, string>> QueryExamples() =>
        from pair in (At ?? "").Split('?').Skip(1).SelectMany(query => query.Split('&'))
        let parts = pair.Split('=')
        select KeyValuePair.Create(parts[0], Uri.UnescapeDataString(parts[1]));

    [GeneratedRegex(@":[^}]+\}")]
    private static partial Regex Constraint();
}
